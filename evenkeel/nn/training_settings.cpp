#include "evenkeel/nn/training_settings.h"

namespace evenkeel {

void TrainingSettings::describe(Fields<TrainingSettings>& fields) {
  fields.add("loss", &TrainingSettings::loss, "what is minimized; Keras's name")
      .add("optimizer", &TrainingSettings::optimizer, "sgd or adam")
      .add("learning_rate", &TrainingSettings::learning_rate, "step size of the optimizer", kPositive)
      .add("momentum", &TrainingSettings::momentum, "sgd: weight of the old velocity", kFraction)
      .add("nesterov", &TrainingSettings::nesterov, "sgd: look ahead along the velocity")
      .add("beta_1", &TrainingSettings::beta_1, "adam: weight of the old first moment", kFraction)
      .add("beta_2", &TrainingSettings::beta_2, "adam: weight of the old second moment", kFraction)
      .add("epsilon", &TrainingSettings::epsilon, "adam: added to the root of the second moment", kPositive)
      .add("batch_size", &TrainingSettings::batch_size, "samples per step", kAtLeastOne)
      .add("epochs", &TrainingSettings::epochs, "passes over the training data", kAtLeastOne)
      .add("steps", &TrainingSettings::steps, "steps, in place of epochs", kAtLeastOne)
      .add("seed", &TrainingSettings::seed, "of the weights, the shuffling, the dropout and the augmentation",
           kNotNegative)
      .add("flip", &TrainingSettings::flip, "mirror training images left to right at random")
      .add("crop_padding", &TrainingSettings::crop_padding,
           "move training images at random by up to so many pixels; 0 fills the rim", kNotNegative)
      .add("cutout", &TrainingSettings::cutout, "side of a square of zeros at random in each training image",
           kNotNegative);
}

}  // namespace evenkeel
