#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/program/step.h"
#include "evenkeel/program/value.h"

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

/// One call of a kernel: its operands, its scratch memory, and the step it belongs to.
class KernelCall {
 public:
  KernelCall(std::span<const Operand> inputs, std::span<const Operand> outputs, std::byte* scratch,
             const StepContext& step, const Threads& threads)
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
  std::byte* scratch() const { return scratch_; }
  const StepContext& step() const { return step_; }
  const Threads& threads() const { return threads_; }

 private:
  std::span<const Operand> inputs_, outputs_;
  std::byte* scratch_;
  const StepContext& step_;
  const Threads& threads_;
};

struct Kernel {
  std::string name;  ///< shown by `plan`
  std::function<void(const KernelCall&)> run;
  std::size_t scratch_bytes = 0;
};

/// `fast` for float32 programs; `reference`, in double, for float64 ones.
template <class Fast, class Reference>
Kernel by_precision(const KernelRequest& request, Fast fast, Reference reference) {
  if (request.real == DType::float64) return {.name = "reference", .run = std::move(reference)};
  return {.name = "simd", .run = std::move(fast)};
}

/// The same for an op whose elements, the first operand's, may be bfloat16: fast(call, T{}) with T the element type.
template <class Fast, class Reference>
Kernel by_element(const KernelRequest& request, Fast fast, Reference reference) {
  if (request.inputs[0].dtype == DType::bfloat16)
    return {.name = "simd", .run = [fast](const KernelCall& c) { fast(c, bfloat16{}); }};
  return by_precision(
      request, [fast](const KernelCall& c) { fast(c, float{}); }, std::move(reference));
}

}  // namespace evenkeel
