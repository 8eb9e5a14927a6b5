#include "evenkeel/nn/initializer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "evenkeel/base/text.h"
#include "evenkeel/nn/initializer_range.h"

namespace evenkeel {
namespace {

// In the order of Kind.
const std::array<std::string, 6> kInitializerNames = {"zeros",          "ones",      "constant",
                                                      "glorot_uniform", "he_normal", "truncated_normal"};

// The deviation of a standard normal truncated at 2 deviations; he_normal divides by it to keep its variance.
constexpr double kTruncatedDeviation = 0.87962566103423978;

struct Fans {
  double in, out;
};

Fans fans_of(const Shape& shape) {
  if (shape.rank() < 2) return {static_cast<double>(shape.size()), static_cast<double>(shape.size())};
  const double receptive = static_cast<double>(shape.size() / (shape[-1] * shape[-2]));
  return {receptive * static_cast<double>(shape[-2]), receptive * static_cast<double>(shape[-1])};
}

constexpr double kTruncatedAt = 2;  ///< deviations

/// The deviation before truncation. For he_normal it makes the variance after truncation right.
double deviation_of(const Initializer& initializer, const Fans& fans) {
  return initializer.kind == Initializer::Kind::he_normal ? std::sqrt(2.0 / fans.in) / kTruncatedDeviation
                                                          : initializer.argument;
}

double glorot_limit(const Fans& fans) { return std::sqrt(6.0 / (fans.in + fans.out)); }

double truncated(RandomStream& stream, double stddev) {
  double z = stream.normal();
  while (std::fabs(z) > kTruncatedAt) z = stream.normal();
  return z * stddev;
}

// Elements [c * kChunk, (c + 1) * kChunk) have a stream of their own, whichever thread draws them.
constexpr std::int64_t kChunk = std::int64_t{1} << 14;

template <class T, class Draw>
void draw_values(std::span<T> values, RandomKey key, const Threads& threads, Draw draw) {
  const auto size = static_cast<std::int64_t>(values.size());
  threads.parallel((size + kChunk - 1) / kChunk, 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t chunk = begin; chunk < end; ++chunk) {
      RandomKey own = key;
      own.step = static_cast<std::uint64_t>(chunk);
      RandomStream stream(own);
      const std::int64_t last = std::min(size, (chunk + 1) * kChunk);
      for (std::int64_t i = chunk * kChunk; i < last; ++i)
        values[static_cast<std::size_t>(i)] = static_cast<T>(draw(stream));
    }
  });
}

template <class T>
void fill_values(const Initializer& initializer, const Shape& shape, std::span<T> values, RandomKey key,
                 const Threads& threads) {
  using Kind = Initializer::Kind;
  const Fans fans = fans_of(shape);
  switch (initializer.kind) {
    case Kind::zeros: std::ranges::fill(values, T{0}); break;
    case Kind::ones: std::ranges::fill(values, T{1}); break;
    case Kind::constant: std::ranges::fill(values, static_cast<T>(initializer.argument)); break;
    case Kind::glorot_uniform: {
      const double limit = glorot_limit(fans);
      draw_values(values, key, threads, [limit](RandomStream& stream) { return stream.uniform(-limit, limit); });
      break;
    }
    case Kind::he_normal:
    case Kind::truncated_normal: {
      const double stddev = deviation_of(initializer, fans);
      draw_values(values, key, threads, [stddev](RandomStream& stream) { return truncated(stream, stddev); });
      break;
    }
  }
}

}  // namespace

void Initializer::fill(std::byte* data, const Shape& shape, DType dtype, RandomKey key, const Threads& threads) const {
  const auto size = static_cast<std::size_t>(shape.size());
  if (dtype == DType::float64)
    fill_values(*this, shape, std::span(reinterpret_cast<double*>(data), size), key, threads);
  else
    fill_values(*this, shape, std::span(reinterpret_cast<float*>(data), size), key, threads);
}

std::optional<double> largest_drawn(const Initializer& initializer, const Shape& shape) {
  switch (initializer.kind) {
    case Initializer::Kind::glorot_uniform: return glorot_limit(fans_of(shape));
    case Initializer::Kind::he_normal:
    case Initializer::Kind::truncated_normal: return kTruncatedAt * deviation_of(initializer, fans_of(shape));
    default: return {};
  }
}

std::string to_string(const Initializer& initializer) {
  const std::string& name = kInitializerNames[static_cast<std::size_t>(initializer.kind)];
  const bool shown = (initializer.kind == Initializer::Kind::constant && initializer.argument != 0) ||
                     (initializer.kind == Initializer::Kind::truncated_normal && initializer.argument != 0.05);
  return shown ? fmt::format("{}({})", name, initializer.argument) : name;
}

bool convert(const FieldValue& from, Initializer& to) {
  const std::string* text = std::get_if<std::string>(&from);
  if (!text) return false;
  const auto named = parse_named_number(*text);
  const auto is_meant = [&](const std::string& name) { return named && same_name(name, named->name); };
  const auto name = std::ranges::find_if(kInitializerNames, is_meant);
  if (name == kInitializerNames.end()) return false;
  const auto kind = static_cast<Initializer::Kind>(name - kInitializerNames.begin());
  const bool takes_argument = kind == Initializer::Kind::constant || kind == Initializer::Kind::truncated_normal;
  if (named->number && !takes_argument) return false;
  to = {kind, named->number.value_or(kind == Initializer::Kind::truncated_normal ? 0.05 : 0.0)};
  return true;
}

FieldValue field_value(const Initializer& value) { return to_string(value); }

std::string kind_of(const Initializer&) {
  return "an initializer (" + join(kInitializerNames) + ", or e.g. \"constant(0.1)\")";
}

}  // namespace evenkeel
