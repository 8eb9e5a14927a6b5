// The memory-bound kernels at the shapes of the three workloads (design, section 7), at all cores. `bytes_per_second`
// counts what a kernel must read and write; `of_copy` is its ratio to that of a memcpy of as many bytes, measured in
// the same run: 1 is as fast as memory goes. For one core: taskset -c 0. Filter by "W3", "adam", ...
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/kernels/elementwise/combine.h"
#include "evenkeel/kernels/noise/dropout.h"
#include "evenkeel/kernels/noise/uout.h"
#include "evenkeel/kernels/normalization/batch_norm.h"
#include "evenkeel/kernels/normalization/batch_norm_pool.h"
#include "evenkeel/kernels/normalization/group_norm.h"
#include "evenkeel/kernels/optimizer/optimizers.h"
#include "evenkeel/kernels/pooling/pooling.h"
#include "evenkeel/kernels/resize/resample.h"
#include "evenkeel/tensor/tensor.h"

namespace {

using namespace evenkeel;
using namespace evenkeel::kernels;

const Threads& threads() {
  static const Threads all;
  return all;
}

/// Memory as a program plans it for its kernels.
Scratch planned() {
  static const AlignedBuffer memory(std::size_t{1} << 26);
  return {memory.data(), memory.size()};
}

std::vector<float> values(std::int64_t n, std::uint32_t index) {
  RandomStream stream({.purpose = Purpose::study, .index = index});
  std::vector<float> result(static_cast<std::size_t>(n));
  for (float& value : result) value = static_cast<float>(stream.uniform(-1, 1));
  return result;
}

/// Bytes read and written per second by a threaded memcpy that moves about `bytes` in all: the best of several.
double copy_rate(std::int64_t bytes) {
  static std::map<std::int64_t, double> known;
  const auto [place, is_new] = known.try_emplace(bytes);
  if (!is_new) return place->second;
  const AlignedBuffer from(static_cast<std::size_t>(bytes / 2)), to(from.size());
  std::memset(from.data(), 1, from.size());
  const auto copies = std::max<std::int64_t>(1, (std::int64_t{1} << 23) / bytes);
  for (int attempt = 0; attempt < 30; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < copies; ++i)
      threads().parallel(bytes / 2, 1 << 16, [&](std::int64_t begin, std::int64_t end, int) {
        std::memcpy(to.data() + begin, from.data() + begin, static_cast<std::size_t>(end - begin));
      });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    place->second = std::max(place->second, static_cast<double>(bytes * copies) / took.count());
  }
  return place->second;
}

/// Measures `run`, which moves so many bytes.
template <class Run>
void measure(benchmark::State& state, std::int64_t bytes, Run run) {
  const double rate = copy_rate(bytes);
  for (auto _ : state) {
    run();
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * bytes);
  state.counters["of_copy"] =
      benchmark::Counter(static_cast<double>(bytes) / rate, benchmark::Counter::kIsIterationInvariantRate);
}

/// Activations of one layer: [images, side, side, channels].
struct Layer {
  const char* workload;
  std::int64_t images, side, channels;

  std::int64_t rows() const { return images * side * side; }
  std::int64_t size() const { return rows() * channels; }
  std::string name() const { return fmt::format("{}/{}x{}x{}x{}", workload, images, side, side, channels); }
  Matrix<const float> matrix(const std::vector<float>& data) const { return {data.data(), rows(), channels}; }
  Matrix<float> matrix(std::vector<float>& data) const { return {data.data(), rows(), channels}; }
};
constexpr Layer kLayers[] = {{"W1", 250, 32, 16}, {"W1", 250, 16, 32},  {"W1", 250, 8, 64},
                             {"W2", 500, 15, 30}, {"W2", 500, 1, 7260}, {"W3", 64, 28, 4},
                             {"W3", 64, 14, 12},  {"W3", 64, 7, 24},    {"W3", 64, 1, 76}};

void channel_moments_of(benchmark::State& state, const Layer& layer) {
  const std::vector<float> x = values(layer.size(), 0);
  std::vector<float> mean(static_cast<std::size_t>(layer.channels)), variance(mean.size());
  measure(state, 4 * layer.size(), [&] { channel_moments(layer.matrix(x), mean, variance, threads(), planned()); });
}

void scale_shift_of(benchmark::State& state, const Layer& layer, Activation f) {
  const std::vector<float> x = values(layer.size(), 0), scale = values(layer.channels, 1), shift = scale;
  std::vector<float> y(x.size());
  measure(state, 8 * layer.size(),
          [&] { scale_shift(layer.matrix(x), scale, shift, f, layer.matrix(y), threads(), planned()); });
}

void batch_norm_sums_of(benchmark::State& state, const Layer& layer) {
  const std::vector<float> x = values(layer.size(), 0), y = values(layer.size(), 1), dy = values(layer.size(), 2);
  const std::vector<float> mean = values(layer.channels, 3), inv_std = mean;
  std::vector<float> dgamma(mean.size()), dbeta(mean.size());
  measure(state, 12 * layer.size(), [&] {
    batch_norm_sums(layer.matrix(x), layer.matrix(y), layer.matrix(dy), mean, inv_std, Activation::relu, dgamma, dbeta,
                    threads(), planned());
  });
}

void data_gradient_of(benchmark::State& state, const Layer& layer) {
  const std::vector<float> x = values(layer.size(), 0), y = values(layer.size(), 1), dy = values(layer.size(), 2);
  const std::vector<float> mean = values(layer.channels, 3), a = mean, b = mean, c0 = mean;
  std::vector<float> dx(x.size());
  measure(state, 16 * layer.size(), [&] {
    batch_norm_data_gradient(layer.matrix(x), layer.matrix(y), layer.matrix(dy), mean, a, b, c0, Activation::relu,
                             layer.matrix(dx), threads(), planned());
  });
}

Window halving(const Layer& layer) {
  return {.n = layer.images,
          .h = layer.side,
          .w = layer.side,
          .c = layer.channels,
          .kernel_h = 2,
          .kernel_w = 2,
          .stride_h = 2,
          .stride_w = 2,
          .oh = layer.side / 2,
          .ow = layer.side / 2};
}

void max_pool_of(benchmark::State& state, const Layer& layer) {
  const std::vector<float> x = values(layer.size(), 0);
  std::vector<float> y(x.size() / 4);
  measure(state, 5 * layer.size(), [&] { max_pool(halving(layer), x, y, threads(), planned()); });
}

void max_pool_gradient_of(benchmark::State& state, const Layer& layer) {
  const std::vector<float> x = values(layer.size(), 0), dy = values(layer.size() / 4, 1);
  std::vector<float> y(dy.size()), dx(x.size());
  max_pool(halving(layer), x, y, threads(), planned());
  measure(state, 10 * layer.size(), [&] { max_pool_gradient(halving(layer), x, y, dy, dx, threads()); });
}

/// Images of twice the height and width, or the gradient of that.
void upsampling_of(benchmark::State& state, const Layer& layer, const Taps& taps, bool backward) {
  Resampling map{layer.images, layer.channels, taps, taps};
  std::vector<float> x = values(layer.size(), 0), y = values(4 * layer.size(), 1);
  if (backward) {
    map.rows = map.columns = taps.transposed();
    std::swap(x, y);
  }
  measure(state, 20 * layer.size(), [&] { resample(map, x, y, threads(), planned()); });
}

/// The arguments of the fused kernels.
struct Pooled {
  explicit Pooled(const Layer& layer)
      : x(values(layer.size(), 0)),
        dy(values(layer.size() / 4, 1)),
        y(dy.size()),
        per_channel(values(layer.channels, 2)),
        of{halving(layer), Activation::elu, per_channel, per_channel} {
    batch_norm_pool(of, x, y, threads(), planned());
  }

  std::vector<float> x, dy, y, per_channel;
  PooledNormalization<float> of;
};

void batch_norm_pool_of(benchmark::State& state, const Layer& layer) {
  Pooled at(layer);
  measure(state, 5 * layer.size(), [&] { batch_norm_pool(at.of, at.x, at.y, threads(), planned()); });
}

void batch_norm_pool_sums_of(benchmark::State& state, const Layer& layer) {
  const Pooled at(layer);
  std::vector<float> dgamma(at.per_channel.size()), dbeta(dgamma.size());
  measure(state, 6 * layer.size(), [&] {
    batch_norm_pool_sums(at.of, at.x, at.y, at.dy, at.per_channel, at.per_channel, dgamma, dbeta, threads(), planned());
  });
}

void batch_norm_pool_gradient_of(benchmark::State& state, const Layer& layer) {
  const Pooled at(layer);
  const std::vector<float>& c = at.per_channel;
  std::vector<float> dx(at.x.size());
  measure(state, 10 * layer.size(),
          [&] { batch_norm_pool_data_gradient(at.of, at.x, at.y, at.dy, c, c, c, c, dx, threads(), planned()); });
}

/// The gate of squeeze and excitation: one number for each channel of an image.
Repetition gate_of(const Layer& layer) {
  return {.outer = layer.images, .middle = layer.side * layer.side, .inner = layer.channels};
}

void gate_of_image(benchmark::State& state, const Layer& layer) {
  const Repetition over = gate_of(layer);
  const std::vector<float> x = values(layer.size(), 0), gate = values(over.small(), 1);
  std::vector<float> y(x.size());
  measure(state, 8 * layer.size(), [&] { combine(Combination::product, over, x, gate, y, threads(), planned()); });
}

void gate_gradient_of(benchmark::State& state, const Layer& layer) {
  const Repetition over = gate_of(layer);
  const std::vector<float> x = values(layer.size(), 0), dy = values(layer.size(), 1), gate = values(over.small(), 2);
  std::vector<float> dx(x.size()), dgate(gate.size());
  measure(state, 12 * layer.size(),
          [&] { combine_gradient(Combination::product, over, x, gate, dy, dx, dgate, threads(), planned()); });
}

void dropout_of(benchmark::State& state, const Layer& layer) {
  const std::vector<float> x = values(layer.size(), 0);
  std::vector<float> y(x.size());
  measure(state, 8 * layer.size(), [&] { dropout(x, 0.3f, {.seed = 1}, y, threads()); });
}

void uout_of(benchmark::State& state, const Layer& layer) {
  const std::vector<float> x = values(layer.size(), 0);
  std::vector<float> y(x.size());
  measure(state, 8 * layer.size(), [&] { uout(x, 0.3f, {.seed = 1, .purpose = Purpose::uout}, y, threads()); });
}

void gaussian_dropout_of(benchmark::State& state, const Layer& layer) {
  const std::vector<float> x = values(layer.size(), 0);
  std::vector<float> y(x.size());
  measure(state, 8 * layer.size(), [&] { gaussian_dropout(x, 0.3f, {.seed = 1}, y, threads()); });
}

/// Each position by itself (layer normalization), or two groups of an image's channels.
Grouping grouping_of(const Layer& layer, bool per_position) {
  const std::int64_t places = layer.size() / layer.channels;
  const std::int64_t samples = per_position ? places : places / (layer.side * layer.side);
  const std::int64_t groups = !per_position && layer.channels % 2 == 0 ? 2 : 1;
  return {.samples = samples, .positions = places / samples, .channels = layer.channels, .groups = groups};
}

/// Operands of the kernels of group_norm.h.
struct Grouped {
  Grouped(const Layer& layer, bool per_position)
      : grouping(grouping_of(layer, per_position)),
        x(values(layer.size(), 0)),
        dy(values(layer.size(), 1)),
        per_channel(values(layer.channels, 2)),
        y(x.size()),
        mean(static_cast<std::size_t>(grouping.statistics())),
        inv_std(mean.size()),
        dgamma(per_channel.size()),
        dbeta(per_channel.size()) {
    forward();
  }
  void forward() { group_norm(x, grouping, 1e-3, per_channel, per_channel, y, mean, inv_std, threads(), planned()); }
  void backward() {
    group_norm_gradient(x, dy, grouping, per_channel, mean, inv_std, y, dgamma, dbeta, threads(), planned());
  }

  Grouping grouping;
  std::vector<float> x, dy, per_channel, y, mean, inv_std, dgamma, dbeta;
};

void group_norm_of(benchmark::State& state, const Layer& layer, bool per_position) {
  Grouped at(layer, per_position);
  measure(state, 8 * layer.size(), [&] { at.forward(); });
}

void group_norm_gradient_of(benchmark::State& state, const Layer& layer, bool per_position) {
  Grouped at(layer, per_position);
  measure(state, 12 * layer.size(), [&] { at.backward(); });
}

void adam_of(benchmark::State& state, std::int64_t n) {
  std::vector<float> p = values(n, 0), m(p.size()), v(p.size());
  const std::vector<float> g = values(n, 1);
  measure(state, 28 * n, [&] { adam(p, g, m, v, 1e-3f, 0.9f, 0.999f, 1e-7f, {}, threads()); });
}

template <class Kernel>
void add(const std::string& name, Kernel kernel) {
  benchmark::RegisterBenchmark(name.c_str(), kernel)->UseRealTime()->Unit(benchmark::kMicrosecond);
}

const bool kRegistered = [] {
  for (const Layer& layer : kLayers) {
    const auto with_layer = [&](const char* kernel, auto measured) {
      add(fmt::format("{}/{}", kernel, layer.name()), [=](benchmark::State& state) { measured(state, layer); });
    };
    with_layer("channel_moments", channel_moments_of);
    with_layer("scale_shift_relu", [](auto& state, auto& at) { scale_shift_of(state, at, Activation::relu); });
    with_layer("scale_shift_elu", [](auto& state, auto& at) { scale_shift_of(state, at, Activation::elu); });
    with_layer("scale_shift_silu", [](auto& state, auto& at) { scale_shift_of(state, at, Activation::silu); });
    with_layer("scale_shift_gelu", [](auto& state, auto& at) { scale_shift_of(state, at, Activation::gelu); });
    with_layer("gate", gate_of_image);
    with_layer("gate_gradient", gate_gradient_of);
    with_layer("batch_norm_sums", batch_norm_sums_of);
    with_layer("data_gradient", data_gradient_of);
    with_layer("dropout", dropout_of);
    with_layer("uout", uout_of);
    with_layer("gaussian_dropout", gaussian_dropout_of);
    with_layer("layer_norm", [](auto& state, auto& at) { group_norm_of(state, at, true); });
    with_layer("layer_norm_gradient", [](auto& state, auto& at) { group_norm_gradient_of(state, at, true); });
    with_layer("group_norm", [](auto& state, auto& at) { group_norm_of(state, at, false); });
    with_layer("group_norm_gradient", [](auto& state, auto& at) { group_norm_gradient_of(state, at, false); });
    for (const bool backward : {false, true}) {
      const std::string gradient = backward ? "_gradient" : "";
      with_layer(("upsampling_nearest" + gradient).c_str(), [backward](auto& state, auto& at) {
        upsampling_of(state, at, Taps::nearest(at.side, 2 * at.side), backward);
      });
      with_layer(("upsampling_bilinear" + gradient).c_str(), [backward](auto& state, auto& at) {
        upsampling_of(state, at, Taps::linear(at.side, 2 * at.side, false), backward);
      });
    }
    if (layer.side % 2 != 0) continue;
    with_layer("max_pool", max_pool_of);
    with_layer("max_pool_gradient", max_pool_gradient_of);
    with_layer("batch_norm_pool", batch_norm_pool_of);
    with_layer("batch_norm_pool_sums", batch_norm_pool_sums_of);
    with_layer("batch_norm_pool_gradient", batch_norm_pool_gradient_of);
  }
  for (const auto& [name, n] : {std::pair{"adam/W1", 553850}, {"adam/W2", 27900000}, {"adam/W3", 280000}})
    add(name, [n = n](benchmark::State& state) { adam_of(state, n); });
  return true;
}();

}  // namespace
