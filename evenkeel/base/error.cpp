#include "evenkeel/base/error.h"

#include <utility>

namespace evenkeel {
namespace {

std::string message_of(const Error::Parts& parts) {
  std::string text = parts.where;
  if (!text.empty()) text += ": ";
  if (!parts.expected.empty()) text += "expected " + parts.expected + ", received ";
  text += parts.received;
  if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
  if (!parts.hint.empty()) text += ' ' + parts.hint;
  return text;
}

}  // namespace

Error::Error(Parts parts) : parts_(std::move(parts)), message_(message_of(parts_)) {}

Error Error::inside(const std::string& outer) const {
  Parts parts = parts_;
  parts.where = parts.where.empty() ? outer : outer + ": " + parts.where;
  return Error(std::move(parts));
}

}  // namespace evenkeel
