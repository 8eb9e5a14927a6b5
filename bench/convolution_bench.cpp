// The convolutions of the three workloads (design, section 7), and MobileNetV2's depthwise ones at batch 8 ("M2"), each
// of the three passes by itself, at all cores. Filter by "W3", "kernel_gradient", ...; the label is the implementation
// chosen. "M2/.../onednn" is oneDNN's for the same pass, for a ratio in one run; `bytes_per_second` counts each tensor
// once.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/kernels/convolution/convolution.h"
#include "evenkeel/kernels/convolution/convolution_onednn.h"
#include "evenkeel/tensor/tensor.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::kernels;

struct Problem {
  std::string name;
  Window window;
  std::int64_t filters;

  double flops() const {
    const Window& w = window;
    return 2.0 * static_cast<double>(w.n * w.oh * w.ow * w.kernel_h * w.kernel_w * w.c / w.groups * filters);
  }
  double bytes(std::size_t element) const {
    const Window& w = window;
    return static_cast<double>(element) * static_cast<double>(w.n * (w.h * w.w * w.c + w.oh * w.ow * filters));
  }
};

/// A 3x3 convolution of a square image.
Problem make_problem(const std::string& workload, std::int64_t n, std::int64_t size, std::int64_t c,
                     std::int64_t filters, std::int64_t stride, bool same) {
  const std::int64_t out = same ? (size + stride - 1) / stride : (size - 3) / stride + 1;
  const std::int64_t pad = same ? std::max<std::int64_t>(0, (out - 1) * stride + 3 - size) / 2 : 0;
  return {.name = fmt::format("{}/{}x{}x{}to{}s{}", workload, size, size, c, filters, stride),
          .window = {.n = n,
                     .h = size,
                     .w = size,
                     .c = c,
                     .kernel_h = 3,
                     .kernel_w = 3,
                     .stride_h = stride,
                     .stride_w = stride,
                     .pad_top = pad,
                     .pad_left = pad,
                     .oh = out,
                     .ow = out},
          .filters = filters};
}

/// A depthwise convolution, padded evenly as MobileNet's are.
Problem make_depthwise(std::int64_t size, std::int64_t c, std::int64_t kernel, std::int64_t stride) {
  Problem at = make_problem("M2", 8, size, c, c, stride, true);
  at.name = fmt::format("M2/{}x{}x{}k{}s{}", size, size, c, kernel, stride);
  at.window.groups = c;
  at.window.kernel_h = at.window.kernel_w = kernel;
  at.window.pad_top = at.window.pad_left = kernel / 2;
  at.window.oh = at.window.ow = (size - 1) / stride + 1;
  return at;
}

/// Convolutions of a few groups, as ResNeXt's (32 groups), RegNet's (groups of 24) and ShuffleNet v1's (3 groups).
std::vector<Problem> grouped_problems() {
  std::vector<Problem> all{
      make_problem("groups", 8, 56, 128, 128, 1, true), make_problem("groups", 8, 28, 256, 256, 1, true),
      make_problem("groups", 8, 28, 144, 144, 1, true), make_problem("groups", 8, 28, 60, 60, 1, true)};
  const std::int64_t groups[] = {32, 32, 6, 3};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].window.groups = groups[i];
    all[i].name += fmt::format("by{}", groups[i]);
  }
  return all;
}

std::vector<Problem> depthwise_problems() {
  return {make_depthwise(112, 32, 3, 1), make_depthwise(112, 96, 3, 2), make_depthwise(56, 144, 3, 1),
          make_depthwise(56, 144, 3, 2), make_depthwise(28, 192, 3, 1), make_depthwise(28, 240, 5, 1),
          make_depthwise(14, 384, 3, 1), make_depthwise(14, 576, 3, 1), make_depthwise(14, 576, 3, 2),
          make_depthwise(14, 672, 5, 1), make_depthwise(7, 960, 3, 1),  make_depthwise(7, 1152, 5, 1)};
}

std::vector<Problem> problems() {
  std::vector<Problem> all{
      make_problem("W1", 250, 32, 3, 16, 1, true),   make_problem("W1", 250, 16, 16, 32, 1, true),
      make_problem("W1", 250, 8, 32, 64, 1, true),   make_problem("W2", 500, 32, 3, 30, 2, false),
      make_problem("W2", 500, 15, 30, 50, 1, false), make_problem("W2", 500, 13, 50, 60, 1, false)};
  std::int64_t size = 28, c = 1;
  for (std::int64_t i = 1; i < 20; ++i) {
    const std::int64_t stride = i % 3 == 0 ? 2 : 1;
    all.push_back(make_problem("W3", 64, size, c, 4 * i, stride, true));
    size = (size + stride - 1) / stride;
    c = 4 * i;
  }
  return all;
}

/// The tensors of one convolution, filled with random numbers.
template <class T>
struct Tensors {
  explicit Tensors(const Problem& at)
      : x(Shape{at.window.n, at.window.h, at.window.w, at.window.c}, kType),
        y(Shape{at.window.n, at.window.oh, at.window.ow, at.filters}, kType),
        kernel(kernel_shape(at), kType),
        dkernel(kernel_shape(at), DType::float32) {
    RandomStream random({.purpose = Purpose::study});
    for (Tensor* tensor : {&x, &y, &kernel})
      for (T& value : tensor->as<T>()) value = static_cast<T>(static_cast<float>(random.uniform(-1, 1)));
  }
  Tensor x, y, kernel, dkernel;

 private:
  static constexpr DType kType = std::is_same_v<T, float> ? DType::float32 : DType::bfloat16;
  static Shape kernel_shape(const Problem& at) {
    return {at.window.kernel_h, at.window.kernel_w, at.window.c / at.window.groups, at.filters};
  }
};

/// An implementation to be measured, or the list's choice.
enum class By { choice, onednn };

template <class T, class Prepared, class Run>
void measure(benchmark::State& state, const Problem& at, const std::optional<Prepared>& prepared, Run run) {
  if (!prepared) return state.SkipWithError("not served");
  const AlignedBuffer scratch(prepared->scratch_bytes);
  Tensors<T> tensors(at);
  run(*prepared, tensors, scratch.data());
  for (auto _ : state) run(*prepared, tensors, scratch.data());
  state.SetLabel(prepared->name);
  state.counters["flops"] = benchmark::Counter(at.flops(), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["bytes_per_second"] =
      benchmark::Counter(at.bytes(sizeof(T)), benchmark::Counter::kIsIterationInvariantRate);
}

template <class T>
void forward(benchmark::State& state, const Problem& at, By by) {
  const Threads threads;
  threads.bind();
  const Machine& machine = Machine::here();
  const auto prepared =
      by == By::onednn ? onednn::convolution<T>(at.window, at.filters, false, Activation::linear, machine, threads)
                       : prepare_convolution<T>(at.window, at.filters, false, Activation::linear, machine, threads);
  measure<T>(state, at, prepared, [](const PreparedForward<T>& by_it, Tensors<T>& t, std::byte* scratch) {
    by_it.run(t.x.template as<T>().data(), t.kernel.template as<T>().data(), nullptr, t.y.template as<T>().data(),
              scratch);
  });
}

template <class T>
void data_gradient(benchmark::State& state, const Problem& at, By by) {
  const Threads threads;
  threads.bind();
  const Machine& machine = Machine::here();
  const auto prepared = by == By::onednn
                            ? onednn::convolution_data_gradient<T>(at.window, at.filters, machine, threads)
                            : prepare_convolution_data_gradient<T>(at.window, at.filters, machine, threads);
  measure<T>(state, at, prepared, [](const PreparedDataGradient<T>& by_it, Tensors<T>& t, std::byte* scratch) {
    by_it.run(t.y.template as<T>().data(), t.kernel.template as<T>().data(), t.x.template as<T>().data(), scratch);
  });
}

template <class T>
void kernel_gradient(benchmark::State& state, const Problem& at, By by) {
  const Threads threads;
  threads.bind();
  const Machine& machine = Machine::here();
  const auto prepared = by == By::onednn
                            ? onednn::convolution_kernel_gradient<T>(at.window, at.filters, machine, threads)
                            : prepare_convolution_kernel_gradient<T>(at.window, at.filters, machine, threads);
  measure<T>(state, at, prepared, [](const PreparedKernelGradient<T>& by_it, Tensors<T>& t, std::byte* scratch) {
    by_it.run(t.x.template as<T>().data(), t.y.template as<T>().data(), t.dkernel.template as<float>().data(), scratch);
  });
}

template <class T>
void add(const Problem& at, By by) {
  const std::string type = std::is_same_v<T, float> ? "" : "/bf16", end = type + (by == By::onednn ? "/onednn" : "");
  benchmark::RegisterBenchmark((at.name + "/forward" + end).c_str(), forward<T>, at, by)->UseRealTime();
  benchmark::RegisterBenchmark((at.name + "/data_gradient" + end).c_str(), data_gradient<T>, at, by)->UseRealTime();
  benchmark::RegisterBenchmark((at.name + "/kernel_gradient" + end).c_str(), kernel_gradient<T>, at, by)->UseRealTime();
}

const int kRegistered = [] {
  for (const Problem& at : problems()) add<float>(at, By::choice);
  for (const Problem& at : grouped_problems()) add<float>(at, By::choice);
  for (const Problem& at : depthwise_problems())
    for (const By by : {By::choice, By::onednn}) {
      add<float>(at, by);
      add<bfloat16>(at, by);
    }
  return 0;
}();

}  // namespace
