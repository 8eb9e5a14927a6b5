#pragma once

#include <vector>

#include "evenkeel/formats/hdf5.h"

// What calls the library, in the process of its own.

namespace evenkeel::formats::hdf5 {

/// The structure of a file, as decode_hdf5 reads it; the bytes of what is written. Throw Error.
Bytes listing(BytesView file);
Bytes written(const std::vector<Hdf5Entry>& entries);

/// Sizes and texts, one after the other: how a listing travels from one process to the other.
class Packing {
 public:
  void number(std::uint64_t value) { append_little(bytes_, value); }
  void text(std::string_view text) {
    number(text.size());
    append(bytes_, view_of(text));
  }
  void raw(BytesView more) { append(bytes_, more); }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

}  // namespace evenkeel::formats::hdf5
