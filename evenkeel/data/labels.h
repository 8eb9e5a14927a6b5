#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// The class of each sample: integer labels, the ones of one-hot targets, or one column of zeros and ones. Empty where
/// the targets are none of these.
std::vector<std::int32_t> class_labels(const Dataset& dataset);

/// What the labels of a set without class names would need to be 0 to K - 1 (label_proposal); empty where they are
/// that.
std::string proposed_mapping(const Dataset& dataset);

/// Every class is one block of samples, as files are that were written class by class. Never of fewer than two
/// classes, or where most classes have one sample.
bool is_sorted_by_class(const Dataset& dataset);

/// A class that one of two sets has no sample of.
struct MissingClass {
  std::int64_t label = 0;
  std::int64_t samples = 0;  ///< in the other set
  double chance = 0;         ///< that a random split of both sets together leaves the class out
};

/// The classes of two sets, such as those of training and of validation.
struct LabelComparison {
  std::vector<std::int64_t> first, second;     ///< samples of each class; empty where a set has no classes
  std::vector<MissingClass> missing_in_first;  ///< by label, as those in the second
  std::vector<MissingClass> missing_in_second;
  double distance = 0;  ///< of the classes' shares: 0 where they are equal, 1 where no class is in both sets
  /// How far the difference exceeds that of a random split, in standard deviations (chi-squared, by Wilson and
  /// Hilferty's approximation). Below 3 it is chance.
  double deviations = 0;

  /// The shares differ by much, and not by chance.
  bool differ() const { return distance >= 0.25 && deviations >= 6; }
};

LabelComparison compare_labels(const Dataset& first, const Dataset& second);

/// Those that chance does not explain: a random split would leave them out less than once in a thousand times.
std::vector<MissingClass> beyond_chance(const std::vector<MissingClass>& missing);

/// "3, 4 (\"cat\"), 7": at most `most`, then how many more there are.
std::string class_list(const std::vector<MissingClass>& classes, const std::vector<std::string>& names, int most = 10);

}  // namespace evenkeel
