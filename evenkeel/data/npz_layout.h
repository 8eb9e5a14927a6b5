#pragma once

#include <optional>
#include <string>
#include <vector>

namespace evenkeel {

/// Two arrays of an .npz file that make a data set.
struct NpzPair {
  std::string split;    ///< "train", "test", "validation"; empty: the file has one set
  std::string samples;  ///< the array's name
  std::string targets;  ///< empty: there are none
};

/// The pairs that the arrays' names make: x and y, or X, images, data, features, inputs, samples with labels, targets,
/// classes; each may have a split in its name, as x_train, train_images or X_val. Capitals do not count. Of several
/// names of one kind the first of these counts. An array without a kind, and targets without samples, are left out.
std::vector<NpzPair> npz_pairs(const std::vector<std::string>& names);

/// "train", "test" or "validation" by any name that it may have ("val"); nothing for other words.
std::optional<std::string> split_named(const std::string& word);

}  // namespace evenkeel
