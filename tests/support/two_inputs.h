#pragma once

#include <string>
#include <utility>

#include "evenkeel/nn/model.h"

namespace evenkeel {

/// An image and two numbers in; classes, and the scores of an auxiliary head, out. Both inputs are read by a
/// normalization, and both heads have one.
inline Model two_inputs_model() {
  using namespace activations;
  Model model = Model::with_inputs({{"image", {6, 6, 3}}, {"age", {2}}}, "two_inputs");
  model.append(BatchNormalization{.momentum = 0.8, .name = "image_norm"}, {"image"});
  model.append(Conv2D{.filters = 4, .use_bias = false, .name = "conv"});
  model.append(BatchNormalization{.momentum = 0.8, .name = "conv_norm"});
  model.append(Activation{.activation = elu, .name = "trunk"});
  model.append(GlobalAveragePooling2D{.name = "pooled"});
  model.append(BatchNormalization{.momentum = 0.8, .name = "age_norm"}, {"age"});
  model.append(Dense{.units = 4, .activation = ActivationFunction::tanh, .name = "of_age"});
  model.append(Concatenate{.name = "joined"}, {"pooled", "of_age"});
  model.append(Dense{.units = 3, .name = "classes"});
  model.append(Conv2D{.filters = 2, .kernel_size = 2, .use_bias = false, .name = "aux_conv"}, {"trunk"});
  model.append(BatchNormalization{.momentum = 0.8, .name = "aux_norm"});
  model.append(Flatten{.name = "aux_flat"});
  model.append(Dense{.units = 3, .name = "aux"});
  model.set_outputs({"classes", "aux"});
  return model;
}

}  // namespace evenkeel
