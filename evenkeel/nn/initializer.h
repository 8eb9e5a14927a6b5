#pragma once

#include <string>

#include "evenkeel/base/philox.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/config/fields.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// How a tensor gets its initial values; Keras's names. As text: "he_normal", "constant(0.1)".
struct Initializer {
  enum class Kind {
    zeros,
    ones,
    constant,          ///< argument: the value, default 0
    glorot_uniform,    ///< uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)
    he_normal,         ///< truncated normal of variance 2 / fan_in (He et al. 2015)
    truncated_normal,  ///< normal, drawn again if beyond 2 deviations; argument: deviation before truncation, default
                       ///< 0.05
  };

  Kind kind = Kind::zeros;
  double argument = 0;

  static Initializer zeros() { return {}; }
  static Initializer ones() { return {Kind::ones, 0}; }
  static Initializer constant(double value) { return {Kind::constant, value}; }
  static Initializer glorot_uniform() { return {Kind::glorot_uniform, 0}; }
  static Initializer he_normal() { return {Kind::he_normal, 0}; }
  static Initializer truncated_normal(double stddev = 0.05) { return {Kind::truncated_normal, stddev}; }

  /// Fills float32 or float64 values of `shape`: a kernel [..., in, out] or a vector. The values are a pure function of
  /// the key (without its step). They are the same in both precisions, up to rounding, and for any number of threads.
  void fill(std::byte* data, const Shape& shape, DType dtype, RandomKey key, const Threads& threads = Threads()) const;

  bool operator==(const Initializer&) const = default;
};

std::string to_string(const Initializer& initializer);
bool convert(const FieldValue& from, Initializer& to);
FieldValue field_value(const Initializer& value);
std::string kind_of(const Initializer&);

}  // namespace evenkeel
