#include "evenkeel/report/page/fold.h"

#include <algorithm>

namespace evenkeel {
namespace {

constexpr std::size_t kLongest = 8, kFewest = 3;

std::size_t times_in(std::span<const std::string> names, std::size_t length) {
  std::size_t times = 1;
  while ((times + 1) * length <= names.size() &&
         std::ranges::equal(names.subspan(times * length, length), names.first(length)))
    ++times;
  return times;
}

}  // namespace

std::vector<Fold> fold(std::span<const std::string> names) {
  std::vector<Fold> folds;
  for (std::size_t i = 0; i < names.size(); i = folds.back().end()) {
    Fold best{.begin = i};
    for (std::size_t length = 1; length <= std::min(kLongest, (names.size() - i) / kFewest); ++length) {
      const Fold found{.begin = i, .length = length, .times = times_in(names.subspan(i), length)};
      if (found.times >= kFewest && found.end() > best.end()) best = found;
    }
    folds.push_back(best);
  }
  return folds;
}

}  // namespace evenkeel
