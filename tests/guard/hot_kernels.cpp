// The kernels of the library's own that training spends its time in, each called once on a fixed shape, on one thread.
// Under callgrind each call's instructions are written apart:
//   valgrind --tool=callgrind --callgrind-out-file=FILE hot_kernels
// leaves FILE.1, FILE.2, ... whose "desc: Trigger: Client Request: NAME" says which call it was.
#include <valgrind/callgrind.h>

#include <cstdio>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/kernels/loss/losses.h"
#include "evenkeel/kernels/noise/dropout.h"
#include "evenkeel/kernels/normalization/batch_norm.h"
#include "evenkeel/kernels/optimizer/optimizers.h"
#include "evenkeel/kernels/pooling/pooling.h"
#include "evenkeel/tensor/tensor.h"

namespace {

using namespace evenkeel;
using Floats = std::vector<float>;

/// `size` values in [-1, 1], the same everywhere.
Floats values(std::int64_t size, std::uint64_t seed) {
  RandomStream random({.seed = seed, .purpose = Purpose::study});
  Floats result(static_cast<std::size_t>(size));
  for (float& v : result) v = static_cast<float>(random.uniform(-1, 1));
  return result;
}

/// Memory as a program plans it for its kernels.
kernels::Scratch planned() {
  static const AlignedBuffer memory(1 << 22);
  return {memory.data(), memory.size()};
}

/// Runs `kernel` once to warm up (dispatch, memory touched), then once counted under `name`.
template <class Kernel>
void count(const char* name, Kernel kernel) {
  kernel();
  CALLGRIND_ZERO_STATS;
  kernel();
  CALLGRIND_DUMP_STATS_AT(name);
}

/// A feature map of 4096 pixels; 30 channels do not fill their last vector.
void normalization(const Threads& threads) {
  constexpr std::int64_t kRows = 4096, kChannels = 30;
  Floats x = values(kRows * kChannels, 1), dy = values(kRows * kChannels, 2), y(x), dx(x);
  Floats mean(kChannels), variance(kChannels), scale(kChannels, 1.5f), shift(kChannels, 0.1f);
  Floats dgamma(kChannels), dbeta(kChannels);
  const kernels::Matrix<float> xs{x.data(), kRows, kChannels}, ys{y.data(), kRows, kChannels};
  const kernels::Matrix<float> dys{dy.data(), kRows, kChannels}, dxs{dx.data(), kRows, kChannels};
  const auto relu = kernels::Activation::relu, elu = kernels::Activation::elu;
  count("channel_moments", [&] { kernels::channel_moments(xs, mean, variance, threads, planned()); });
  count("scale_shift_elu", [&] { kernels::scale_shift(xs, scale, shift, elu, ys, threads, planned()); });
  count("batch_norm_sums_relu",
        [&] { kernels::batch_norm_sums(xs, ys, dys, mean, scale, relu, dgamma, dbeta, threads, planned()); });
  count("batch_norm_data_gradient_relu", [&] {
    kernels::batch_norm_data_gradient(xs, ys, dys, mean, scale, dgamma, dbeta, relu, dxs, threads, planned());
  });
}

void pooling(const Threads& threads) {
  const kernels::Window window{.n = 4,
                               .h = 32,
                               .w = 32,
                               .c = 16,
                               .kernel_h = 2,
                               .kernel_w = 2,
                               .stride_h = 2,
                               .stride_w = 2,
                               .oh = 16,
                               .ow = 16};
  const Floats x = values(4 * 32 * 32 * 16, 3), dy = values(4 * 16 * 16 * 16, 4);
  Floats y(dy.size()), dx(x.size());
  count("max_pool", [&] { kernels::max_pool(window, x, y, threads, planned()); });
  count("max_pool_gradient", [&] { kernels::max_pool_gradient(window, x, y, dy, dx, threads); });
}

void blocks(const Threads& threads) {
  constexpr std::int64_t kSize = 100'003;
  const Floats x = values(kSize, 5);
  Floats y(x.size()), m(x.size()), v(x.size());
  count("dropout", [&] { kernels::dropout(x, 0.3f, {.seed = 1, .purpose = Purpose::dropout}, y, threads); });
  count("adam", [&] { kernels::adam(y, x, m, v, 1e-3f, 0.9f, 0.999f, 1e-7f, {}, threads); });
}

void losses(const Threads& threads) {
  constexpr std::int64_t kRows = 500, kClasses = 10;
  Floats logits = values(kRows * kClasses, 6), targets(logits.size()), dlogits(logits.size());
  Floats loss(kRows), dloss(kRows, 1.0f);
  for (std::size_t row = 0; row < kRows; ++row) targets[row * kClasses + row % kClasses] = 1;
  const kernels::Matrix<float> z{logits.data(), kRows, kClasses}, t{targets.data(), kRows, kClasses};
  const kernels::Matrix<float> dz{dlogits.data(), kRows, kClasses};
  count("softmax_cross_entropy", [&] { kernels::softmax_cross_entropy(z, t, loss, threads); });
  count("softmax_cross_entropy_gradient", [&] { kernels::softmax_cross_entropy_gradient(z, t, dloss, dz, threads); });
}

}  // namespace

int main() {
  const Threads one(1);
  normalization(one);
  pooling(one);
  blocks(one);
  losses(one);
}
