#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

namespace onnx {
class ModelProto;
}

/// A tensor of a model file whose elements are made when they are written, so that only one is in memory at a time.
struct StreamedTensor {
  std::string name;
  Shape shape;
  DType dtype = DType::float32;  ///< float32 or int64; uint8 is written as BOOL
  std::function<Tensor()> elements;
};

/// Writes an ONNX model atomically: `model`, whose graph has no initializers of its own, with these. The same bytes for
/// the same model. Throws Error where the file cannot be written, or would have 2 GB or more, which protobuf cannot
/// read.
void write_onnx(const std::filesystem::path& path, const onnx::ModelProto& model,
                const std::vector<StreamedTensor>& initializers);

}  // namespace evenkeel::formats
