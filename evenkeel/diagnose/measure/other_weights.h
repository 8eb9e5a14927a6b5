#pragma once

#include "evenkeel/diagnose/measure/measured_network.h"
#include "evenkeel/diagnose/measure/undo.h"

namespace evenkeel {

/// While an object lives, the network has these tensors instead of its own.
class OtherWeights {
 public:
  OtherWeights(MeasuredNetwork& network, const NamedTensors& others) : network_(network) {
    for (const auto& [name, values] : others) {
      own_.emplace_back(name, Tensor::copy_of(network.weight(name)));
      network.set_weight(name, values);
    }
  }
  ~OtherWeights() {
    undo([&] {
      for (const auto& [name, values] : own_) network_.set_weight(name, values);
    });
  }
  OtherWeights(const OtherWeights&) = delete;
  OtherWeights& operator=(const OtherWeights&) = delete;

 private:
  MeasuredNetwork& network_;
  NamedTensors own_;
};

}  // namespace evenkeel
