#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "patient.h"

namespace evenkeel::table {

/// A network with one defect, and what the doctor should say of it.
struct PlantedCase {
  std::string code;                       ///< expected
  std::string planted;                    ///< in words
  std::string layer = {};                 ///< that the finding must name; empty: any, or none
  std::set<std::string> acceptable = {};  ///< other findings that are true as well
  Recipe recipe = {};
  std::function<Patient(const Recipe&)> make = [](const Recipe& r) { return patient_of(r); };
};

// Each returns the cases of its rules.
std::vector<PlantedCase> statistics_cases();
std::vector<PlantedCase> number_cases();
std::vector<PlantedCase> layer_cases();
std::vector<PlantedCase> setting_cases();
std::vector<PlantedCase> axis_cases();
std::vector<PlantedCase> data_cases();

std::vector<PlantedCase> all_cases();
/// Recipes of networks that are as they should be.
std::vector<Recipe> healthy_recipes();

}  // namespace evenkeel::table
