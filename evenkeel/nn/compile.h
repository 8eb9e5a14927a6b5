#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/distributed/batch_part.h"
#include "evenkeel/distributed/communicator.h"
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
  std::optional<Loss> loss = {};    ///< without one: outputs only
  Targets targets = Targets::none;  ///< labels or values: the loss and the correct predictions are computed
  bool train = false;               ///< gradients and update; needs a loss and targets
  std::vector<double> class_weight =
      {};  ///< by class: factor of a sample's loss in training; 1 for classes beyond the end
  std::vector<double> loss_weights =
      {};  ///< by output: factor of its loss in what training minimizes; empty: 1 for the main one, 0 for others
  std::function<void(Program&)> update = {};  ///< emits the optimizer's ops (train/optimizers/)
  ComputeOptions compute = {};  ///< only real, precision and fuse; the rest is for whoever runs the program
  /// Every layer runs in evaluation mode (LayerMode::of(Mode::evaluate)), and nothing is differentiated. Noise is left
  /// out, and normalizations become part of the convolutions before them (passes/fold_normalizations.h).
  bool evaluation_only = false;
  /// With processes among which a batch is spread: the program is for this part of it, and batch_size is the part's
  /// size, or 1 if it is empty (program/passes/spread.h). For training.
  Spreading spreading = {};
  BatchPart part = {};
  bool input_gradient = false;  ///< differentiate with respect to the inputs as well ("input/gradient")
  std::vector<std::string> probes =
      {};  ///< values whose moments per channel are accumulated (program/probes/moments.h)
  std::vector<std::string> extremes =
      {};  ///< values whose extremes per channel are accumulated (program/probes/extremes.h)
  std::vector<std::string> keep = {};  ///< values that can be read after a run
};

/// A model compiled to a program for one batch size. Its values have names: the model's inputs [N, ...] ("input"),
/// "labels" [N] or "targets" [N, K]; "<layer>/output" and values that a layer names; "<value>/gradient". `outputs` is
/// the name of the main output. `scores` is that of its softmax or sigmoid, which depends on the loss. `loss` [N] is
/// the main output's loss of each sample (times its class's weight, plus the penalties on the weights), and `correct`
/// [N] is 1 where a prediction is right.
///
/// Of several outputs, all are computed if there are no targets. With targets the main one is, and in training those
/// that have a loss weight. What only the others need is not computed, and its moving statistics stay as they are.
struct CompiledModel {
  std::unique_ptr<Program> program;
  std::vector<WeightInfo> weights;
  int layers = 0;
  std::vector<Shape> layer_outputs;            ///< by layer: the shape of one sample's output
  std::vector<std::string> layer_values;       ///< by layer: the name of its output's value
  std::string outputs, scores, loss, correct;  ///< names of kept values; empty if it does not exist (mse: `correct`)
  std::vector<std::string> all_outputs;        ///< by the model's output: its kept value; empty if it is not computed
};

/// Compiles a model. Throws Error where layers do not fit together (it says which layer, what it expected and what it
/// received), or where a probe is asked for a value that does not exist.
CompiledModel compile(const Model& model, const CompileOptions& options);

/// The model's tensors. No batch size is needed.
std::vector<WeightInfo> weights_of(const Model& model);

/// Sets all weights to their initial values, which are a pure function of the model and the seed.
void initialize_weights(const std::vector<WeightInfo>& weights, std::uint64_t seed, Store& store,
                        const Threads& threads = Threads());

}  // namespace evenkeel
