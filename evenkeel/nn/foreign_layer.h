#pragma once

#include <string>
#include <vector>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// A layer of another framework that runs there: known by its traits, its tensors and the shape of its output, not by
/// what it computes. A model of such layers can be compiled, so that all that asks for graph, shapes and tensors works
/// as with our own; no program of it can be run (Error: unsupported). It is in no model file.
struct ForeignLayer {
  struct Tensor {
    std::string name;  ///< within the layer; its traits use the same name
    Shape shape;       ///< in our layout
    bool is_state = false;
    Initializer initializer = {};
  };
  std::string kind = {};  ///< the framework's class: "BatchNorm2d"
  Shape output = {};      ///< of one sample
  std::vector<Tensor> tensors = {};
  LayerTraits is = {};
  double flops = 0;  ///< of one sample
  bool trainable = true;
  std::string name = {};  ///< may have dots: "layer3.0.bn2"

  static constexpr std::string_view kType = "Foreign";
  static void describe(Fields<ForeignLayer>&);
};
LayerTraits traits(const ForeignLayer&);
Value build(const ForeignLayer&, LayerBuilder&, std::span<const Value> inputs);

}  // namespace evenkeel
