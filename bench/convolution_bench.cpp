// The convolutions of the three workloads (design, section 7), each of the three passes by itself, at all cores.
// Filter by "W3", "kernel_gradient", ...; the label is the implementation chosen.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/kernels/convolution/convolution.h"
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
    return 2.0 * static_cast<double>(w.n * w.oh * w.ow * w.kernel_h * w.kernel_w * w.c * filters);
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
struct Tensors {
  explicit Tensors(const Problem& at)
      : x(Shape{at.window.n, at.window.h, at.window.w, at.window.c}, DType::float32),
        y(Shape{at.window.n, at.window.oh, at.window.ow, at.filters}, DType::float32),
        kernel(Shape{at.window.kernel_h, at.window.kernel_w, at.window.c, at.filters}, DType::float32) {
    RandomStream random({.purpose = Purpose::study});
    for (Tensor* tensor : {&x, &y, &kernel})
      for (float& value : tensor->as<float>()) value = static_cast<float>(random.uniform(-1, 1));
  }
  Tensor x, y, kernel;
};

template <class Prepared, class Run>
void measure(benchmark::State& state, const Problem& at, const Prepared& prepared, Run run) {
  const AlignedBuffer scratch(prepared.scratch_bytes);
  Tensors tensors(at);
  run(tensors, scratch.data());
  for (auto _ : state) run(tensors, scratch.data());
  state.SetLabel(prepared.name);
  state.counters["flops"] = benchmark::Counter(at.flops(), benchmark::Counter::kIsIterationInvariantRate);
}

void forward(benchmark::State& state, const Problem& at) {
  const Threads threads;
  threads.bind();
  const auto prepared = prepare_convolution(at.window, at.filters, false, Activation::linear, Machine::here(), threads);
  measure(state, at, prepared, [&](Tensors& t, std::byte* scratch) {
    prepared.run(t.x.as<float>().data(), t.kernel.as<float>().data(), nullptr, t.y.as<float>().data(), scratch);
  });
}

void data_gradient(benchmark::State& state, const Problem& at) {
  const Threads threads;
  threads.bind();
  const auto prepared = prepare_convolution_data_gradient(at.window, at.filters, Machine::here(), threads);
  measure(state, at, prepared, [&](Tensors& t, std::byte* scratch) {
    prepared.run(t.y.as<float>().data(), t.kernel.as<float>().data(), t.x.as<float>().data(), scratch);
  });
}

void kernel_gradient(benchmark::State& state, const Problem& at) {
  const Threads threads;
  threads.bind();
  const auto prepared = prepare_convolution_kernel_gradient(at.window, at.filters, Machine::here(), threads);
  measure(state, at, prepared, [&](Tensors& t, std::byte* scratch) {
    prepared.run(t.x.as<float>().data(), t.y.as<float>().data(), t.kernel.as<float>().data(), scratch);
  });
}

const int kRegistered = [] {
  for (const Problem& at : problems()) {
    benchmark::RegisterBenchmark((at.name + "/forward").c_str(), forward, at)->UseRealTime();
    benchmark::RegisterBenchmark((at.name + "/data_gradient").c_str(), data_gradient, at)->UseRealTime();
    benchmark::RegisterBenchmark((at.name + "/kernel_gradient").c_str(), kernel_gradient, at)->UseRealTime();
  }
  return 0;
}();

}  // namespace
