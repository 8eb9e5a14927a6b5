#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "tests/support/testing.h"

namespace evenkeel {

/// Sets an environment variable, and back again at the end.
class ScopedVariable {
 public:
  ScopedVariable(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    setenv(name_.c_str(), value.c_str(), 1);
  }
  ~ScopedVariable() {
    if (before_)
      setenv(name_.c_str(), before_->c_str(), 1);
    else
      unsetenv(name_.c_str());
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

template <class T>
Tensor tensor_of(Shape shape, std::initializer_list<T> values) {
  return Tensor::of<T>(shape, std::span<const T>(values.begin(), values.size()));
}

/// n samples of one float each: sample i is i, its label i % 3.
inline Dataset counting_dataset(std::int64_t n) {
  Tensor x({n, 1}, DType::float32), y({n}, DType::int32);
  for (std::int64_t i = 0; i < n; ++i) {
    x.as<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i);
    y.as<std::int32_t>()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % 3);
  }
  return Dataset({.name = "counting", .x = std::move(x), .y = std::move(y), .class_names = {}});
}

inline void write_bytes(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

/// An idx file of uint8 elements.
inline void write_idx(const std::filesystem::path& path, const std::vector<std::uint32_t>& sizes,
                      const std::vector<std::uint8_t>& elements) {
  std::vector<std::uint8_t> bytes = {0, 0, 8, static_cast<std::uint8_t>(sizes.size())};
  for (std::uint32_t size : sizes)
    for (int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(size >> shift));
  bytes.insert(bytes.end(), elements.begin(), elements.end());
  write_bytes(path, bytes);
}

}  // namespace evenkeel
