#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>

#include "evenkeel/base/error.h"
#include "evenkeel/kernels/kernel.h"

// Which kernel runs: one list for each task of a family (kernels/<family>/list.cpp), read from the top. That
// implementation runs which is the first that exists for the elements' type and serves the shapes on this machine; the
// last of each list is the reference in double precision.

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

/// The type of the elements that a task is about: the first operand's where that is bfloat16, else that of parameters.
inline DType element_of(const KernelRequest& request) {
  const bool is_narrow = !request.inputs.empty() && request.inputs[0].dtype == DType::bfloat16;
  return is_narrow ? DType::bfloat16 : request.real;
}

/// A line of a list.
template <class Task>
class Implementation {
 public:
  using ScratchBytes = std::size_t (*)(const Task&, const KernelRequest&);

  /// run(task, call, T{}) computes, with T the elements' type.
  template <class... T, class Run>
  requires(std::invocable<const Run&, const Task&, const KernelCall&, T>&&...)
      Implementation(const char* name, Elements<T...>, Run run, ScratchBytes scratch_bytes = nullptr)
      : prepare_([=](const Task& task, const KernelRequest& request) {
          std::optional<Kernel> kernel;
          const auto make = [&]<class E>(E) {
            kernel = Kernel{.name = name,
                            .run = [task, run](const KernelCall& call) { run(task, call, E{}); },
                            .scratch_bytes = scratch_bytes ? scratch_bytes(task, request) : 0};
          };
          ((kDTypeOf<T> == element_of(request) ? make(T{}) : void()), ...);
          return kernel;
        }) {}

  /// make(task, request, T{}) yields a kernel, named by itself, or nothing where it cannot serve.
  template <class... T, class Make>
  requires(std::invocable<const Make&, const Task&, const KernelRequest&, T>&&...)
      Implementation(Elements<T...>, Make make)
      : prepare_([=](const Task& task, const KernelRequest& request) {
          std::optional<Kernel> kernel;
          ((kDTypeOf<T> == element_of(request) ? void(kernel = make(task, request, T{})) : void()), ...);
          return kernel;
        }) {}

  std::optional<Kernel> prepare(const Task& task, const KernelRequest& request) const {
    return prepare_(task, request);
  }

 private:
  std::function<std::optional<Kernel>(const Task&, const KernelRequest&)> prepare_;
};

/// The first of the list that serves. Throws Error where it has none for the operands' types.
template <class Task>
Kernel first_that_serves(const Task& task, const KernelRequest& request,
                         std::initializer_list<std::type_identity_t<Implementation<Task>>> list) {
  for (const Implementation<Task>& implementation : list)
    if (auto kernel = implementation.prepare(task, request)) return *std::move(kernel);
  throw Error{{.where = "kernels",
               .received = "no implementation for elements of type " + std::string(name_of(element_of(request)))}};
}

}  // namespace evenkeel::kernels
