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

/// One kind of operation: its shape rule and its gradient rule. An op is a constant: what changes from step to step
/// reaches the kernel through the call. Absent optional operands have an empty type.
class Op {
 public:
  virtual ~Op() = default;

  /// "batch_norm"
  virtual std::string_view kind() const = 0;
  /// What distinguishes this one, for `plan`: "3x3 stride 2 same, relu"; may be empty.
  virtual std::string detail() const { return {}; }

  /// Types of the outputs. Throws Error that says which operand is wrong, and why.
  virtual std::vector<TensorType> infer(std::span<const TensorType> inputs) const = 0;

  /// Emits ops for the gradients of the inputs. The default has no gradient: labels, statistics.
  virtual void differentiate(Gradients&) const {}

  /// Says what is to be computed; which kernel does it is said by its family's list (kernels/<family>/list.cpp).
  virtual Kernel choose(const KernelRequest& request) const = 0;

  /// The layer, by its index in the description, whose mode the op obeys.
  virtual std::optional<int> layer() const { return {}; }
  /// Nothing is to be done in this mode of that layer: the outputs are not read then.
  virtual bool is_idle(const LayerMode&) const { return false; }

  /// Pairs (output, input) that may be the same memory.
  virtual std::vector<std::pair<int, int>> in_place() const { return {}; }

  /// This op with an activation behind it, if it has none and can; else nothing.
  virtual std::shared_ptr<const Op> with_activation(kernels::Activation) const { return nullptr; }

  /// Must be kept though no output is read: it changes parameters, state or slots given as inputs.
  virtual bool has_effect() const { return false; }

  /// The output is the input's memory seen in another shape; there is nothing to run.
  virtual bool is_view() const { return false; }

  /// Floating-point operations, counted for the ops whose time they explain (convolution, dense); else 0.
  virtual double flops(std::span<const TensorType>, std::span<const TensorType>) const { return 0; }
};

enum class Phase { forward, loss, backward, update, probe };

std::string_view name_of(Phase phase);

/// One line of a program.
struct Node {
  std::shared_ptr<const Op> op;
  std::vector<int> inputs;  ///< value numbers; -1: absent
  std::vector<int> outputs;
  std::string label;  ///< the layer's name, or what the line is for
  Phase phase = Phase::forward;
};

}  // namespace evenkeel
