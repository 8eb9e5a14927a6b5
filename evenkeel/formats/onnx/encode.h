#pragma once

#include <optional>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// The bytes of a TensorProto, and what they say.
struct EncodedTensor {
  std::string name;
  int data_type = 0;
  bool is_external = false;
  std::string location = {};  ///< of an external one: the file
  BytesView content;
};

/// Reads the fields that EncodedTensor has. `where` names the file in errors.
EncodedTensor look_at_onnx_tensor(BytesView content, const std::string& where);

/// The numbers as raw_data of this type has them: FLOAT, FLOAT16, BFLOAT16 or DOUBLE, rounded to the nearest. Nothing
/// for other types.
std::optional<std::string> onnx_raw_data(TensorView numbers, int data_type);

/// The message with other numbers (float32, as many as it has) in the form that they had: raw_data or the field of
/// their type. Those that were in another file come into the message. All other bytes stay as they are.
std::string with_numbers(const EncodedTensor& tensor, TensorView numbers, const std::string& where);

}  // namespace evenkeel::formats
