#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// How the labels of a file become classes 0, 1, 2, ...
enum class LabelMapping {
  none,        ///< they are numbers from 0 on
  from_one,    ///< "from-1": numbers from 1 on; each becomes one less
  contiguous,  ///< "contiguous": the numbers that occur, in rising order
  names,       ///< "names": the texts that occur, in alphabetical order, numbers by value
};

/// The names of all mappings.
const std::vector<std::string>& label_mapping_names();
/// The mapping of that name; `none` for an empty one. Throws Error, which lists the known names.
LabelMapping label_mapping_named(const std::string& name);

struct MappedLabels {
  Tensor labels;                         ///< int32 [N]
  std::vector<std::string> class_names;  ///< the labels before the mapping; empty without a mapping
};

/// Maps labels to classes. Throws Error, at `where` and with the mapping that helps, if a label has no class.
MappedLabels map_labels(const std::string& where, std::span<const std::int64_t> labels, LabelMapping mapping);
MappedLabels map_labels(const std::string& where, const std::vector<std::string>& labels, LabelMapping mapping);

/// A hint on labels that are not 0, 1, 2, ...: "Labels are 1 to 10: --labels from-1 maps them to 0 to 9." Empty if they
/// are 0 to K - 1 and all occur.
std::string label_proposal(std::span<const std::int64_t> labels);

}  // namespace evenkeel
