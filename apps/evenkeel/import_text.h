#pragma once

#include <string>

#include "evenkeel/interchange/record.h"
#include "evenkeel/nn/model.h"

namespace evenkeel::app {

/// "onnx file of pytorch 2.15.0, opset 18": what is known of the file.
std::string origin_text(const interchange::Record& record);

/// What was recognised in the file, what it has lost, and the warnings, a line each; empty if there is nothing to say.
std::string import_notes(const interchange::Record& record);

/// "1 normalization keeps momentum 0.9 and epsilon 1e-05", "dropout 0.5 in 2 layers": what can be trained on.
std::string kept_text(const Model& model);

}  // namespace evenkeel::app
