#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "evenkeel/formats/source.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// An element type of a file, and the type that a Tensor holds it as.
struct ElementType {
  std::string_view npy;          ///< "f4", numpy's code without the byte order
  std::string_view safetensors;  ///< "F32"; empty if that format lacks it
  std::size_t size = 0;          ///< bytes in the file
  DType dtype = DType::float32;
  /// Converts `count` elements; false where a value does not fit. nullptr: the bytes are the same.
  bool (*widen)(const std::byte* from, std::size_t count, std::byte* to) = nullptr;
};

/// nullptr for a type that no Tensor can hold.
const ElementType* find_npy_element(std::string_view code);
const ElementType* find_safetensors_element(std::string_view name);
/// The type that a tensor is written as.
const ElementType& element_of(DType dtype);

/// All that is left in `in`, which must be exactly the elements of `shape`, little-endian. Otherwise throws Error,
/// before it allocates memory.
Tensor read_elements(Reader& in, const Shape& shape, const ElementType& type);

/// Shape(sizes), with `where` in its errors.
Shape make_shape(std::span<const std::int64_t> sizes, const std::string& where);

}  // namespace evenkeel::formats
