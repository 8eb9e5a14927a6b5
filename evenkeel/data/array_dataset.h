#pragma once

#include <string>
#include <variant>
#include <vector>

#include "evenkeel/data/npz_dataset.h"
#include "evenkeel/formats/npz.h"

namespace evenkeel {

/// A data set of arrays in memory, as load_npz_dataset makes it of a file: the samples of each of the model's inputs,
/// in its order, and their targets, numbers or texts. `name` is the set's, and stands in errors. Arrays that need no
/// conversion are not copied.
Dataset dataset_of(const std::string& name, std::vector<Tensor> samples,
                   std::variant<std::monostate, Tensor, formats::TextArray> targets, const ArrayOptions& options = {});

}  // namespace evenkeel
