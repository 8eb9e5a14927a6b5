#pragma once

#include <cstddef>
#include <vector>

#include "evenkeel/nn/model.h"
#include "evenkeel/program/store.h"

// What tests of training share.

namespace evenkeel {

/// A small network with everything that could break determinism: convolution, normalization, dropout.
inline Sequential small_network() {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1.0 / 255.0}, Conv2D{.filters = 5, .strides = 2, .use_bias = false},
            BatchNormalization{.momentum = 0.8}, Activation{ActivationFunction::relu}, MaxPooling2D{},
            Dropout{.rate = 0.3}, Flatten{}, Dense{.units = 10});
  return model;
}

/// Those of its tensors, without what lies between them.
inline std::vector<std::byte> bytes_of(const Block& block) {
  std::vector<std::byte> bytes;
  for (const auto& entry : block.layout().entries) {
    const TensorView view = block.get(entry.name);
    bytes.insert(bytes.end(), view.data, view.data + view.bytes());
  }
  return bytes;
}

}  // namespace evenkeel
