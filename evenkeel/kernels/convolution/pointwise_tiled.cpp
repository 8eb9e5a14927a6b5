#include "evenkeel/kernels/convolution/pointwise_tiled.h"

#include "evenkeel/kernels/convolution/convolution_tiled.h"
#include "evenkeel/kernels/convolution/pointwise.h"
#include "evenkeel/kernels/matmul/finished_product.h"

namespace evenkeel::kernels::tiled {
namespace {

bool is_faster(const Window& at, bool is_packed, const Machine& machine) {
  constexpr std::int64_t kLeastPixels = 128;  // that repay packing the kernel
  if (!machine.avx512_in_halves && !repays_tiles(machine)) return false;
  return at.h * at.w > 1 && (is_packed || at.n * at.h * at.w >= kLeastPixels);
}

}  // namespace

std::optional<Kernel> pointwise(const Convolution& task, const KernelRequest& request) {
  const Window& at = task.window;
  const bool is_constant = request.is_constant(1);
  if (!as_matmul::is_product_in_place(at) || !is_faster(at, is_constant, request.machine)) return std::nullopt;
  const std::int64_t filters = request.outputs[0].shape[3];
  const std::size_t bytes = scratch_of<float>(tiles::packed_numbers(at.c, filters));
  const auto pack = [=](const KernelCall& c, std::byte* packed) {
    tiles::pack_columns(c.in<float>(1).data(), at.c, filters, reinterpret_cast<float*>(packed), c.threads());
  };
  const auto compute = [=, f = task.f](const KernelCall& c, const std::byte* packed) {
    tiles::multiply_and_finish({.rows = at.n * at.h * at.w,
                                .depth = at.c,
                                .columns = filters,
                                .a = c.in<float>(0).data(),
                                .packed = reinterpret_cast<const float*>(packed),
                                .bias = c.in_if_any<float>(2).data(),
                                .addend = c.in_if_any<float>(3).data(),
                                .f = f,
                                .c = c.out<float>(0).data()},
                               c.threads());
  };
  Kernel kernel{.name = "register tiles, pointwise", .run = {}};
  if (is_constant) {
    kernel.prepared_bytes = bytes;
    kernel.prepare = [=](const KernelCall& c) { pack(c, c.prepared()); };
    kernel.run = [=](const KernelCall& c) { compute(c, c.prepared()); };
  } else {
    kernel.scratch_bytes = bytes;
    kernel.run = [=](const KernelCall& c) {
      pack(c, c.scratch().data());
      compute(c, c.scratch().data());
    };
  }
  return kernel;
}

}  // namespace evenkeel::kernels::tiled
