#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/nn/architectures/architectures.h"
#include "evenkeel/nn/layers.h"
#include "evenkeel/nn/model.h"

// How generators write graphs: each call appends a layer and returns it for those that read it.

namespace evenkeel::architectures {

/// A layer of the graph, or its input.
struct Node {
  std::string name;
  std::int64_t channels = 0;
};

/// PyTorch's batch normalization: its momentum weighs the new value, and its moving variance is the unbiased one.
BatchNormalization torch_norm(double epsilon = 1e-5, double momentum = 0.1);

/// What a family's convolutions and normalizations have in common.
struct Style {
  BatchNormalization norm = torch_norm();
  ActivationFunction activation = ActivationFunction::relu;
  Initializer kernel = Initializer::he_normal();
};

/// What the source does to pixels before the network sees them; here it is the network's first layer.
enum class Pixels {
  imagenet,   ///< minus ImageNet's mean, divided by its deviation, per channel
  cifar,      ///< the same with CIFAR-10's
  symmetric,  ///< from -1 to 1
};

/// A convolution as PyTorch's networks have it. With as many groups as channels it is a DepthwiseConv2D.
struct Conv {
  std::int64_t filters = 0;
  Size2D kernel = 3;
  Size2D stride = 1;
  std::int64_t groups = 1;
  bool bias = false;
  std::optional<Padding> padding = {};  ///< default: half the kernel
  ActivationFunction activation = ActivationFunction::linear;
};

class Graph {
 public:
  /// Begins with the layer that scales pixels. If there are not three channels, it is `symmetric`.
  Graph(const Request& request, Pixels pixels, Style style = {});

  const Node& pixels() const { return pixels_; }  ///< the scaled input
  const Style& style() const { return style_; }

  /// Any layer that keeps the number of channels.
  Node add(const std::string& name, const Layer& layer, const Node& x);
  Node conv(const std::string& name, const Conv& conv, const Node& x);
  Node norm(const std::string& name, const Node& x);
  Node activation(const std::string& name, const Node& x) { return activation(name, style_.activation, x); }
  Node activation(const std::string& name, ActivationFunction f, const Node& x);
  Node dense(const std::string& name, std::int64_t units, const Node& x,
             const Initializer& kernel = Initializer::glorot_uniform());
  Node sum(const std::string& name, const Node& x, const Node& y);
  Node concatenate(const std::string& name, const std::vector<Node>& inputs);

  /// Convolution and normalization of these names, then the style's activation if `active` names it.
  Node conv_norm(const std::string& conv_name, const std::string& norm_name, const Conv& c, const Node& x,
                 const std::string& active = {});
  /// The three in a sequence: <name>_0, <name>_1, <name>_2. A linear one ends at <name>_1.
  Node sequence(const std::string& name, const Conv& c, const Node& x, ActivationFunction f);
  Node sequence(const std::string& name, const Conv& c, const Node& x) {
    return sequence(name, c, x, style_.activation);
  }
  /// Squeeze and excitation (Hu et al. 2018): each channel times a number that all channels' means decide. `fc1` and
  /// `fc2` are torchvision's names.
  Node squeeze_and_excite(const std::string& name, std::int64_t squeezed, ActivationFunction inner,
                          ActivationFunction gate, const Node& x);
  /// y + x, with y left out for some of the samples in training (drop path) if the rate is not 0.
  Node residual(const std::string& name, const Node& x, Node y, double drop_rate = 0);

  Model finish() && { return std::move(model_); }

 private:
  Node append(const std::string& name, const Layer& layer, const std::vector<Node>& inputs, std::int64_t channels);

  Model model_;
  Style style_;
  Node pixels_;
};

/// torchvision's rounding of scaled numbers of channels: to a multiple, but not below 90 %.
std::int64_t make_divisible(double value, std::int64_t divisor = 8);

}  // namespace evenkeel::architectures
