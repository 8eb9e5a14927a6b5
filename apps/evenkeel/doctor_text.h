#pragma once

#include <optional>
#include <string>

#include "common.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/expectation.h"

namespace evenkeel::app {

/// What the commands that a remedy names say: as the user called things.
struct DoctorWords {
  std::string model, weights;
  std::string data;        ///< that statistics are to be taken from
  std::string validation;  ///< that scores are to be measured on; empty: on the same
  std::string flags;       ///< others that had to be given, ready to paste: " --loss mse"
};

/// What to do about a finding, as a command; empty where nothing repairs it by itself.
std::string remedy_command(const Finding& finding, const DoctorWords& words);

std::string text_of(const Diagnosis& diagnosis, const DoctorWords& words,
                    const std::optional<Expectation>& expectation = {});
Json json_of(const Diagnosis& diagnosis, const DoctorWords& words, const std::optional<Expectation>& expectation = {});

}  // namespace evenkeel::app
