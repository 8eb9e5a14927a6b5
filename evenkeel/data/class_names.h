#pragma once

#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// Names from a file or of folders, printable. `where` is the file. Throws Error for a name longer than
/// limits::kNameBytes.
std::vector<std::string> checked_class_names(const std::vector<std::string>& names, const std::string& where);

/// The set with its labels mapped by name to the classes of `whose` ("the training data"). A class that the set does
/// not have gets no samples. If one of both has no names, or the names are equal, the set itself; samples are never
/// copied. Throws Error, with the unknown and the missing classes, if samples of the set have a class that `whose` does
/// not have.
Dataset with_classes(const Dataset& dataset, const std::vector<std::string>& names, const std::string& whose);

}  // namespace evenkeel
