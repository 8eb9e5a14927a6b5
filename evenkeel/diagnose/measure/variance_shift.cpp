#include "evenkeel/diagnose/measure/variance_shift.h"

#include <fmt/format.h>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

void check_keep(double keep) {
  if (!(keep > 0 && keep <= 1))
    throw Error{{.where = "keep", .expected = "a number in (0, 1]", .received = fmt::format("{}", keep)}};
}

void check_not_negative(const char* what, double value) {
  if (!(value >= 0))
    throw Error{{.where = what, .expected = "a number of at least 0", .received = fmt::format("{}", value)}};
}

}  // namespace

double variance_behind_dropout(double mean, double variance, double keep) {
  check_keep(keep);
  check_not_negative("variance", variance);
  return (mean * mean + variance) / keep - mean * mean;
}

double variance_before_dropout(double mean, double variance, double keep) {
  check_keep(keep);
  check_not_negative("variance", variance);
  return (mean * mean + variance) * keep - mean * mean;
}

double variance_shift_of_dropout(double mean, double variance, double keep) {
  const double behind = variance_behind_dropout(mean, variance, keep);
  return behind > 0 ? variance / behind : 1;
}

double variance_behind_uout(double mean, double variance, double beta) {
  check_not_negative("beta", beta);
  return variance_behind({.factor_variance = beta * beta / 3}, mean, variance);
}

double variance_before_uout(double mean, double variance, double beta) {
  check_not_negative("beta", beta);
  return variance_before({.factor_variance = beta * beta / 3}, mean, variance);
}

double variance_behind(const NoiseTraits& noise, double mean, double variance) {
  if (noise.rate) return variance_behind_dropout(mean, variance, 1 - *noise.rate);
  check_not_negative("variance", variance);
  return noise.factor_mean * noise.factor_mean * variance + noise.factor_variance * (mean * mean + variance) +
         noise.offset_variance + 2 * mean * noise.covariance;
}

double variance_before(const NoiseTraits& noise, double mean, double variance) {
  if (!noise.is_factor())
    throw Error{{.where = "noise", .expected = "a factor of mean 1", .received = "one that changes the mean"}};
  if (noise.rate) return variance_before_dropout(mean, variance, 1 - *noise.rate);
  check_not_negative("variance", variance);
  return (variance - noise.factor_variance * mean * mean) / (1 + noise.factor_variance);
}

}  // namespace evenkeel
