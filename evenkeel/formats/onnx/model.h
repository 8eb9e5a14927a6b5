#pragma once

#include <onnx.pb.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "evenkeel/formats/source.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// The message of an ONNX file. Throws Error where it is damaged, hostile (structure.h), or has no graph. Memory: the
/// tensors inside, and a small buffer.
std::unique_ptr<onnx::ModelProto> read_onnx_model(const Source& source);

/// Files beside a model that hold its large tensors.
class OnnxDataFiles {
 public:
  explicit OnnxDataFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Opens the file that a tensor names. Throws Error unless it is a file in the model's folder or below, by a relative
  /// name without "..", whatever links there are on the way.
  const Source& open(const std::string& location, const std::string& where);

 private:
  std::filesystem::path folder_;
  std::map<std::string, Source> opened_;
};

/// The numbers of a tensor, which are taken out of the message. float16 and bfloat16 become float32, bool uint8, small
/// integers int32, and uint32 and uint64 int64 where every value fits. Throws Error (before any memory is allocated)
/// where there are not as many numbers as the tensor's shape has; `where` names the tensor. Without `files`, tensors in
/// other files are errors.
Tensor take_onnx_tensor(onnx::TensorProto& tensor, const std::string& where, OnnxDataFiles* files = nullptr);

/// "FLOAT16", for errors.
std::string onnx_type_name(int data_type);

}  // namespace evenkeel::formats
