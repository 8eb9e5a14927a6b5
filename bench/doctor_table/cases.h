#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "patient.h"

namespace evenkeel::table {

/// A network with one defect, and what the doctor must say of it.
struct PlantedCase {
  std::string code;     ///< expected
  std::string planted;  ///< in words
  /// That the finding names: these and no others. Empty: the network as a whole.
  std::set<std::string> layers = {};
  /// Why some of them are enough; empty: all must be named.
  std::string some_suffice_because = {};
  Severity severity = Severity::warning;  ///< or a graver one
  std::string evidence = {};              ///< a fact must speak of; where a code has several rules
  std::string cause = {};                 ///< its sentence must have: the correction of data
  /// Codes of other errors and warnings that are true as well, because of the planted one.
  std::set<std::string> companions = {};
  Recipe recipe = {};
  std::optional<Model> model = {};  ///< in place of the recipe's
  std::function<void(Patient&)> plant = [](Patient&) {};
  /// Where the defect is in how it was trained.
  std::function<Patient(const PlantedCase&)> make = [](const PlantedCase& c) {
    Patient p = patient_of(c.recipe, c.model ? *c.model : model_of(c.recipe));
    c.plant(p);
    return p;
  };
};

// Each returns the cases of its rules.
std::vector<PlantedCase> statistics_cases();
std::vector<PlantedCase> number_cases();
std::vector<PlantedCase> layer_cases();
std::vector<PlantedCase> setting_cases();
std::vector<PlantedCase> graph_cases();
std::vector<PlantedCase> axis_cases();
std::vector<PlantedCase> data_cases();
std::vector<PlantedCase> floor_cases();
std::vector<PlantedCase> transfer_cases();
std::vector<PlantedCase> family_cases();

/// All of these, every third one in bfloat16 where the machine computes with it. Seeds are `shift` away from those of
/// the table: thresholds are looked at with others.
std::vector<PlantedCase> all_cases(std::uint64_t shift);
/// Recipes of networks that are as they should be.
std::vector<Recipe> healthy_recipes(std::uint64_t shift);

/// The names of a recipe's normalizations.
std::set<std::string> normalizations_of(const Recipe& recipe);

/// A model of one's own: [28, 28, 1], with its rescaling.
Sequential chain(const std::string& name);

/// Gives a normalization its initial moving statistics, 0 and 1.
void forget(Patient& patient, const std::string& layer);
/// Moves a normalization's moving means two deviations away, up and down in turn.
void shift_means(Patient& patient, const std::string& layer);
/// Gives a layer the weights that another seed draws.
void draw_anew(Patient& patient, const std::string& layer);
/// Kernels [height, width, inputs, outputs] turned by 180 degrees: those of a true convolution.
void turn_kernels(Patient& patient);

/// Puts a value into the first part of a tensor.
void fill_first(Patient& patient, const std::string& tensor, double share, float value);
/// Multiplies a part of a tensor: elements `first`, `first` + `step`, ...
void scale(Patient& patient, const std::string& tensor, float by, std::size_t first = 0, std::size_t step = 1);

}  // namespace evenkeel::table
