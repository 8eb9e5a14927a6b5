#include "evenkeel/nn/training_settings.h"

namespace evenkeel {
namespace {

constexpr Range kLength{.low = 1, .high = 1e9};  ///< of a run: longer ones do not end

}  // namespace

void TrainingSettings::describe(Fields<TrainingSettings>& fields) {
  fields.add("loss", &TrainingSettings::loss, "what is minimized; Keras's name")
      .add("optimizer", &TrainingSettings::optimizer, "sgd, adam or adamw")
      .add("learning_rate", &TrainingSettings::learning_rate, "step size of the optimizer", kPositive)
      .add("momentum", &TrainingSettings::momentum, "sgd: weight of the old velocity", kFraction)
      .add("nesterov", &TrainingSettings::nesterov, "sgd: look ahead along the velocity")
      .add("beta_1", &TrainingSettings::beta_1, "adam: weight of the old first moment", kFraction)
      .add("beta_2", &TrainingSettings::beta_2, "adam: weight of the old second moment", kFraction)
      .add("epsilon", &TrainingSettings::epsilon, "adam: added to the root of the second moment", kPositive)
      .add("weight_decay", &TrainingSettings::weight_decay, "parameters shrink by this times the learning rate",
           kNotNegative)
      .add("clipnorm", &TrainingSettings::clipnorm, "largest norm of each gradient tensor", kPositive)
      .add("global_clipnorm", &TrainingSettings::global_clipnorm, "largest norm of all gradients together", kPositive)
      .add("clipvalue", &TrainingSettings::clipvalue, "largest element of a gradient", kPositive)
      .add("ema_momentum", &TrainingSettings::ema_momentum,
           "evaluate and save moving averages of the weights; weight of the old average", kFraction)
      .add("schedule", &TrainingSettings::schedule, "of the learning rate: constant, step, cosine or one_cycle")
      .add("warmup_steps", &TrainingSettings::warmup_steps, "steps of linear warm-up before the schedule", kNotNegative)
      .add("initial_learning_rate", &TrainingSettings::initial_learning_rate, "where warm-up begins", kNotNegative)
      .add("decay_steps", &TrainingSettings::decay_steps,
           "step: between two decays; cosine: of the whole decay, by default the rest of the run", kAtLeastOne)
      .add("decay_rate", &TrainingSettings::decay_rate, "step: factor of the learning rate at each decay", kPositive)
      .add("boundaries", &TrainingSettings::boundaries, "step: steps after which to decay, in place of decay_steps",
           kNotNegative)
      .add("alpha", &TrainingSettings::alpha, "cosine: fraction of the learning rate at the end", kUnit)
      .add("max_learning_rate", &TrainingSettings::max_learning_rate, "one_cycle: the peak; default learning_rate",
           kPositive)
      .add("pct_start", &TrainingSettings::pct_start, "one_cycle: fraction of the run before the peak", kUnit)
      .add("div_factor", &TrainingSettings::div_factor, "one_cycle: peak divided by the first rate", kPositive)
      .add("final_div_factor", &TrainingSettings::final_div_factor, "one_cycle: first rate divided by the last",
           kPositive)
      .add("label_smoothing", &TrainingSettings::label_smoothing, "cross-entropies: part of a target for all classes",
           kUnit)
      .add("class_weight", &TrainingSettings::class_weight, "a list: weight of each class in the training loss",
           kNotNegative)
      .add("monitor", &TrainingSettings::monitor,
           "what improves or not: loss, accuracy, val_loss, val_accuracy; default val_loss where there is validation")
      .add("min_delta", &TrainingSettings::min_delta, "a smaller change of the monitor is no improvement", kNotNegative)
      .add("early_stopping", &TrainingSettings::early_stopping,
           "end after so many epochs in which the monitor has not improved", kNotNegative)
      .add("restore_best_weights", &TrainingSettings::restore_best_weights,
           "early_stopping: end with the weights of the best epoch")
      .add("save_best", &TrainingSettings::save_best, "keep the weights of the best epoch in best.safetensors")
      .add("reduce_lr_patience", &TrainingSettings::reduce_lr_patience,
           "lower the learning rate after so many epochs in which the monitor has not improved", kNotNegative)
      .add("reduce_lr_factor", &TrainingSettings::reduce_lr_factor, "what it is then multiplied with; default 0.1",
           Range{.low = 0, .high = 1, .low_open = true, .high_open = true})
      .add("min_lr", &TrainingSettings::min_lr, "the learning rate is not lowered below this", kNotNegative)
      .add("terminate_on_nan", &TrainingSettings::terminate_on_nan,
           "end, and say which layer it came from, at a loss or gradient that is no number")
      .add("batch_size", &TrainingSettings::batch_size, "samples per step", kAtLeastOne)
      .add("epochs", &TrainingSettings::epochs, "passes over the training data", kLength)
      .add("steps", &TrainingSettings::steps, "steps, in place of epochs", kLength)
      .add("seed", &TrainingSettings::seed, "of the weights, the shuffling, the dropout and the augmentation",
           kNotNegative)
      .add("precision", &TrainingSettings::precision,
           "of activations and their gradients: float32, the default, or bfloat16")
      .add("flip", &TrainingSettings::flip, "mirror training images left to right at random")
      .add("crop_padding", &TrainingSettings::crop_padding,
           "move training images at random by up to so many pixels; 0 fills the rim", kNotNegative)
      .add("cutout", &TrainingSettings::cutout, "side of a square of zeros at random in each training image",
           kNotNegative);
}

}  // namespace evenkeel
