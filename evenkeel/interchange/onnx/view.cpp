#include "evenkeel/interchange/onnx/view.h"

#include <algorithm>
#include <numeric>

#include "evenkeel/interchange/onnx/operands.h"

namespace evenkeel::interchange::onnx {
namespace {

Sizes picked(const Sizes& sizes, const std::vector<int>& order) {
  Sizes result;
  for (const int axis : order) result.push_back(sizes[static_cast<std::size_t>(axis)]);
  return result;
}

/// The factors that the axes of two shapes of one size split into together, outermost first.
std::optional<Sizes> common_factors(const Sizes& a, const Sizes& b) {
  Sizes factors;
  std::size_t i = 0, j = 0;
  std::int64_t m = 1, n = 1;
  while (true) {
    while (m == 1 && i < a.size()) m = a[i++];
    while (n == 1 && j < b.size()) n = b[j++];
    if (m == 1 && n == 1) return factors;
    const std::int64_t factor = std::min(m, n);
    if (factor == 1 || m % factor != 0 || n % factor != 0) return {};
    factors.push_back(factor);
    m /= factor;
    n /= factor;
  }
}

}  // namespace

std::vector<int> in_order(std::size_t count) {
  std::vector<int> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

View view_of_layer(std::string layer, const Sizes& foreign, std::vector<int> order) {
  if (order.empty()) order = in_order(foreign.size());
  View view{.layer = std::move(layer), .ours = picked(foreign, order), .foreign = foreign};
  std::vector<int> place(foreign.size(), -1);
  for (std::size_t i = 0; i < foreign.size(); ++i)
    if (foreign[i] != 1) {
      place[i] = static_cast<int>(view.seen.size());
      view.seen.push_back(foreign[i]);
    }
  for (const int axis : order)
    if (place[static_cast<std::size_t>(axis)] >= 0) view.axes.push_back(place[static_cast<std::size_t>(axis)]);
  if (view.ours.empty()) view.ours = {1};
  return view;
}

std::optional<View> reshaped(const View& view, const Sizes& foreign) {
  const auto factors = common_factors(view.seen, foreign);
  if (!factors) return {};
  // Each axis of the old `seen` is a run of the factors.
  std::vector<std::vector<int>> runs;
  std::size_t at = 0;
  for (const std::int64_t size : view.seen) {
    std::vector<int> run;
    for (std::int64_t have = 1; have < size; have *= (*factors)[at++]) run.push_back(static_cast<int>(at));
    runs.push_back(std::move(run));
  }
  View result{.layer = view.layer, .ours = view.ours, .foreign = foreign, .seen = *factors, .pending = view.pending};
  for (const int axis : view.axes)
    for (const int factor : runs[static_cast<std::size_t>(axis)]) result.axes.push_back(factor);
  return result;
}

std::vector<std::vector<int>> factors_of(const View& view) {
  std::vector<std::vector<int>> all;
  std::size_t at = 0;
  for (const std::int64_t size : view.foreign) {
    all.emplace_back();
    for (std::int64_t have = 1; have < size; have *= view.seen[at++]) all.back().push_back(static_cast<int>(at));
  }
  return all;
}

std::vector<int> seen_order(const View& view, const std::vector<int>& order) {
  const auto factors = factors_of(view);
  std::vector<int> all;
  for (const int axis : order)
    for (const int factor : factors[static_cast<std::size_t>(axis)]) all.push_back(factor);
  return all;
}

View transposed(const View& view, const std::vector<int>& order) {
  const std::vector<int> moved = seen_order(view, order);
  std::vector<int> place(moved.size());
  for (std::size_t i = 0; i < moved.size(); ++i) place[static_cast<std::size_t>(moved[i])] = static_cast<int>(i);
  View result{.layer = view.layer,
              .ours = view.ours,
              .foreign = picked(view.foreign, order),
              .seen = picked(view.seen, moved),
              .pending = view.pending};
  for (const int axis : view.axes) result.axes.push_back(place[static_cast<std::size_t>(axis)]);
  return result;
}

bool lies_in_order(const View& view, const std::vector<int>& order) { return view.axes == seen_order(view, order); }

bool is_innermost(const View& view, int axis) {
  const std::vector<int> factors = factors_of(view)[static_cast<std::size_t>(axis)];
  const std::span<const int> inner = std::span(view.axes).last(factors.size());
  return std::ranges::all_of(factors, [&](int factor) { return std::ranges::find(inner, factor) != inner.end(); });
}

Permutation permutation_to(const View& view, const std::vector<int>& wanted) {
  // Runs of axes that stay neighbours are one axis.
  std::vector<std::vector<int>> runs;
  for (const int axis : wanted) {
    const auto here = std::ranges::find(view.axes, axis);
    const bool follows = !runs.empty() && here != view.axes.begin() && *std::prev(here) == runs.back().back();
    if (!follows) runs.emplace_back();
    runs.back().push_back(axis);
  }
  std::vector<int> by_place = in_order(runs.size());
  const auto place = [&](int run) {
    return std::ranges::find(view.axes, runs[static_cast<std::size_t>(run)].front()) - view.axes.begin();
  };
  std::ranges::sort(by_place, {}, place);
  Permutation result{.shape = {}, .dims = std::vector<int>(runs.size())};
  for (std::size_t i = 0; i < by_place.size(); ++i) {
    std::int64_t size = 1;
    for (const int axis : runs[static_cast<std::size_t>(by_place[i])])
      size *= view.seen[static_cast<std::size_t>(axis)];
    result.shape.push_back(size);
    result.dims[static_cast<std::size_t>(by_place[i])] = static_cast<int>(i);
  }
  return result;
}

VectorView vector_view(const View& view, int axis) {
  const std::vector<int> factors = factors_of(view)[static_cast<std::size_t>(axis)];
  VectorView result;
  for (const int factor : factors) result.seen.push_back(view.seen[static_cast<std::size_t>(factor)]);
  for (const int own : view.axes)
    if (const auto found = std::ranges::find(factors, own); found != factors.end())
      result.axes.push_back(static_cast<int>(found - factors.begin()));
  if (result.axes == in_order(result.axes.size())) return {};
  return result;
}

}  // namespace evenkeel::interchange::onnx
