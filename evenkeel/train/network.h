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
  std::vector<double> class_weight = {};    ///< by class: of a sample's loss in training; empty: all weigh 1
  std::uint64_t seed = 0;                   ///< of the initial weights and the dropout masks
  bool draw_weights = true;                 ///< false: they are 0 until they are set, as from a file
  std::vector<std::string> probes = {};     ///< values whose moments are accumulated (read_moments)
  ComputeOptions compute = {};
};

/// A model with weights on this machine: the programs made of it so far (by batch size and purpose) and the memory they
/// share. Weights are float32 unless `compute.real` says otherwise.
class Network {
 public:
  /// A compiled program with what runs it.
  struct Runner {
    CompiledModel compiled;
    std::unique_ptr<Executor> executor;
    bool train = false;
    TensorView read(const std::string& value) const { return executor->read(value); }
  };

  /// Draws the first weights from the seed, or leaves them 0. Throws Error where the model does not build.
  Network(Model model, NetworkOptions options);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const Model& model() const { return model_; }
  const NetworkOptions& options() const { return options_; }
  const std::vector<WeightInfo>& weights() const { return weights_; }
  Store& store() { return store_; }
  const Store& store() const { return store_; }
  Arena& arena() { return arena_; }  ///< for programs of others on these weights that run in between
  int threads() const { return threads_.count(); }

  /// A tensor by name: "conv2d/kernel". Throws Error where there is none, or shape or type differ.
  TensorView weight(const std::string& name) const;
  void set_weight(const std::string& name, TensorView value);

  /// All trainable parameters at once, from a block as their averages are kept in. Throws Error where it is not theirs.
  void set_trainable(TensorView block);

  /// The program for a batch of this size, made at the first call.
  Runner& runner(std::int64_t batch_size, Targets targets, bool train);

  /// Binds the first n samples of a batch and runs all lines, or a segment; n is the runner's batch size.
  void run(Runner& runner, const Batch& batch, const StepContext& step, Segment segment = {});
  /// The same, line by line with a look at what each computed (Executor::visit).
  void visit(Runner& runner, const Batch& batch, const StepContext& step, Segment segment,
             const Executor::Visitor& visitor);

  /// A step context of this network with every layer in `mode`.
  StepContext context(Mode mode, std::uint64_t step = 0) const;

  /// Throws Error unless the data's samples and targets fit the model and the loss.
  void check(const Dataset& data, bool needs_targets) const;
  static Targets targets_of(const Dataset& data);
  static Targets targets_of(const Batch& batch);
  std::int64_t outputs() const { return outputs_; }  ///< K

  /// Exchanges the trainable parameters with their moving averages, bit by bit: a second call undoes the first.
  /// Returns false, and does nothing, where there are none: the optimizer keeps none, or has made no update yet.
  /// While the averages are in, no program may train; AveragedWeights takes them out again.
  bool swap_averages();
  bool has_averages_in() const { return averages_in_; }

 private:
  void bind(Runner& runner, const Batch& batch) const;

  Model model_;
  NetworkOptions options_;
  Threads threads_;
  Store store_;
  Arena arena_;
  std::vector<WeightInfo> weights_;
  std::int64_t outputs_ = 0;
  bool averages_in_ = false;
  std::map<std::tuple<std::int64_t, Targets, bool>, Runner> runners_;
};

/// While it lives, the network's trainable parameters are their moving averages, where there are any: what evaluation
/// and prediction use, and what is saved. May be nested.
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
