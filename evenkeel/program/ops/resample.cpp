#include "evenkeel/program/ops/resample.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

void require_resampled(const Shape& x, std::int64_t h, std::int64_t w) {
  constexpr std::int64_t kLongestSide = 65536;
  if (x.rank() != 4) throw Error{{.where = "input", .expected = "images [N, H, W, C]", .received = to_string(x)}};
  if (std::max({x[1], x[2], h, w}) > kLongestSide)
    throw Error{{.where = "input",
                 .expected = fmt::format("sides of at most {} pixels, here and in the output", kLongestSide),
                 .received = fmt::format("{}x{}, and {}x{} in the output", x[1], x[2], h, w)}};
}

std::vector<TensorType> Resample::infer(std::span<const TensorType> in) const {
  const Shape& x = in[0].shape;
  require_rank(in[0], 4, "input", "images [N, H, W, C]");
  if (x[1] != rows_.inputs() || x[2] != columns_.inputs())
    throw Error{{.where = "input",
                 .expected = fmt::format("images of {}x{}", rows_.inputs(), columns_.inputs()),
                 .received = to_string(x)}};
  return {{{x[0], rows_.outputs(), columns_.outputs(), x[3]}, in[0].dtype}};
}

void Resample::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(Resample(rows_.transposed(), columns_.transposed(), what_ + " transposed"), {g.of_output(0)}));
}

Kernel Resample::choose(const KernelRequest& r) const {
  const Shape& x = r.inputs[0].shape;
  return kernels::choose(kernels::Resample{{.n = x[0], .c = x[3], .rows = rows_, .columns = columns_}}, r);
}

}  // namespace evenkeel::ops
