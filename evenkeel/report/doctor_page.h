#pragma once

#include <functional>
#include <string>

#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/report/page.h"

namespace evenkeel {

/// A diagnosis as a page: the verdict, the four cells, the findings with their remedies, the way from training mode to
/// evaluation mode as a waterfall, and what every normalization reads in either mode. `command` gives the remedy of a
/// finding as a command line, empty where there is none.
Report doctor_page(const Diagnosis& diagnosis, const Model& model,
                   const std::function<std::string(const Finding&)>& command);

/// The diagnosis in one or two sentences.
std::string doctor_answer(const Diagnosis& diagnosis);

}  // namespace evenkeel
