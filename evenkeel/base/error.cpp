#include "evenkeel/base/error.h"

#include <cerrno>
#include <filesystem>
#include <new>
#include <utility>

#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// A message may quote what a file holds: any bytes, of any length.
std::string quotable(std::string_view text) { return printable(shortened(text, limits::kMessageBytes)); }

std::string message_of(const Error::Parts& parts) {
  std::string text = quotable(parts.where);
  if (!text.empty()) text += ": ";
  if (!parts.expected.empty()) text += "expected " + quotable(parts.expected) + ", received ";
  text += quotable(parts.received);
  if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
  if (!parts.hint.empty()) text += ' ' + quotable(parts.hint);
  return text;
}

}  // namespace

Error::Error(Parts parts) : parts_(std::move(parts)), message_(message_of(parts_)) {}

Error Error::inside(const std::string& outer) const {
  Parts parts = parts_;
  parts.where = parts.where.empty() ? outer : outer + ": " + parts.where;
  return Error(std::move(parts));
}

Error::Kind kind_of_failure(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case ENOTEMPTY:
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
    case EXDEV: return Error::input;
    default: return Error::environment;
  }
}

Error::Kind kind_of_failure(const std::error_code& error) {
  const bool has_errno = error.category() == std::generic_category() || error.category() == std::system_category();
  return has_errno ? kind_of_failure(error.value()) : Error::environment;
}

Error as_error(const std::exception& exception) {
  if (const auto* error = dynamic_cast<const Error*>(&exception)) return *error;
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr)
    return Error{{.kind = Error::environment,
                  .where = "memory",
                  .received = "the system has not enough of it",
                  .hint = "A smaller batch size or a smaller data set needs less."}};
  if (const auto* error = dynamic_cast<const std::filesystem::filesystem_error*>(&exception))
    return Error{{.kind = kind_of_failure(error->code()),
                  .where = error->path1().string(),
                  .received = error->code().message()}};
  const auto* system = dynamic_cast<const std::system_error*>(&exception);
  if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again)
    return Error{{.kind = Error::environment,
                  .where = "threads",
                  .expected = "one more",
                  .received = system->code().message(),
                  .hint = "A limit on processes or memory is reached (ulimit -u, ulimit -v, a container's)."}};
  if (system != nullptr) return Error{{.kind = kind_of_failure(system->code()), .received = system->what()}};
  return Error{{.kind = Error::internal, .received = exception.what()}};
}

}  // namespace evenkeel
