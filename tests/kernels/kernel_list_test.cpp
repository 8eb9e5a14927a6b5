#include "evenkeel/kernels/kernel_list.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"

namespace evenkeel::kernels {
namespace {

struct Task {
  bool is_small = false;
};

/// A list of two for float and bfloat16, of which the first serves small tasks only, and one for double.
Kernel choose(const Task& task, const KernelRequest& request) {
  const auto small = [](const Task& t, const KernelRequest&, auto) -> std::optional<Kernel> {
    if (!t.is_small) return std::nullopt;
    return Kernel{.name = "small", .run = {}};
  };
  return first_that_serves(task, request,
                           {{kFloats, small},
                            {"any", kFloat, [](const Task&, const KernelCall&, float) {},
                             [](const Task&, const KernelRequest&) { return std::size_t{64}; }},
                            {"reference", kDouble, [](const Task&, const KernelCall&, double) {}}});
}

Kernel chosen(const Task& task, DType element, DType real) {
  const std::vector<TensorType> inputs = {{{2, 3}, element}};
  const Machine& machine = Machine::here();
  const Threads threads(1);
  return choose(task, {inputs, inputs, machine, threads, real});
}

TEST(KernelList, IsReadFromTheTop) {
  EXPECT_EQ(chosen({.is_small = true}, DType::float32, DType::float32).name, "small");
}

TEST(KernelList, PassesOverWhatDoesNotServe) {
  const Kernel kernel = chosen({}, DType::float32, DType::float32);
  EXPECT_EQ(kernel.name, "any");
  EXPECT_EQ(kernel.scratch_bytes, 64u);
}

TEST(KernelList, IsAskedForTheTypeOfTheElements) {
  EXPECT_EQ(chosen({.is_small = true}, DType::bfloat16, DType::float32).name, "small");
  EXPECT_EQ(chosen({.is_small = true}, DType::float64, DType::float64).name, "reference");
  EXPECT_EQ(chosen({.is_small = true}, DType::int32, DType::float64).name, "reference") << "labels: of the parameters";
}

TEST(KernelList, RefusesATypeThatItHasNothingFor) { EXPECT_THROW(chosen({}, DType::bfloat16, DType::float32), Error); }

}  // namespace
}  // namespace evenkeel::kernels
