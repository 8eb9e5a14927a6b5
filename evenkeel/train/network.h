#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "evenkeel/data/batches.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/program/executor.h"
#include "evenkeel/train/optimizers.h"

namespace evenkeel {

struct NetworkOptions {
  std::optional<Loss> loss = {};
  std::optional<Optimizer> optimizer = {};  ///< needed to train
  std::vector<double> class_weight = {};    ///< by class: factor of a sample's loss in training; empty: all 1
  std::vector<double> loss_weights = {};    ///< by output: CompileOptions::loss_weights
  std::uint64_t seed = 0;                   ///< for the initial weights and the dropout masks
  bool draw_weights = true;                 ///< false: weights are 0 until they are set, for example from a file
  std::vector<std::string> probes = {};     ///< values whose moments are accumulated (read_moments)
  Spreading spreading = {};                 ///< of the batches that it is trained on
  ComputeOptions compute = {};
};

/// A model with its weights: the programs compiled from it so far (by batch size and purpose) and the memory they
/// share. Weights are float32 unless `compute.real` says otherwise.
class Network {
 public:
  /// A compiled program with its executor.
  struct Runner {
    CompiledModel compiled;
    std::unique_ptr<Executor> executor;
    bool train = false;
    TensorView read(const std::string& value) const { return executor->read(value); }
  };

  /// Draws the initial weights from the seed, or leaves them 0. Throws Error if the model is not valid.
  Network(Model model, NetworkOptions options);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const Model& model() const { return model_; }
  const NetworkOptions& options() const { return options_; }
  const std::vector<WeightInfo>& weights() const { return weights_; }
  Store& store() { return store_; }
  const Store& store() const { return store_; }
  Arena& arena() { return arena_; }  ///< for other programs on these weights, which run in between
  int threads() const { return threads_.count(); }

  /// A tensor by name: "conv2d/kernel". Throws Error if there is none, or if shape or type differ.
  TensorView weight(const std::string& name) const;
  void set_weight(const std::string& name, TensorView value);

  /// Sets all trainable parameters from one block, which has the layout of their averages. Throws Error if it does not
  /// fit.
  void set_trainable(TensorView block);

  enum class Use {
    training,
    any_mode,    ///< forward only; each layer in the mode that a step asks for
    evaluation,  ///< forward only, every layer in evaluation mode: faster (CompileOptions::evaluation_only)
  };
  /// The program for a batch of this size, compiled at the first call.
  Runner& runner(std::int64_t batch_size, Targets targets, Use use);
  /// The program that trains on a part of a batch, with the processes of the options' spreading; without, on all of it.
  Runner& training_runner(const BatchPart& part, Targets targets);
  Runner& training_runner(const Batch& batch);

  /// Binds the first n samples of a batch and runs all lines, or a segment; n is the runner's batch size.
  void run(Runner& runner, const Batch& batch, const StepContext& step, Segment segment = {});
  /// The same, with a visitor that sees the outputs of each line (Executor::visit).
  void visit(Runner& runner, const Batch& batch, const StepContext& step, Segment segment,
             const Executor::Visitor& visitor);

  /// A step context of this network with every layer in `mode`.
  StepContext context(Mode mode, std::uint64_t step = 0) const;

  /// Checks data: throws Error unless samples and targets fit the model and the loss.
  void check(const Dataset& data, bool needs_targets) const;
  static Targets targets_of(const Dataset& data);
  static Targets targets_of(const Batch& batch);
  /// Numbers of a sample of the main output: K, or positions() * K of an output [N, ..., K].
  std::int64_t outputs() const { return outputs_; }
  std::int64_t positions() const { return positions_; }        ///< of the main output: 1 for [N, K]
  const Shape& output_shape() const { return output_shape_; }  ///< of a sample of the main output

  /// Exchanges the trainable parameters with their moving averages; a second call undoes it exactly. Returns false, and
  /// does nothing, if there are no averages: the optimizer keeps none, or has made no update yet. While the averages
  /// are in place, no program may train; AveragedWeights swaps them back.
  bool swap_averages();
  bool has_averages_in() const { return averages_in_; }

 private:
  Runner& runner(std::int64_t batch_size, Targets targets, Use use, const BatchPart& part);
  void bind(Runner& runner, const Batch& batch) const;
  void check_inputs(const Dataset& data) const;

  Model model_;
  NetworkOptions options_;
  Threads threads_;
  Store store_;
  Arena arena_;
  std::vector<WeightInfo> weights_;
  Shape output_shape_;
  std::int64_t outputs_ = 0, positions_ = 1;
  bool averages_in_ = false;
  std::map<std::tuple<std::int64_t, Targets, Use, BatchPart>, Runner> runners_;
};

/// While an object lives, the network's trainable parameters are their moving averages, if there are any. Evaluation,
/// prediction and saving use these. Objects may be nested.
class AveragedWeights {
 public:
  explicit AveragedWeights(Network& network)
      : network_(network), swapped_(!network.has_averages_in() && network.swap_averages()) {}
  ~AveragedWeights() {
    if (swapped_) network_.swap_averages();
  }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  Network& network_;
  bool swapped_;
};

}  // namespace evenkeel
