#include "evenkeel/kernels/probe/histogram_reference.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace evenkeel::kernels::reference {

void histogram(std::span<const float> x, Histogram& out) {
  std::vector<double> inner_edges;
  for (int i = 1; i < Histogram::kBins; ++i) inner_edges.push_back(Histogram::edge(i));
  out = {};
  for (const float value : x) {
    if (!std::isfinite(value)) {
      ++out.not_finite;
      continue;
    }
    const double v = value;
    ++out.counts[static_cast<std::size_t>(std::ranges::upper_bound(inner_edges, v) - inner_edges.begin())];
    out.min = out.finite == 0 ? v : std::min(out.min, v);
    out.max = out.finite == 0 ? v : std::max(out.max, v);
    out.sum += v;
    out.sum_of_squares += v * v;
    ++out.finite;
  }
}

}  // namespace evenkeel::kernels::reference
