#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/train/network.h"
#include "tests/support/testing.h"

namespace evenkeel {
using namespace activations;

/// Samples of normal numbers, with two classes of labels.
inline Dataset normal_data(std::int64_t n, const Shape& sample, double mean = 0, double sigma = 1,
                           std::uint32_t index = 0) {
  RandomStream stream({.seed = 3, .purpose = Purpose::study, .index = index});
  Dataset::Parts parts{.name = "normal",
                       .x = Tensor(sample.batched(n), DType::float32),
                       .y = Tensor({n}, DType::int32),
                       .class_names = {"a", "b"}};
  for (float& x : parts.x.as<float>()) x = static_cast<float>(mean + sigma * stream.normal());
  for (std::int32_t& y : parts.y.as<std::int32_t>()) y = static_cast<std::int32_t>(stream.below(2));
  return Dataset(std::move(parts));
}

/// Convolutions, dense layers, both normalizations, one of them first of all, and noise between them.
inline Sequential chain_model() {
  Sequential model({6, 5, 3}, "chain");
  model.add(BatchNormalization{.name = "first"}, Conv2D{.filters = 5, .use_bias = false, .name = "conv"},
            BatchNormalization{.unbiased_moving_variance = true, .name = "second"}, Activation{relu},
            Dropout{.rate = 0.4, .name = "drop"}, Flatten{}, BatchNormalization{.name = "third"},
            Dense{.units = 9, .activation = elu, .name = "hidden"}, Uout{.beta = 0.5},
            BatchNormalizationFromParts{.name = "parts"}, Dense{.units = 2, .name = "head"});
  return model;
}

/// A residual network whose branches have normalizations side by side, two of them over the same value.
inline Model residual_model() {
  Model model({6, 6, 3}, "residual");
  model.append(Conv2D{.filters = 4, .padding = Padding::same, .name = "stem"});
  model.append(BatchNormalization{.name = "of_stem"});
  model.append(Activation{.activation = relu, .name = "trunk"});
  model.append(Conv2D{.filters = 4, .padding = Padding::same, .name = "left"});
  model.append(Conv2D{.filters = 4, .kernel_size = 1, .name = "right"}, {"trunk"});
  model.append(BatchNormalization{.name = "of_left"}, {"left"});
  model.append(BatchNormalization{.name = "of_right"}, {"right"});
  model.append(BatchNormalization{.scale = false, .name = "of_right_too"}, {"right"});
  model.append(Add{.name = "sum"}, {"of_left", "of_right", "trunk"});
  model.append(Concatenate{.name = "joined"}, {"sum", "of_right_too", "input"});
  model.append(BatchNormalization{.name = "of_joined"});
  model.append(GlobalAveragePooling2D{.name = "pooled"});
  model.append(Dense{.units = 2, .name = "head"});
  return model;
}

/// Normalizations along other axes than the last, by a view and by moving elements, the first one of all among them.
inline Sequential axes_model() {
  Sequential model({6, 5, 3}, "axes");
  model.add(BatchNormalization{.axis = 1, .name = "of_rows"}, Conv2D{.filters = 4, .kernel_size = 2, .name = "conv"},
            BatchNormalization{.axis = -2, .unbiased_moving_variance = true, .name = "of_columns"}, Activation{elu},
            MaxPooling2D{.pool_size = {1, 4}}, Conv2D{.filters = 1, .kernel_size = 1, .name = "narrow"},
            BatchNormalization{.axis = 1, .name = "by_view"}, Flatten{}, Dense{.units = 2, .name = "head"});
  return model;
}

/// Everything of a network that training makes, byte by byte.
inline std::vector<std::byte> trained_bytes(const Network& network, bool with_statistics = true) {
  std::vector<std::byte> bytes;
  const Store& store = network.store();
  for (const Block* block : {&store.parameters, &store.slots, with_statistics ? &store.state : nullptr}) {
    if (!block) continue;
    for (const auto& entry : block->layout().entries) {
      const TensorView view = block->get(entry.name);
      bytes.insert(bytes.end(), view.data, view.data + view.bytes());
    }
  }
  return bytes;
}

/// Replaces the elements of a float32 weight.
template <class F>
void change(Network& network, const std::string& weight, F&& f) {
  Tensor values = Tensor::copy_of(network.weight(weight));
  f(values.as<float>());
  network.set_weight(weight, values);
}

}  // namespace evenkeel
