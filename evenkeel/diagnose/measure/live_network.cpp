#include "evenkeel/diagnose/measure/live_network.h"

#include <algorithm>
#include <cmath>

namespace evenkeel {

void LiveMoments::add(const LiveMoments& other) {
  if (other.count <= 0) return;
  if (count <= 0) {
    *this = other;
    return;
  }
  const double all = count + other.count;
  for (std::size_t c = 0; c < mean.size() && c < other.mean.size(); ++c) {
    const double apart = other.mean[c] - mean[c];
    mean[c] += apart * other.count / all;
    m2[c] += other.m2[c] + apart * apart * count * other.count / all;
  }
  count = all;
}

void LiveSignal::add(const LiveSignal& other) {
  if (moments.count <= 0) {
    *this = other;
    return;
  }
  moments.add(other.moments);
  // NaN stays.
  for (std::size_t c = 0; c < smallest.size() && c < other.smallest.size(); ++c) {
    if (!(other.smallest[c] >= smallest[c]) && !std::isnan(smallest[c])) smallest[c] = other.smallest[c];
    if (!(other.largest[c] <= largest[c]) && !std::isnan(largest[c])) largest[c] = other.largest[c];
  }
}

}  // namespace evenkeel
