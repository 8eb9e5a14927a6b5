#pragma once

#include "evenkeel/formats/source.h"

namespace evenkeel::formats {

/// Looks through the fields of an ONNX file without keeping any: throws Error where the file is cut short, nested too
/// deep, no such message, or made of more parts than a network has. What passes can be parsed in memory that its size
/// explains.
void check_onnx_structure(const Source& source);

}  // namespace evenkeel::formats
