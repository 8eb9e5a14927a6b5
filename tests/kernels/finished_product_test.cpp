#include "evenkeel/kernels/matmul/finished_product.h"

#include "evenkeel/kernels/convolution/pointwise_tiled.h"
#include "evenkeel/kernels/elementwise/activation_reference.h"
#include "evenkeel/kernels/matmul/gemm_reference.h"
#include "tests/kernels/convolution_cases.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

struct ProductSize {
  std::int64_t rows, depth, columns;
};

/// Rows and columns around those of a tile; more rows than a block has; parts of rows and of columns for three threads.
constexpr ProductSize kSizes[] = {{1, 1, 1},    {2, 5, 3},      {5, 16, 8},   {7, 24, 17},
                                  {8, 3, 24},   {9, 40, 25},    {49, 30, 96}, {13, 64, 160},
                                  {61, 17, 33}, {1000, 70, 16}, {50, 600, 7}, {400, 1, 100}};

/// A product with everything that can come after it.
class Product {
 public:
  explicit Product(ProductSize size)
      : size_(size),
        a_(random_values(size.rows * size.depth, 1)),
        b_(random_values(size.depth * size.columns, 2)),
        bias_(random_values(size.columns, 3)),
        addend_(random_values(size.rows * size.columns, 4)) {}

  std::vector<float>& a() { return a_; }

  std::vector<float> result(Activation f, bool has_bias, bool has_addend, const Threads& threads) const {
    const auto packed = Poisoned::floats(tiles::packed_numbers(size_.depth, size_.columns));
    const auto c = Poisoned::floats(size_.rows * size_.columns);
    tiles::pack_columns(b_.data(), size_.depth, size_.columns, packed.as_floats(), threads);
    tiles::multiply_and_finish({.rows = size_.rows,
                                .depth = size_.depth,
                                .columns = size_.columns,
                                .a = a_.data(),
                                .packed = packed.as_floats(),
                                .bias = has_bias ? bias_.data() : nullptr,
                                .addend = has_addend ? addend_.data() : nullptr,
                                .f = f,
                                .c = c.as_floats()},
                               threads);
    EXPECT_TRUE(packed.fences_stand() && c.fences_stand());
    return c.copy();
  }

  std::vector<double> expected(Activation f, bool has_bias, bool has_addend) const {
    const std::vector<double> a = in_double(a_), b = in_double(b_);
    std::vector<double> c(addend_.size());
    reference::gemm(Transpose::no, Transpose::no, size_.rows, size_.columns, size_.depth, a.data(), b.data(), c.data());
    for (std::size_t i = 0; i < c.size(); ++i) {
      if (has_bias) c[i] += double{bias_[i % bias_.size()]};
      if (has_addend) c[i] += double{addend_[i]};
    }
    reference::activate<double>(f, c, c);
    return c;
  }

 private:
  ProductSize size_;
  std::vector<float> a_, b_, bias_, addend_;
};

class FinishedProduct : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(FinishedProduct);

TEST_P(FinishedProduct, IsTheReference) {
  for (const ProductSize& size : kSizes) {
    SCOPED_TRACE(fmt::format("{} {} {}", size.rows, size.depth, size.columns));
    const Product product(size);
    for (const Activation f : {Activation::linear, Activation::relu, Activation::relu6, Activation::silu})
      for (const bool has_bias : {false, true})
        for (const bool has_addend : {false, true})
          for_threads([&](const Threads& threads) {
            EXPECT_LE(relative_distance(product.result(f, has_bias, has_addend, threads),
                                        product.expected(f, has_bias, has_addend)),
                      rounding(size.depth + 2));
          });
  }
}

TEST_P(FinishedProduct, HasTheSameBitsWithAnyNumberOfThreads) {
  const Product product({49, 160, 200});
  const auto with = [&](int threads) { return product.result(Activation::hard_swish, true, true, Threads(threads)); };
  EXPECT_EQ(with(1), with(2));
  EXPECT_EQ(with(1), with(3));
}

TEST_P(FinishedProduct, CarriesANan) {
  for (const Activation f : {Activation::linear, Activation::relu, Activation::relu6, Activation::silu}) {
    Product product({10, 4, 30});
    product.a()[4 * 7 + 2] = std::numeric_limits<float>::quiet_NaN();  // in row 7
    const std::vector<float> c = product.result(f, true, false, Threads(1));
    for (std::size_t i = 0; i < c.size(); ++i) EXPECT_EQ(std::isnan(c[i]), i / 30 == 7) << i;
  }
}

/// The kernel's name, or nothing, on such a processor.
std::string name_on(const Machine& machine, const Case& at, bool is_constant) {
  const Threads threads(1);
  const std::vector<TensorType> in = {{{at.window.n, at.window.h, at.window.w, at.window.c}, DType::float32},
                                      {{1, 1, at.window.c, at.filters}, DType::float32}};
  const std::vector<TensorType> out = {{{at.window.n, at.window.oh, at.window.ow, at.filters}, DType::float32}};
  const std::vector<char> constant = {0, static_cast<char>(is_constant)};
  return choose(Convolution{.window = at.window}, {in, out, machine, threads, DType::float32, constant}).name;
}

TEST(PointwiseTiles, ServeWhereAVectorOf512BitsIsNotFaster) {
  const Case at = make_case(Geometry{.n = 1, .image = {7, 7}, .c = 20, .filters = 30, .kernel = {1, 1}});
  Machine machine;
  machine.avx2 = true;
  EXPECT_EQ(name_on(machine, at, true), "register tiles, pointwise");
  EXPECT_EQ(name_on(machine, at, false), "gemm, pointwise") << "49 pixels do not repay packing the kernel each time";
  machine.avx512 = true;
  EXPECT_EQ(name_on(machine, at, true), "gemm, pointwise");
  machine.avx512_in_halves = true;
  EXPECT_EQ(name_on(machine, at, true), "register tiles, pointwise");
}

}  // namespace
}  // namespace evenkeel::kernels
