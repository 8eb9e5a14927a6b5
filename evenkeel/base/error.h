#pragma once

#include <exception>
#include <string>

namespace evenkeel {

/// The one error type: what a person needs to put it right.
///
///     throw Error{{.where = "layer \"dense_2\"", .expected = "input [N, 1024]", .received = "[N, 4, 4, 64]",
///                  .hint = "Put a Flatten before it."}};
///
/// reads: layer "dense_2": expected input [N, 1024], received [N, 4, 4, 64]. Put a Flatten before it.
/// Where there is nothing to compare (an unknown key), `expected` stays empty and `received` is the whole statement.
class Error : public std::exception {
 public:
  struct Parts {
    std::string where = {};     ///< file:line, layer, tensor, flag
    std::string expected = {};  ///< may be empty
    std::string received = {};
    std::string hint = {};  ///< a full sentence; may be empty
  };

  explicit Error(Parts parts);

  const char* what() const noexcept override { return message_.c_str(); }
  const Parts& parts() const noexcept { return parts_; }

  /// The same error seen from further out: `outer` is put before `where`.
  Error inside(const std::string& outer) const;

 private:
  Parts parts_;
  std::string message_;
};

}  // namespace evenkeel
