#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/nn/compute_options.h"
#include "evenkeel/nn/losses.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/program/program.h"
#include "evenkeel/program/store.h"

namespace evenkeel {

/// What a sample's target is: nothing, an integer label, or K numbers.
enum class Targets { none, labels, values };

struct CompileOptions {
  std::int64_t batch_size = 32;
  std::optional<Loss> loss = {};          ///< without one: outputs only
  Targets targets = Targets::none;        ///< labels or values: the loss and the correct predictions are computed
  bool train = false;                     ///< gradients and update; needs a loss and targets
  std::vector<double> class_weight = {};  ///< by class: of a sample's loss when training; a class without one weighs 1
  std::function<void(Program&)> update = {};  ///< emits the optimizer's ops (train/optimizers/)
  ComputeOptions compute = {};                ///< real, precision and fuse; the rest is who runs the program
  bool input_gradient = false;                ///< differentiate with respect to the input as well ("input/gradient")
  std::vector<std::string> probes =
      {};  ///< values whose moments per channel are accumulated (program/probes/moments.h)
  std::vector<std::string> extremes =
      {};  ///< values whose extremes per channel are accumulated (program/probes/extremes.h)
  std::vector<std::string> keep = {};  ///< values to be readable after a run
};

/// A model made into a program for one batch size. Values by name: "input" [N, ...], "labels" [N] or "targets" [N, K];
/// "<layer>/output" and what layers name; "<value>/gradient". `outputs` names what the last layer yields, `scores` the
/// softmax or sigmoid of it by the loss, `loss` [N] the loss per sample (times its class's weight, plus the penalties
/// on the weights), `correct` [N] 1 where a prediction is right.
struct CompiledModel {
  std::unique_ptr<Program> program;
  std::vector<WeightInfo> weights;
  int layers = 0;
  std::vector<Shape> layer_outputs;            ///< by layer: the shape of one sample's output
  std::vector<std::string> layer_values;       ///< by layer: the name of the value that it hands on
  std::string outputs, scores, loss, correct;  ///< names of kept values; empty where there is none (mse: `correct`)
};

/// Throws Error where layers do not fit (which, what they got, what they need), or a probe names no value.
CompiledModel compile(const Model& model, const CompileOptions& options);

/// The model's tensors, without compiling for a batch size in particular.
std::vector<WeightInfo> weights_of(const Model& model);

/// Draws the first values of all weights: a pure function of the model and the seed.
void initialize_weights(const std::vector<WeightInfo>& weights, std::uint64_t seed, Store& store,
                        const Threads& threads = Threads());

}  // namespace evenkeel
