#pragma once

#include <optional>
#include <string>
#include <vector>

namespace evenkeel {

/// Arrays of an .npz file that make a data set.
struct NpzPair {
  std::string split;                   ///< "train", "test", "validation"; empty: the file has one set
  std::string samples;                 ///< the array's name
  std::string targets;                 ///< empty: there are none
  std::vector<std::string> more = {};  ///< the arrays of the other inputs of a sample
};

/// The pairs of samples and targets by the names of arrays. Samples are x, images, data, inputs, features and the like,
/// targets are y, labels, targets, classes and the like (npz_layout.cpp has the lists; earlier names are preferred).
/// Each name may have a split, as in x_train, train_images or X_val. Case does not matter. Other arrays, and targets
/// without samples, are left out. `inputs` are the names of a model's inputs: arrays of these names (with a split:
/// image_train, test_image) are the samples, if all of them are there. Several inputs are found by their names alone.
std::vector<NpzPair> npz_pairs(const std::vector<std::string>& names, const std::vector<std::string>& inputs = {});

/// "train", "test" or "validation" for any of its names ("val"); nothing for other words.
std::optional<std::string> split_named(const std::string& word);

}  // namespace evenkeel
