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

/// What a kernel is chosen for.
struct KernelRequest {
  std::span<const TensorType> inputs;
  std::span<const TensorType> outputs;
  const Machine& machine;
  const Threads& threads;
  DType real = DType::float32;  ///< of parameters, statistics and losses: float64 runs on the references
};

/// Where an operand lies. Absent: data is nullptr.
struct Operand {
  std::byte* data = nullptr;
  std::int64_t size = 0;     ///< elements
  std::int64_t columns = 1;  ///< elements of the last axis
};

/// What a kernel may know of the step that it runs in.
struct KernelStep {
  std::uint64_t seed = 0, step = 0;
  double learning_rate = 0;
  LayerMode mode;  ///< of the layer that the line belongs to, where its op asks for one
};

/// One call of a kernel: its operands, its scratch memory, and the step it belongs to.
class KernelCall {
 public:
  KernelCall(std::span<const Operand> inputs, std::span<const Operand> outputs, std::span<std::byte> scratch,
             const KernelStep& step, const Threads& threads)
      : inputs_(inputs), outputs_(outputs), scratch_(scratch), step_(step), threads_(threads) {}

  /// Whether input i is there: optional operands may be absent, or left off at the end.
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
  /// Seen as [elements before the last axis, last axis].
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
  /// An input that may be absent: then empty.
  template <class T>
  std::span<const T> in_if_any(int i) const {
    return has(i) ? in<T>(i) : std::span<const T>();
  }
  kernels::Scratch scratch() const { return {scratch_.data(), scratch_.size()}; }
  const KernelStep& step() const { return step_; }
  const LayerMode& mode() const { return step_.mode; }
  const Threads& threads() const { return threads_; }

 private:
  std::span<const Operand> inputs_, outputs_;
  std::span<std::byte> scratch_;
  const KernelStep& step_;
  const Threads& threads_;
};

/// A kernel made ready for its operands' shapes.
struct Kernel {
  std::string name;  ///< shown by `plan`: what it does, not what it is for
  std::function<void(const KernelCall&)> run;
  std::size_t scratch_bytes = 0;
};

}  // namespace evenkeel
