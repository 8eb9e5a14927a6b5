#pragma once

#include <optional>
#include <string>

#include "common.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/expectation.h"

namespace evenkeel::app {

/// What stands for MODEL, --weights and --data in the commands that a remedy names.
struct DoctorWords {
  std::string model, weights, data;
};

/// What to do about a finding, as a command; empty where nothing repairs it by itself.
std::string remedy_command(const Finding& finding, const DoctorWords& words);

std::string text_of(const Diagnosis& diagnosis, const DoctorWords& words,
                    const std::optional<Expectation>& expectation = {});
Json json_of(const Diagnosis& diagnosis, const DoctorWords& words, const std::optional<Expectation>& expectation = {});

}  // namespace evenkeel::app
