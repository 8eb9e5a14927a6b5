#pragma once

#include <string>

#include "evenkeel/config/fields.h"

namespace evenkeel {

/// A penalty of l2 * sum(w^2) on a tensor, part of the loss. Keras's L2. As text: "l2(0.0001)", or "l2" with the
/// default.
struct L2 {
  double l2 = 0.01;

  bool operator==(const L2&) const = default;
};

bool convert(const FieldValue& from, L2& to);
FieldValue field_value(const L2& value);
std::string kind_of(const L2&);

}  // namespace evenkeel
