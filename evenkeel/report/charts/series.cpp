#include "evenkeel/report/charts/series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace evenkeel {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool can_be_drawn(double value, bool log) { return std::isfinite(value) && (!log || value > 0); }

/// The trace's points by rising x, one per x, without those whose x cannot be drawn; a y that cannot be drawn is NaN.
Trace tidy(const Trace& trace, const SeriesOptions& options) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < std::min(trace.x.size(), trace.y.size()); ++i)
    if (can_be_drawn(trace.x[i], options.log_x)) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return trace.x[i]; });
  Trace tidied{.label = trace.label};
  for (const std::size_t i : order) {
    const double y = can_be_drawn(trace.y[i], options.log_y) ? trace.y[i] : kNone;
    if (!tidied.x.empty() && tidied.x.back() == trace.x[i]) {
      tidied.y.back() = y;
      continue;
    }
    tidied.x.push_back(trace.x[i]);
    tidied.y.push_back(y);
  }
  return tidied;
}

std::vector<double> all_x(const std::vector<Trace>& traces) {
  std::vector<double> all;
  for (const Trace& trace : traces) {
    if (trace.x == all) continue;
    std::vector<double> both;
    std::ranges::set_union(all, trace.x, std::back_inserter(both));
    all = std::move(both);
  }
  return all;
}

/// The trace's y at each of `x`, which contains all x of the trace.
std::vector<double> values_at(const std::vector<double>& x, const Trace& trace) {
  if (x.size() == trace.x.size()) return trace.y;
  std::vector<double> values(x.size(), kNone);
  std::size_t next = 0;  // the first of the trace's points that is not before x
  for (std::size_t i = 0; i < x.size(); ++i) {
    while (next < trace.x.size() && trace.x[next] < x[i]) ++next;
    if (next == trace.x.size()) break;
    if (trace.x[next] == x[i])
      values[i] = trace.y[next];
    else if (next > 0)
      values[i] =
          std::lerp(trace.y[next - 1], trace.y[next], (x[i] - trace.x[next - 1]) / (trace.x[next] - trace.x[next - 1]));
  }
  return values;
}

void summarize(DrawnSeries& series) {
  for (std::size_t i = 0; i < series.size(); ++i) {
    ValueRange extent;
    double sum = 0;
    int n = 0;
    for (const auto& trace : series.traces)
      if (std::isfinite(trace[i])) {
        extent.add(trace[i]);
        sum += trace[i];
        ++n;
      }
    series.mean.push_back(n > 0 ? sum / n : kNone);
    series.low.push_back(n > 0 ? extent.low : kNone);
    series.high.push_back(n > 0 ? extent.high : kNone);
  }
}

/// The points of a bucket, [begin, end), that must be seen.
void keep_peaks(const DrawnSeries& series, std::size_t begin, std::size_t end, std::vector<std::size_t>& kept) {
  std::vector<std::size_t> peaks;
  for (const auto* values : {&series.mean, &series.low, &series.high}) {
    std::size_t lowest = end, highest = end;
    for (std::size_t i = begin; i < end; ++i) {
      if (std::isnan((*values)[i])) continue;
      if (lowest == end || (*values)[i] < (*values)[lowest]) lowest = i;
      if (highest == end || (*values)[i] > (*values)[highest]) highest = i;
    }
    peaks.insert(peaks.end(), {lowest, highest});
    if (series.traces.size() < 2) break;
  }
  for (std::size_t i = begin; i < end; ++i)
    if (std::isnan(series.mean[i])) {
      peaks.push_back(i);
      break;
    }
  std::ranges::sort(peaks);
  for (const std::size_t i : peaks)
    if (i < end && (kept.empty() || kept.back() < i)) kept.push_back(i);
}

std::vector<std::size_t> points_to_draw(const DrawnSeries& series, const SeriesOptions& options) {
  const auto buckets = static_cast<std::size_t>(options.buckets);
  std::vector<std::size_t> kept;
  if (series.size() <= 2 * buckets) {
    kept.resize(series.size());
    std::iota(kept.begin(), kept.end(), std::size_t{0});
    return kept;
  }
  const auto position = [&](double x) { return options.log_x ? std::log(x) : x; };
  const double first = position(series.x.front()), width = position(series.x.back()) - first;
  const auto bucket_of = [&](std::size_t i) {
    return std::min(buckets - 1,
                    static_cast<std::size_t>((position(series.x[i]) - first) / width * static_cast<double>(buckets)));
  };
  for (std::size_t begin = 0, end = 0; begin < series.size(); begin = end) {
    while (end < series.size() && bucket_of(end) == bucket_of(begin)) ++end;
    keep_peaks(series, begin, end, kept);
  }
  if (kept.front() != 0) kept.insert(kept.begin(), 0);
  if (kept.back() != series.size() - 1) kept.push_back(series.size() - 1);
  return kept;
}

std::vector<double> chosen(const std::vector<double>& values, const std::vector<std::size_t>& indices) {
  std::vector<double> result;
  result.reserve(indices.size());
  for (const std::size_t i : indices) result.push_back(values[i]);
  return result;
}

}  // namespace

bool DrawnSeries::has_marker(std::size_t point, std::size_t index, std::size_t count) const {
  constexpr std::size_t kAllBelow = 31, kMarkers = 7;
  if (size() < kAllBelow) return true;
  const std::size_t distance = size() / kMarkers;
  return point % distance == distance * (2 * index + 1) / (2 * count);
}

DrawnSeries series_of(const Curve& curve, const SeriesOptions& options) {
  std::vector<Trace> traces;
  for (const Trace& trace : curve.traces) traces.push_back(tidy(trace, options));
  DrawnSeries all{.x = all_x(traces)};
  for (const Trace& trace : traces) all.traces.push_back(values_at(all.x, trace));
  summarize(all);
  const std::vector<std::size_t> kept = points_to_draw(all, options);
  DrawnSeries series{.x = chosen(all.x, kept),
                     .mean = chosen(all.mean, kept),
                     .low = chosen(all.low, kept),
                     .high = chosen(all.high, kept)};
  for (const auto& trace : all.traces) series.traces.push_back(chosen(trace, kept));
  return series;
}

ValueRange::ValueRange()
    : low(std::numeric_limits<double>::infinity()), high(-std::numeric_limits<double>::infinity()) {}

void ValueRange::add(double value) {
  if (!std::isfinite(value)) return;
  low = std::min(low, value);
  high = std::max(high, value);
}

void ValueRange::add(const std::vector<double>& values) {
  for (const double value : values) add(value);
}

}  // namespace evenkeel
