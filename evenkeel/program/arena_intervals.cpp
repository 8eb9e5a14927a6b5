#include "evenkeel/program/arena_intervals.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace evenkeel {

ArenaIntervals::ArenaIntervals(int lines)
    : leaves_(std::bit_ceil(static_cast<std::size_t>(std::max(lines, 1)))), nodes_(2 * leaves_) {}

template <class Inside, class Across>
void ArenaIntervals::visit(int first, int last, Inside inside, Across across) const {
  struct Part {
    std::size_t node;
    int first, last;
  };
  std::vector<Part> open = {{1, 0, static_cast<int>(leaves_) - 1}};
  while (!open.empty()) {
    const auto [node, begin, end] = open.back();
    open.pop_back();
    if (end < first || last < begin) continue;
    if (first <= begin && end <= last) {
      inside(node);
      continue;
    }
    across(node);
    const int middle = begin + (end - begin) / 2;
    open.push_back({2 * node, begin, middle});
    open.push_back({2 * node + 1, middle + 1, end});
  }
}

void ArenaIntervals::add(Stretches& stretches, std::int64_t begin, std::int64_t end) {
  auto next = stretches.upper_bound(begin);
  if (next != stretches.begin() && std::prev(next)->second >= begin) begin = std::prev(next)->first, --next;
  while (next != stretches.end() && next->first <= end) {
    end = std::max(end, next->second);
    next = stretches.erase(next);
  }
  stretches.emplace_hint(next, begin, end);
}

void ArenaIntervals::take(std::int64_t offset, std::int64_t bytes, int first, int last) {
  const auto take_any = [&](std::size_t node) { add(nodes_[node].during_any, offset, offset + bytes); };
  const auto take_all = [&](std::size_t node) {
    add(nodes_[node].during_all, offset, offset + bytes);
    take_any(node);
  };
  visit(first, last, take_all, take_any);
}

std::int64_t ArenaIntervals::lowest_gap(std::int64_t bytes, int first, int last) const {
  std::vector<const Stretches*> taken;
  visit(
      first, last, [&](std::size_t node) { taken.push_back(&nodes_[node].during_any); },
      [&](std::size_t node) { taken.push_back(&nodes_[node].during_all); });
  std::int64_t at = 0;
  for (std::size_t agreeing = 0, i = 0; agreeing < taken.size(); i = (i + 1) % taken.size()) {
    ++agreeing;
    // Stretches of one list are apart, but the gap between two of them may be too small.
    const auto after = taken[i]->upper_bound(at);
    auto meets = after != taken[i]->begin() && std::prev(after)->second > at ? std::prev(after) : after;
    for (; meets != taken[i]->end() && meets->first < at + bytes; ++meets) {
      at = meets->second;
      agreeing = 1;
    }
  }
  return at;
}

}  // namespace evenkeel
