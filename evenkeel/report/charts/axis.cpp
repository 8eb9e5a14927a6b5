#include "evenkeel/report/charts/axis.h"

#include <cmath>

namespace evenkeel {
namespace {

std::vector<double> linear_ticks(double low, double high) {
  const double rough = (high - low) / 5, power = std::pow(10.0, std::floor(std::log10(rough)));
  const double leading = rough / power;
  const double step = power * (leading < 1.5 ? 1 : leading < 3 ? 2 : leading < 7.5 ? 5 : 10);
  std::vector<double> ticks;
  for (double n = std::ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; ++n)
    ticks.push_back(n == 0 ? 0 : n * step);
  return ticks;
}

/// `low` and `high` are powers of ten.
constexpr double kShortLog = 0.7;  ///< decades: if fewer, ticks at 1, 2 and 5 are too few

std::vector<double> log_ticks(double low, double high) {
  const double every = std::max(1.0, std::ceil((high - low) / 8));
  std::vector<double> ticks;
  for (int i = 0; std::floor(low) + i * every <= high; ++i)
    for (const double leading : {1.0, 2.0, 5.0}) {
      if (leading > 1 && high - low > 2.5) break;
      const double tick = leading * std::pow(10.0, std::floor(low) + i * every);
      if (std::log10(tick) >= low - 1e-9 && std::log10(tick) <= high + 1e-9) ticks.push_back(tick);
    }
  return ticks.size() < 2 ? std::vector{std::pow(10.0, low), std::pow(10.0, high)} : ticks;
}

}  // namespace

Axis::Axis(ValueRange values, bool log, Room room) : log_(log) {
  if (values.empty()) {
    values.add(log ? 0.1 : 0);
    values.add(1);
  }
  low_ = log ? std::log10(values.low) : values.low;
  high_ = log ? std::log10(values.high) : values.high;
  if (high_ - low_ <= 1e-12 * std::max(std::abs(low_), std::abs(high_))) {
    const double around = log ? 0.5 : std::max(0.5 * std::abs(low_), 1e-3);
    low_ -= around;
    high_ += around;
  }
  const double free = room == Room::none ? 0 : 0.04 * (high_ - low_);
  constexpr double kNear = 0.3, kReadable = 0.85;  // of the highest value
  const double begin = room == Room::from_zero_if_near ? kNear : room == Room::from_zero_if_readable ? kReadable : 0;
  const bool from_zero = !log && low_ >= 0 && low_ < begin * high_;
  low_ = from_zero ? 0 : low_ - free;
  high_ += free;
  if (!log)
    ticks_ = linear_ticks(low_, high_);
  else if (high_ - low_ < kShortLog)
    ticks_ = linear_ticks(std::pow(10.0, low_), std::pow(10.0, high_));
  else
    ticks_ = log_ticks(low_, high_);
}

double Axis::position(double value) const { return ((log_ ? std::log10(value) : value) - low_) / (high_ - low_); }

}  // namespace evenkeel
