#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace evenkeel {

/// Which bytes of an arena are taken during which lines. A tree over the lines: each node knows what is taken during
/// all of its lines and during at least one of them, as stretches that are joined where they touch. So the values of a
/// deep network, all alive at once, are one stretch and not a list to walk.
class ArenaIntervals {
 public:
  explicit ArenaIntervals(int lines);

  /// The lowest offset of so many bytes that are free during the lines [first, last].
  std::int64_t lowest_gap(std::int64_t bytes, int first, int last) const;
  void take(std::int64_t offset, std::int64_t bytes, int first, int last);

 private:
  using Stretches = std::map<std::int64_t, std::int64_t>;  ///< end by beginning
  struct Node {
    Stretches during_all, during_any;
  };

  /// Calls for the nodes that meet the lines: `inside(node)` where the lines are all of the node's, else
  /// `across(node)`, and then goes on below it.
  template <class Inside, class Across>
  void visit(int first, int last, Inside inside, Across across) const;
  static void add(Stretches& stretches, std::int64_t begin, std::int64_t end);

  std::size_t leaves_ = 1;
  std::vector<Node> nodes_;  ///< a heap: the children of i are 2 i and 2 i + 1
};

}  // namespace evenkeel
