#pragma once

#include <exception>
#include <string>
#include <system_error>

namespace evenkeel {

/// The one error type: it holds what a person needs to correct the error.
///
///     throw Error{{.where = "layer \"dense_2\"", .expected = "input [N, 1024]", .received = "[N, 4, 4, 64]",
///                  .hint = "Put a Flatten before it."}};
///
/// reads: layer "dense_2": expected input [N, 1024], received [N, 4, 4, 64]. Put a Flatten before it. Where there is
/// nothing to compare (such as an unknown key), `expected` stays empty and `received` is the whole message.
class Error : public std::exception {
 public:
  /// Who can correct it: Error::input, ... The program has an exit code for each (docs/exit-codes.md).
  enum Kind : int {
    input,        ///< the user: a wrong file, flag, shape or value
    environment,  ///< whoever looks after the machine: disk, memory, permission, network, limits
    unsupported,  ///< nobody today: the request makes sense, but this version or this processor cannot do it
    internal,     ///< the authors: a fault of Evenkeel
  };

  struct Parts {
    Kind kind = input;
    std::string where = {};     ///< file:line, layer, tensor, flag
    std::string expected = {};  ///< may be empty
    std::string received = {};
    std::string hint = {};  ///< a full sentence; may be empty
  };

  explicit Error(Parts parts);

  const char* what() const noexcept override { return message_.c_str(); }
  Kind kind() const noexcept { return parts_.kind; }
  const Parts& parts() const noexcept { return parts_; }

  /// The same error with more context: `outer` is put before `where`.
  Error inside(const std::string& outer) const;

 private:
  Parts parts_;
  std::string message_;
};

/// The kind of a system error, from its errno: input where the name is wrong (nothing has it, or it is a folder where a
/// file is needed, or the reverse), environment for everything else (no room, no permission, a device that fails, a
/// limit).
Error::Kind kind_of_failure(int error);
Error::Kind kind_of_failure(const std::error_code& error);

/// Any exception as an Error. An Error stays as it is. Of the standard library's exceptions, bad_alloc and system
/// errors get their kind; everything else is internal.
Error as_error(const std::exception& exception);

}  // namespace evenkeel
