#pragma once

#include <filesystem>
#include <string>

namespace evenkeel::formats {

/// A file's checksum, in the form in which it is published.
struct Checksum {
  enum class Kind { md5, sha256 };
  Kind kind = Kind::sha256;
  std::string hex;  ///< lower case

  bool operator==(const Checksum&) const = default;
};

/// "sha256 c4a38c50..."
std::string to_string(const Checksum& checksum);

/// Reads the whole file, piece by piece. Throws Error where it cannot be read.
Checksum checksum_of(const std::filesystem::path& file, Checksum::Kind kind);

}  // namespace evenkeel::formats
