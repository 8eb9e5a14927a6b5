#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// The class of each sample, from integer labels, one-hot targets, or one column of zeros and ones. Empty if targets
/// are none of these.
std::vector<std::int32_t> class_labels(const Dataset& dataset);

/// What the labels of a set without class names would need to be 0 to K - 1 (label_proposal); empty where they are
/// that.
std::string proposed_mapping(const Dataset& dataset);

/// Whether the samples of every class are consecutive, as in files that are written class by class. False for fewer
/// than two classes, and if most classes have one sample.
bool is_sorted_by_class(const Dataset& dataset);

/// A class that has no sample in one of two sets.
struct MissingClass {
  std::int64_t label = 0;
  std::int64_t samples = 0;  ///< in the other set
  double chance = 0;         ///< probability that a random split of both sets together leaves the class out
};

/// The classes of two sets, such as those of training and of validation.
struct LabelComparison {
  std::vector<std::int64_t> first, second;     ///< samples of each class; empty if a set has no classes
  std::vector<MissingClass> missing_in_first;  ///< by label, as those in the second
  std::vector<MissingClass> missing_in_second;
  double distance = 0;  ///< of the classes' shares: 0 if they are equal, 1 if no class is in both sets
  /// By how many standard deviations the difference exceeds that of a random split (chi-squared, by Wilson and
  /// Hilferty's approximation). Below 3 it is chance.
  double deviations = 0;

  /// Whether the shares differ by much, and not by chance.
  bool differ() const { return distance >= 0.25 && deviations >= 6; }
};

LabelComparison compare_labels(const Dataset& first, const Dataset& second);

/// The missing classes that chance does not explain: a random split would leave them out less than once in a thousand
/// times.
std::vector<MissingClass> beyond_chance(const std::vector<MissingClass>& missing);

/// "3, 4 (\"cat\"), 7": at most `most`, then how many more there are.
std::string class_list(const std::vector<std::int64_t>& labels, const std::vector<std::string>& names, int most = 10);
std::string class_list(const std::vector<MissingClass>& classes, const std::vector<std::string>& names, int most = 10);

}  // namespace evenkeel
