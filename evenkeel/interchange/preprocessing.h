#pragma once

#include <string>
#include <vector>

#include "evenkeel/nn/model.h"

namespace evenkeel::interchange {

/// What other programs do with pixels from 0 to 255 before their networks see them: y = (x - mean) / deviation, then
/// perhaps the channels in reverse order.
struct Preprocessing {
  std::string name = {};                            ///< as it was given
  std::vector<double> mean = {0}, deviation = {1};  ///< for each channel as images have them, or one for all
  bool reversed = false;                            ///< RGB becomes BGR
  bool in_model = false;                            ///< the family's models have it inside: there is nothing to add
  /// How the family's images get their size: the shorter side becomes 256/224 of the input's, then the middle is cut
  /// out. Otherwise they are resized to the input's size, whatever their proportions.
  bool crops = false;

  /// Whether it changes nothing.
  bool is_none() const;
  bool operator==(const Preprocessing&) const = default;
};

/// The one of this name: imagenet or torch (torchvision's), tf, caffe, keras/FAMILY (the module of keras.applications,
/// such as keras/resnet_v2), none; or numbers "SCALE;MEAN;STD" for y = (x * SCALE - MEAN) / STD, where MEAN and STD may
/// be lists "0.485,0.456,0.406" and be left out, and SCALE may be a fraction "1/255". Throws Error for other texts.
Preprocessing preprocessing_named(const std::string& text);

/// The names, for help and completion; without the numbers.
std::vector<std::string> preprocessing_names();

/// Whether the model begins with layers that rescale its input by fixed numbers.
bool begins_with_preprocessing(const Model& model);

/// The model with layers of this preprocessing after its first input that is an image (or its first, without one). All
/// other layers, their names and the outputs stay. Throws Error if the channels do not fit, or if the model
/// begins_with_preprocessing, unless `force`.
Model with_preprocessing(const Model& model, const Preprocessing& preprocessing, bool force = false);

}  // namespace evenkeel::interchange
