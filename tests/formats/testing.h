#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/formats/file.h"
#include "evenkeel/tensor/tensor.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/testing.h"

namespace evenkeel::formats {

using evenkeel::FileSizeLimit;

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(EVENKEEL_SOURCE_DIR) / "tests/formats/fixtures" / name;
}

inline Bytes bytes_of(std::string_view text) {
  Bytes bytes;
  append(bytes, view_of(text));
  return bytes;
}

inline std::string text_of(BytesView bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

template <class T>
Bytes joined(std::initializer_list<T> parts) {
  Bytes bytes;
  for (const T& part : parts) append(bytes, part);
  return bytes;
}

/// The kind of the Error that the action throws.
template <class Action>
Error::Kind kind_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no Error";
  return Error::internal;
}

template <class T>
std::vector<T> values(const Tensor& tensor) {
  const auto span = tensor.as<T>();
  return {span.begin(), span.end()};
}

/// What make_fixtures.py calls FLOATS and LABELS.
inline Tensor fixture_floats() {
  Tensor floats({2, 3, 4}, DType::float32);
  for (std::size_t i = 0; i < 24; ++i) floats.as<float>()[i] = static_cast<float>(i) / 4 - 2;
  return floats;
}
inline Tensor fixture_labels() { return Tensor::of<std::int64_t>({5}, std::vector<std::int64_t>{-1, 0, 1, 2, 3}); }

inline void expect_equal(TensorView a, TensorView b) {
  ASSERT_EQ(a.shape, b.shape);
  ASSERT_EQ(a.dtype, b.dtype);
  EXPECT_TRUE(std::equal(a.data, a.data + a.bytes(), b.data));
}

}  // namespace evenkeel::formats
