#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/layer_mode.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"
#include "evenkeel/tensor/tensor_type.h"

namespace evenkeel {

/// The operands, the machine and the types that a kernel is chosen for.
struct KernelRequest {
  std::span<const TensorType> inputs;
  std::span<const TensorType> outputs;
  const Machine& machine;
  const Threads& threads;
  DType real = DType::float32;  ///< the type of parameters, statistics and losses; float64 runs on the references
  /// Whether each input keeps its numbers over several runs; empty: none does.
  std::span<const char> constant = {};

  bool is_constant(std::size_t input) const { return input < constant.size() && constant[input] != 0; }
};

/// Where an operand is in memory. Of an absent operand, data is nullptr.
struct Operand {
  std::byte* data = nullptr;
  std::int64_t size = 0;     ///< elements
  std::int64_t columns = 1;  ///< elements of the last axis
};

/// What a kernel may know of the step that it runs in.
struct KernelStep {
  std::uint64_t seed = 0, step = 0;
  double learning_rate = 0;
  LayerMode mode;  ///< the mode of the layer that the line belongs to, if its op depends on one
};

/// One call of a kernel: its operands, its scratch memory, and the step it belongs to.
class KernelCall {
 public:
  KernelCall(std::span<const Operand> inputs, std::span<const Operand> outputs, std::span<std::byte> scratch,
             std::byte* prepared, const KernelStep& step, const Threads& threads)
      : inputs_(inputs), outputs_(outputs), scratch_(scratch), prepared_(prepared), step_(step), threads_(threads) {}

  /// Whether input i is there: optional operands may be absent, or left out at the end.
  bool has(int i) const {
    const auto at = static_cast<std::size_t>(i);
    return at < inputs_.size() && inputs_[at].data != nullptr;
  }
  template <class T>
  std::span<const T> in(int i) const {
    const Operand& o = inputs_[static_cast<std::size_t>(i)];
    return {reinterpret_cast<const T*>(o.data), static_cast<std::size_t>(o.size)};
  }
  /// An input that the op changes (parameters, state).
  template <class T>
  std::span<T> inout(int i) const {
    const Operand& o = inputs_[static_cast<std::size_t>(i)];
    return {reinterpret_cast<T*>(o.data), static_cast<std::size_t>(o.size)};
  }
  template <class T>
  std::span<T> out(int i) const {
    const Operand& o = outputs_[static_cast<std::size_t>(i)];
    return {reinterpret_cast<T*>(o.data), static_cast<std::size_t>(o.size)};
  }
  /// As a matrix: all axes before the last one are its rows, the last axis its columns.
  template <class T>
  kernels::Matrix<const T> in_rows(int i) const {
    const Operand& o = inputs_[static_cast<std::size_t>(i)];
    return {reinterpret_cast<const T*>(o.data), o.columns > 0 ? o.size / o.columns : 0, o.columns};
  }
  template <class T>
  kernels::Matrix<T> out_rows(int i) const {
    const Operand& o = outputs_[static_cast<std::size_t>(i)];
    return {reinterpret_cast<T*>(o.data), o.columns > 0 ? o.size / o.columns : 0, o.columns};
  }
  /// An input that may be absent; then the span is empty.
  template <class T>
  std::span<const T> in_if_any(int i) const {
    return has(i) ? in<T>(i) : std::span<const T>();
  }
  /// What the kernel's `prepare` makes of constant operands.
  std::byte* prepared() const { return prepared_; }
  kernels::Scratch scratch() const { return {scratch_.data(), scratch_.size()}; }
  const KernelStep& step() const { return step_; }
  const LayerMode& mode() const { return step_.mode; }
  const Threads& threads() const { return threads_; }

 private:
  std::span<const Operand> inputs_, outputs_;
  std::span<std::byte> scratch_;
  std::byte* prepared_;
  const KernelStep& step_;
  const Threads& threads_;
};

/// A kernel prepared for the shapes of its operands.
struct Kernel {
  std::string name;  ///< shown by `plan`: says how the kernel computes
  std::function<void(const KernelCall&)> run;
  std::size_t scratch_bytes = 0;
  /// If there is something to do once for several runs with the same constant operands: puts it into memory of so many
  /// bytes, where `run` finds it.
  std::function<void(const KernelCall&)> prepare = {};
  std::size_t prepared_bytes = 0;
};

}  // namespace evenkeel
