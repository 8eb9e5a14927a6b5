#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::formats {

/// The header of a .npy file.
struct NpyHeader {
  std::string descr;  ///< "<f4"; "structured" where it is a list of fields
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

/// Reads the Python dictionary that numpy writes: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } Throws
/// Error at `where` for anything else: every key must be there exactly once.
NpyHeader parse_npy_header(std::string_view text, const std::string& where);

}  // namespace evenkeel::formats
