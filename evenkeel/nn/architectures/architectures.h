#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/nn/model_file.h"

// Known networks by name: `evenkeel model resnet18`. A generator writes the description; there are no weights.

namespace evenkeel {

namespace architectures {

/// What a generator is asked for.
struct Request {
  std::string name;  ///< of the model
  Shape input;       ///< [H, W, C] of one sample
  std::int64_t classes = 0;
};

/// How a network is usually trained from the beginning: its [training] table.
enum class Recipe {
  sgd,     ///< torchvision's for ResNet: 0.1 for 256 samples, with momentum, and a small weight decay
  adamw,   ///< for networks without batch normalization, which a large rate would break
  pixels,  ///< a loss for each pixel: U-Net's
};

}  // namespace architectures

/// A network that `make_architecture` knows. Layers are named as the source names them, with "_" in place of ".".
struct Architecture {
  std::string name;    ///< torchvision's, where torchvision has the network
  std::string source;  ///< whose layers, names and numbers of parameters it has
  Model (*make)(const architectures::Request&) = nullptr;
  Shape input = {224, 224, 3};  ///< the default
  std::int64_t classes = 1000;  ///< the default
  std::int64_t smallest = 32;   ///< least height and width: for most networks what the strides multiply to
  std::int64_t multiple = 1;    ///< height and width must be multiples of it
  architectures::Recipe recipe = architectures::Recipe::sgd;
};

/// All known networks, by family.
const std::vector<Architecture>& all_architectures();
/// Throws Error, with the nearest known name, if no network has that name.
const Architecture& architecture_named(std::string_view name);

struct ArchitectureOptions {
  std::optional<Shape> input = {};  ///< [H, W, C] of one sample; default: the architecture's
  std::optional<std::int64_t> classes = {};
};

/// The model, whose outputs are logits, with settings to train it. Its first layer takes pixels from 0 to 255. Throws
/// Error for an unknown name, and for an input or a number of classes that the network cannot have.
ModelFile make_architecture(std::string_view name, const ArchitectureOptions& options = {});

}  // namespace evenkeel
