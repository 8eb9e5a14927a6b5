#pragma once

#include <array>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <type_traits>

#include "evenkeel/kernels/kernel.h"

// Which kernel runs: each task of a family has one list (kernels/<family>/list.cpp), read from the top. The first
// implementation runs that exists for the type of the elements and can serve the shapes on this machine. The last of
// each list is the reference in double precision.

namespace evenkeel::kernels {

/// The element types that an implementation exists for.
template <class... T>
struct Elements {};
inline constexpr Elements<float, bfloat16> kFloats;
inline constexpr Elements<float> kFloat;
inline constexpr Elements<bfloat16> kBfloat16;
inline constexpr Elements<double> kDouble;
inline constexpr Elements<float, double> kReals;
inline constexpr Elements<float, bfloat16, double> kAll;

/// The type of the elements that a task works on: bfloat16 if the first operand has it, else the type of parameters.
inline DType element_of(const KernelRequest& request) {
  const bool is_narrow = !request.inputs.empty() && request.inputs[0].dtype == DType::bfloat16;
  return is_narrow ? DType::bfloat16 : request.real;
}

/// Throws the Error of a list that has nothing for the operands' types.
[[noreturn]] void throw_unserved(const KernelRequest& request);

/// A line of a list. Its functions are given as lambdas that capture nothing.
template <class Task>
class Implementation {
 public:
  using ScratchBytes = std::size_t (*)(const Task&, const KernelRequest&);

  /// run(task, call, T{}) computes, with T the elements' type.
  template <class... T, class Run>
  requires(std::invocable<const Run&, const Task&, const KernelCall&, T>&&...)
      Implementation(const char* name, Elements<T...>, Run, ScratchBytes scratch_bytes = nullptr)
      : name_(name), scratch_bytes_(scratch_bytes) {
    ((run_[place_of(kDTypeOf<T>)] = [](const Task& task, const KernelCall& call) { Run{}(task, call, T{}); }), ...);
  }

  /// make(task, request, T{}) returns a kernel with its own name, or nothing if it cannot serve the request.
  template <class... T, class Make>
  requires(std::invocable<const Make&, const Task&, const KernelRequest&, T>&&...)
      Implementation(Elements<T...>, Make) {
    ((make_[place_of(kDTypeOf<T>)] =
          [](const Task& task, const KernelRequest& request) {
            return std::optional<Kernel>(Make{}(task, request, T{}));
          }),
     ...);
  }

  std::optional<Kernel> prepare(const Task& task, const KernelRequest& request) const {
    const std::size_t place = place_of(element_of(request));
    if (make_[place]) return make_[place](task, request);
    if (!run_[place]) return std::nullopt;
    return Kernel{.name = name_,
                  .run = [task, run = run_[place]](const KernelCall& call) { run(task, call); },
                  .scratch_bytes = scratch_bytes_ ? scratch_bytes_(task, request) : 0};
  }

 private:
  static constexpr std::size_t place_of(DType element) {
    return element == DType::float32 ? 0 : element == DType::bfloat16 ? 1 : 2;
  }

  const char* name_ = "";
  std::array<void (*)(const Task&, const KernelCall&), 3> run_{};  ///< by the type of the elements
  std::array<std::optional<Kernel> (*)(const Task&, const KernelRequest&), 3> make_{};
  ScratchBytes scratch_bytes_ = nullptr;
};

/// The first kernel of the list that can serve the request. Throws Error if there is none for the operands' types.
template <class Task>
Kernel first_that_serves(const Task& task, const KernelRequest& request,
                         std::initializer_list<std::type_identity_t<Implementation<Task>>> list) {
  for (const Implementation<Task>& implementation : list)
    if (auto kernel = implementation.prepare(task, request)) return *std::move(kernel);
  throw_unserved(request);
}

}  // namespace evenkeel::kernels
