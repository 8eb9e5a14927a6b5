#include "evenkeel/base/welch.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

constexpr std::size_t kTooFew = 3;

struct Sample {
  double mean = 0, variance = 0;  ///< the variance is the unbiased one
  std::size_t size = 0;
  double variance_of_mean() const { return variance / static_cast<double>(size); }
};

Sample sample_of(std::span<const double> values) {
  Sample sample{.size = values.size()};
  for (const double value : values) sample.mean += value / static_cast<double>(values.size());
  for (const double value : values) sample.variance += (value - sample.mean) * (value - sample.mean);
  sample.variance = values.size() > 1 ? sample.variance / static_cast<double>(values.size() - 1) : 0;
  return sample;
}

double degrees_of_freedom(const Sample& a, const Sample& b) {
  const auto part = [](const Sample& sample) {
    return sample.variance_of_mean() * sample.variance_of_mean() / static_cast<double>(sample.size - 1);
  };
  const double sum = a.variance_of_mean() + b.variance_of_mean();
  return sum * sum / (part(a) + part(b));
}

double half_width(const Sample& a, const Sample& b) {
  const boost::math::students_t t(degrees_of_freedom(a, b));
  return boost::math::quantile(t, 0.975) * std::sqrt(a.variance_of_mean() + b.variance_of_mean());
}

/// The smallest number of seeds of each with which the half width is at most `target`.
std::size_t seeds_for(Sample a, Sample b, double target) {
  const auto suffices = [&](std::size_t n) {
    a.size = b.size = n;
    return half_width(a, b) <= target;
  };
  std::size_t low = kTooFew, high = kTooFew + 1;  // low is never enough: it makes no claim
  for (constexpr std::size_t kMost = 1'000'000'000; high < kMost && !suffices(high); high *= 2) low = high;
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (suffices(middle) ? high : low) = middle;
  }
  return high;
}

Verdict verdict_of(const WelchComparison& c) {
  if (c.low() >= -c.margin && c.high() <= c.margin) return Verdict::equal_within_margin;
  return c.low() > 0 || c.high() < 0 ? Verdict::differs : Verdict::undecided;
}

std::string seeds_text(const WelchComparison& c) {
  if (c.seeds_a != c.seeds_b) return fmt::format("{} and {} seeds", c.seeds_a, c.seeds_b);
  return fmt::format("{} seed{} each", c.seeds_a, c.seeds_a == 1 ? "" : "s");
}

}  // namespace

WelchComparison compare_means(std::span<const double> a, std::span<const double> b, double margin) {
  if (a.empty() || b.empty() || !(margin > 0))
    throw Error{{.where = "comparison of means",
                 .expected = "two samples that are not empty and a margin above zero",
                 .received = fmt::format("{} and {} values, margin {}", a.size(), b.size(), margin)}};
  const Sample of_a = sample_of(a), of_b = sample_of(b);
  WelchComparison c{.seeds_a = a.size(), .seeds_b = b.size(), .margin = margin, .difference = of_b.mean - of_a.mean};
  const bool has_spread = of_a.variance + of_b.variance > 0 && std::isfinite(of_a.variance + of_b.variance);
  if (std::min(a.size(), b.size()) <= kTooFew || !has_spread) return c;
  c.half_width = half_width(of_a, of_b);
  c.degrees_of_freedom = degrees_of_freedom(of_a, of_b);
  c.verdict = verdict_of(c);
  if (c.verdict == Verdict::undecided) {
    // A half width below the difference excludes zero; one below margin - difference stays within the margin. The
    // larger of the two decides first. If the difference is beyond the margin, only the former can decide.
    const double size = std::abs(c.difference);
    c.seeds_needed = seeds_for(of_a, of_b, std::max(size, margin - size));
  }
  return c;
}

std::string sentence(const WelchComparison& c, const std::string& a, const std::string& b, const std::string& figure) {
  // One digit more than the margin's first digit.
  const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(c.margin))), 0, 9);
  const auto number = [&](double value) { return fmt::format("{:.{}f}", value, decimals); };
  const std::string measured =
      fmt::format("95 % interval {} to {}, {}", number(c.low()), number(c.high()), seeds_text(c));
  const bool b_leads = c.difference > 0;
  switch (c.verdict) {
    case Verdict::differs: {
      const bool beyond = c.low() > c.margin || c.high() < -c.margin;
      const double from = b_leads ? c.low() : -c.high(), to = b_leads ? c.high() : -c.low();
      return fmt::format(
          "`{}` has the higher {}, by {} over `{}` (95 % interval {} to {}, {}): they differ, {} {}.", b_leads ? b : a,
          figure, number(std::abs(c.difference)), b_leads ? a : b, number(from), number(to), seeds_text(c),
          beyond ? "by more than the margin of" : "though perhaps by less than", fmt::format("{:.6g}", c.margin));
    }
    case Verdict::equal_within_margin:
      return fmt::format("`{}` and `{}` are equal in {} within the margin of {:.6g}: `{}` minus `{}` is {} ({}).", a, b,
                         figure, c.margin, b, a, number(c.difference), measured);
    case Verdict::undecided:
      return fmt::format(
          "Undecided: in {}, `{}` minus `{}` is {} ({}); about {} seeds of each would be needed to decide at a "
          "margin of {:.6g}.",
          figure, b, a, number(c.difference), measured, c.seeds_needed.value_or(0), c.margin);
    case Verdict::no_claim: break;
  }
  const std::size_t fewest = std::min(c.seeds_a, c.seeds_b);
  const std::string why = fewest <= kTooFew             ? fmt::format("{} seed{}", fewest, fewest == 1 ? "" : "s")
                          : std::isfinite(c.difference) ? "No spread between seeds"
                                                        : "Values that are not finite";
  return fmt::format("{}: no claim. In {}, `{}` minus `{}` is {}.", why, figure, b, a,
                     std::isfinite(c.difference) ? number(c.difference) : "NaN or infinite");
}

}  // namespace evenkeel
