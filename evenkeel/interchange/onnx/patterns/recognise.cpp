#include "evenkeel/interchange/onnx/patterns.h"

namespace evenkeel::interchange::onnx {

void recognise(Graph&, Record&) {}

}  // namespace evenkeel::interchange::onnx
