#pragma once

// What the fuzz targets share. A target gives a reader bytes of any kind: it must read them or throw Error.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/tensor/tensor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace evenkeel::fuzz {

/// What holds for every input; otherwise the fuzzer reports the input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Whether the reader read the bytes. A fault of ours is no refusal: it escapes as any other exception does.
template <class Read>
bool accepts(Read&& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    if (error.kind() == Error::internal) throw;
    return false;
  }
}

inline formats::BytesView bytes_of(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}
inline std::string_view text_of(formats::BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline bool equal(TensorView a, TensorView b) {
  return a.shape == b.shape && a.dtype == b.dtype && std::equal(a.data, a.data + a.bytes(), b.data);
}

/// The parts of an input for a reader of several things. What is left after the last part is empty.
class Parts {
 public:
  Parts(const std::uint8_t* data, std::size_t size) : rest_(bytes_of(data, size)) {}

  /// The next byte; 0 at the end.
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return first;
  }
  /// The bytes until the next byte `end`, which is dropped.
  std::string_view until(char end) {
    const std::string_view all = text_of(rest_);
    const std::string_view part = all.substr(0, all.find(end));
    rest_ = rest_.subspan(std::min(rest_.size(), part.size() + 1));
    return part;
  }
  /// As many bytes as the next two say, or fewer at the end.
  formats::BytesView counted() {
    const std::size_t low = byte(), high = byte(), size = std::min(rest_.size(), low + 256 * high);
    const formats::BytesView part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }
  formats::BytesView rest() const { return rest_; }

 private:
  formats::BytesView rest_;
};

/// A folder of this process, for readers of files; removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "evenkeel-fuzz-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  /// Writes a file; returns its path. Not atomically: thousands of files a second are not to be synced.
  std::filesystem::path write(const std::string& name, formats::BytesView bytes) const {
    const std::filesystem::path path = path_ / name;
    std::FILE* file = std::fopen(path.c_str(), "wb");
    require(file && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
    require(std::fclose(file) == 0);
    return path;
  }
  std::filesystem::path write(const std::string& name, std::string_view text) const {
    return write(name, formats::view_of(text));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace evenkeel::fuzz
