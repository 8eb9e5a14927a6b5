#include "evenkeel/kernels/convolution/convolution_tiled.h"

#include <memory>

#include "evenkeel/kernels/convolution/tile_walk.h"

namespace evenkeel::kernels::tiled {
namespace {

constexpr const char* kTiles = "register tiles";

bool is_a_window(const Window& at) { return at.groups == 1 && at.n > 0 && at.kernel_h * at.kernel_w > 1; }

}  // namespace

// The thresholds are measured on AMD's Zen 3 beside oneDNN 2.6, on the convolutions of ResNet-18 and of the three
// studies: at least 1.05 times as fast within them, and mostly slower outside of them.
std::optional<PreparedForward<float>> convolution(const Window& window, std::int64_t filters, bool, Activation f,
                                                  const Machine& machine, const Threads& threads) {
  if (!repays_tiles(machine) || !is_a_window(window) || window.c < 30 || filters < 32) return std::nullopt;
  return prepare_convolution(window, filters, f, threads);
}

std::optional<PreparedDataGradient<float>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine& machine, const Threads& threads) {
  if (!repays_tiles(machine) || !is_a_window(window) || window.c < 32 || filters < 40) return std::nullopt;
  return prepare_data_gradient(window, filters, threads);
}

PreparedForward<float> prepare_convolution(const Window& window, std::int64_t filters, Activation f,
                                           const Threads& threads) {
  const auto walk = std::make_shared<const TileWalk>(TileWalk::forward(window, filters));
  const std::size_t packed_bytes = walk->packed_bytes();
  const auto pack = [=](const float* kernel, std::byte* packed, std::byte*) {
    walk->pack(kernel, reinterpret_cast<float*>(packed), threads);
  };
  const auto compute = [=](const float* x, const std::byte* packed, const float* bias, float* y, std::byte* scratch) {
    walk->run(x, reinterpret_cast<const float*>(packed), bias, f, y, scratch + packed_bytes, threads);
  };
  return PreparedForward<float>{
      .name = kTiles,
      .scratch_bytes = packed_bytes + walk->scratch_bytes(threads),
      .run =
          [=](const float* x, const float* kernel, const float* bias, float* y, std::byte* scratch) {
            pack(kernel, scratch, nullptr);
            compute(x, scratch, bias, y, scratch);
          },
      .pack = pack,
      .packed_bytes = packed_bytes,
      .run_packed = compute};
}

PreparedDataGradient<float> prepare_data_gradient(const Window& window, std::int64_t filters, const Threads& threads) {
  const auto walk = std::make_shared<const TileWalk>(TileWalk::data_gradient(window, filters));
  const std::size_t packed_bytes = walk->packed_bytes();
  return PreparedDataGradient<float>{.name = kTiles,
                                     .scratch_bytes = packed_bytes + walk->scratch_bytes(threads),
                                     .run = [=](const float* dy, const float* kernel, float* dx, std::byte* scratch) {
                                       walk->pack(kernel, reinterpret_cast<float*>(scratch), threads);
                                       walk->run(dy, reinterpret_cast<const float*>(scratch), nullptr,
                                                 Activation::linear, dx, scratch + packed_bytes, threads);
                                     }};
}

}  // namespace evenkeel::kernels::tiled
