#include "evenkeel/diagnose/measure/spread_moments.h"

#include "evenkeel/distributed/messages.h"

namespace evenkeel {

LiveMoments merged(Communicator& among, const LiveMoments& own) {
  std::vector<double> numbers = {own.count};
  numbers.insert(numbers.end(), own.mean.begin(), own.mean.end());
  numbers.insert(numbers.end(), own.m2.begin(), own.m2.end());
  const std::vector<double> all = numbers_of_all(among, numbers);
  const std::ptrdiff_t channels = std::ssize(own.mean);
  LiveMoments sum;
  for (auto at = all.begin(); at != all.end(); at += std::ssize(numbers)) {
    const auto mean = at + 1, m2 = mean + channels;
    if (*at > 0) sum.add({.count = *at, .mean = {mean, m2}, .m2 = {m2, m2 + channels}});
  }
  return sum;
}

}  // namespace evenkeel
