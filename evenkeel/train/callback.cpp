#include "evenkeel/train/callback.h"

#include <fmt/format.h>

#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"

namespace evenkeel {

std::int64_t CallbackState::count(const std::string& name) const {
  const auto found = numbers.find(name);
  if (found != numbers.end() && found->second >= 0 && found->second <= static_cast<double>(limits::kSteps) &&
      std::trunc(found->second) == found->second)
    return static_cast<std::int64_t>(found->second);
  throw Error{{.where = fmt::format("checkpoint: \"{}\" of a callback", name),
               .expected = fmt::format("a whole number from 0 to {}", limits::kSteps),
               .received = found == numbers.end() ? "none" : fmt::format("{}", found->second)}};
}

}  // namespace evenkeel
