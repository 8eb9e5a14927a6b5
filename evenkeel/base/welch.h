#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace evenkeel {

/// What two samples show about the difference of their means, given a margin that was declared beforehand: the smallest
/// difference that matters.
enum class Verdict {
  differs,              ///< the interval excludes zero, and is not all within the margin
  equal_within_margin,  ///< the interval lies within +- margin, whether it excludes zero or not
  undecided,            ///< the interval holds zero and reaches beyond the margin
  no_claim,  ///< three seeds or fewer in a sample, all values of both samples equal, or a value is not finite
};

/// Welch's comparison of two samples of unequal variances (Welch 1947): of b against a.
struct WelchComparison {
  std::size_t seeds_a = 0, seeds_b = 0;
  double margin = 0;
  double difference = 0;  ///< mean of b minus mean of a
  /// The interval is `difference` +- half_width; 95 % of such intervals hold the true difference. By Student's t with
  /// the degrees of freedom of Welch and Satterthwaite. Empty where no claim is made.
  std::optional<double> half_width = {}, degrees_of_freedom = {};
  Verdict verdict = Verdict::no_claim;
  /// Where it is undecided: about how many seeds of each would decide it, if means and variances stayed the same. The
  /// half width would then be |difference|, which excludes zero, or margin - |difference|, if that is larger.
  std::optional<std::size_t> seeds_needed = {};

  double low() const { return difference - half_width.value_or(0); }
  double high() const { return difference + half_width.value_or(0); }
};

/// Compares two samples. Throws Error if one is empty or the margin is not above zero.
WelchComparison compare_means(std::span<const double> a, std::span<const double> b, double margin);

/// The verdict as a sentence with the figures that it rests on. `figure` is what was measured: "test accuracy".
std::string sentence(const WelchComparison& comparison, const std::string& a, const std::string& b,
                     const std::string& figure);

}  // namespace evenkeel
