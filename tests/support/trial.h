#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/program/executor.h"
#include "evenkeel/program/program.h"
#include "evenkeel/program/store.h"

// A small program with gradients, and everything it needs to run: what tests of ops and layers are made of.

namespace evenkeel {

/// An input of what is tried: evenly spaced over (low, high) in random order, so that no two elements are equal and
/// none lies in the middle of the range, where activations have their kinks.
struct TrialInput {
  Shape shape;
  double low = -2, high = 2;
  bool differentiable = true;
};

/// What is tried: emits ops over its inputs and returns its output.
struct Subject {
  std::vector<TrialInput> inputs;
  std::function<Value(Program&, std::span<const Value>)> emit;
};

struct TrialOptions {
  DType real = DType::float64;
  bool fuse = false;      ///< run the passes that fuse
  bool keep_all = false;  ///< every value has memory of its own
};

/// Values by name, in double: exact for both precisions.
using Values = std::map<std::string, std::vector<double>>;

/// The program of sum(seed * output) and its gradients. All values are a function of their names and sizes, the same in
/// both precisions: parameters and the seed are normal, statistics lie in [0.5, 1.5).
class Trial {
 public:
  explicit Trial(const Subject& subject, TrialOptions options = {});

  Program& program() { return program_; }
  Store& store() { return store_; }
  Tensor& input(std::size_t i) { return inputs_[i]; }

  /// Gives parameters and statistics the values they begin with.
  void draw();
  /// Runs every line with all layers in this mode.
  void run(const LayerMode& mode) { executor_->run(context(mode)); }
  /// Runs the forward lines and returns sum(seed * output).
  double objective(const LayerMode& mode);

  std::vector<double> output() const;
  /// Of differentiable inputs ("x0") and trainable parameters ("layer/kernel").
  Values gradients() const;
  Values states() const;
  /// The tensor of a name that gradients() has, in memory.
  TensorView variable(const std::string& name) const;

  /// Fills the arena and the gradients with NaN.
  void poison();
  /// Whether the bytes between the tensors of each block are zero.
  bool padding_is_zero();

 private:
  StepContext context(const LayerMode& mode) const;

  Program program_;
  Store store_;
  Arena arena_;
  Threads threads_{1};
  Value output_;
  std::vector<Tensor> inputs_;
  Tensor seed_;
  std::vector<Value> input_gradients_;  ///< absent where the input is not differentiable
  std::unique_ptr<Executor> executor_;
};

/// The elements of a float32 or float64 tensor.
std::vector<double> in_double(TensorView view);

/// Whether |actual - expected| <= tolerance * (|expected| + |1, 1, ...|), in the L2 norm.
testing::AssertionResult agree(const std::vector<double>& actual, const std::vector<double>& expected,
                               double tolerance);

}  // namespace evenkeel
