#pragma once

#include <cstdint>

#include "evenkeel/base/philox.h"
#include "evenkeel/data/dataset.h"
#include "tests/support/two_inputs.h"

namespace evenkeel {

/// Samples for two_inputs_model(). Class 2 has a second number above 0 in "age"; of the others, class 1 has images that
/// are brighter in their last channel. So both inputs are needed.
inline Dataset two_inputs_data(std::int64_t n, std::uint32_t index = 0) {
  RandomStream random({.seed = 5, .purpose = Purpose::study, .index = index});
  Dataset::Parts parts{.name = "two inputs",
                       .x = Tensor({n, 6, 6, 3}, DType::float32),
                       .y = Tensor({n}, DType::int32),
                       .class_names = {"a", "b", "c"}};
  parts.more.emplace_back(Shape{n, 2}, DType::float32);
  parts.input_names = {"image", "age"};
  float* image = parts.x.as<float>().data();
  float* age = parts.more[0].as<float>().data();
  for (std::int32_t& label : parts.y.as<std::int32_t>()) {
    label = static_cast<std::int32_t>(random.below(3));
    for (int i = 0; i < 6 * 6 * 3; ++i)
      *image++ = static_cast<float>(2 + 3 * random.normal() + (label == 1 && i % 3 == 2 ? 2 : 0));
    *age++ = static_cast<float>(40 + 20 * random.normal());
    *age++ = static_cast<float>(label == 2 ? random.uniform() + 0.2 : -random.uniform() - 0.2);
  }
  return Dataset(std::move(parts));
}

}  // namespace evenkeel
