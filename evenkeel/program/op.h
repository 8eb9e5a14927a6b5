#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/kernel.h"
#include "evenkeel/program/step.h"
#include "evenkeel/program/value.h"

namespace evenkeel {

class Gradients;

/// One kind of operation: its shape rule and its gradient rule. An op never changes: what differs from step to step
/// reaches the kernel through its call. Absent optional operands have an empty type.
class Op {
 public:
  virtual ~Op() = default;

  /// "batch_norm"
  virtual std::string_view kind() const = 0;
  /// The op's options, as `plan` shows them: "3x3 stride 2 same, relu"; may be empty.
  virtual std::string detail() const { return {}; }

  /// Types of the outputs. Throws Error that says which operand is wrong, and why.
  virtual std::vector<TensorType> infer(std::span<const TensorType> inputs) const = 0;

  /// Emits ops for the gradients of the inputs. The default is for ops without a gradient, such as those of labels and
  /// statistics.
  virtual void differentiate(Gradients&) const {}

  /// Says what is to be computed. The list of the kernel family (list.cpp in its folder of kernels/) decides which
  /// kernel does it.
  virtual Kernel choose(const KernelRequest& request) const = 0;

  /// The layer whose mode the op depends on, by its index in the description.
  virtual std::optional<int> layer() const { return {}; }
  /// Whether there is nothing to do in this mode of that layer, because the outputs are not read.
  virtual bool is_idle(const LayerMode&) const { return false; }

  /// For each output, the input that it equals in this mode of the layer; empty if the op computes something.
  virtual std::vector<int> passed_on(const LayerMode&) const { return {}; }

  /// Pairs (output, input) that may be the same memory.
  virtual std::vector<std::pair<int, int>> in_place() const { return {}; }

  /// Whether the gradient rule of this op with an activation finds that activation's input again. Without it, training
  /// needs an op of its own for an activation that is not monotone, because the gradient reads its input.
  virtual bool recomputes_activation_input() const { return false; }

  /// This op with an activation after it, if it can have one and has none yet; else nothing.
  virtual std::shared_ptr<const Op> with_activation(kernels::Activation) const { return nullptr; }

  /// Whether the line must stay even if no output is read: it changes parameters, state or slots given as inputs.
  virtual bool has_effect() const { return false; }

  /// Whether the output is the input's memory in another shape, so that there is nothing to run.
  virtual bool is_view() const { return false; }

  /// Floating-point operations, for ops whose time depends on them (convolution, dense); else 0.
  virtual double flops(std::span<const TensorType>, std::span<const TensorType>) const { return 0; }
};

enum class Phase { forward, loss, backward, update, probe };

std::string_view name_of(Phase phase);

/// One line of a program.
struct Node {
  std::shared_ptr<const Op> op;
  std::vector<int> inputs;  ///< value numbers; -1: absent
  std::vector<int> outputs;
  std::string label;  ///< the layer's name, or the purpose of the line
  Phase phase = Phase::forward;
};

}  // namespace evenkeel
