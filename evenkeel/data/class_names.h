#pragma once

#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// The set with its labels mapped by name onto the classes that `whose` ("the training data") has: one that the set
/// lacks has no samples in it. Where one of both has no names, or they are the same, the set itself; samples are never
/// copied. Throws Error, with the unknown and the absent classes, where samples of the set have another class.
Dataset with_classes(const Dataset& dataset, const std::vector<std::string>& names, const std::string& whose);

}  // namespace evenkeel
