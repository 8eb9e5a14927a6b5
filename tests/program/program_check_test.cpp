#include "tests/support/program_check.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/elementwise.h"

// A check that finds nothing proves nothing: here it meets ops with one fault each.

namespace evenkeel {
namespace {

enum class Fault { none, gradient, no_gradient, reads_its_output, overwrites_its_input, float_differs, remembers };

/// y = 3 x, with a fault.
class Triple final : public Op {
 public:
  explicit Triple(Fault fault) : fault_(fault) {}
  std::string_view kind() const override { return "triple"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override { return {in[0]}; }

  void differentiate(Gradients& g) const override {
    if (fault_ == Fault::no_gradient) return;
    g.add(0, g.emit_one(ops::ScaleOffset(fault_ == Fault::gradient ? 3.0001 : 3.0, 0), {g.of_output(0)}));
  }

  std::vector<std::pair<int, int>> in_place() const override {
    if (fault_ == Fault::overwrites_its_input) return {{0, 0}};
    return {};
  }

  Kernel choose(const KernelRequest& request) const override {
    const auto run = [fault = fault_, calls = std::make_shared<int>()]<class T>(const KernelCall& c, T factor) {
      const auto x = c.in<T>(0);
      const auto y = c.out<T>(0);
      const T old = fault == Fault::reads_its_output ? y[0] * T{0} : T{0};
      const T memory = fault == Fault::remembers ? static_cast<T>((*calls)++) : T{0};
      if (fault == Fault::overwrites_its_input) std::ranges::fill(y, T{0});
      for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * factor + old + memory;
    };
    const float factor = fault_ == Fault::float_differs ? 3.0001f : 3.0f;
    if (request.real == DType::float64) return {.name = "double", .run = [=](const KernelCall& c) { run(c, 3.0); }};
    return {.name = "float", .run = [=](const KernelCall& c) { run(c, factor); }};
  }

 private:
  Fault fault_;
};

/// How many failures the check reports of 3 (x + 1).
int failures_with(Fault fault) {
  testing::TestPartResultArray results;
  testing::ScopedFakeTestPartResultReporter reporter(
      testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
  check_program({.inputs = {{.shape = {7}}}, .emit = [fault](Program& program, std::span<const Value> x) {
                   const Value moved = program.emit_one(ops::ScaleOffset(1, 1), {x[0]});
                   return program.emit_one(Triple(fault), {moved});
                 }});
  return results.size();
}

TEST(ProgramCheck, FindsNothingWhereNothingIsWrong) { EXPECT_EQ(failures_with(Fault::none), 0); }
TEST(ProgramCheck, FindsAWrongGradient) { EXPECT_GT(failures_with(Fault::gradient), 0); }
TEST(ProgramCheck, FindsAMissingGradient) { EXPECT_GT(failures_with(Fault::no_gradient), 0); }
TEST(ProgramCheck, FindsAKernelThatReadsItsOutput) { EXPECT_GT(failures_with(Fault::reads_its_output), 0); }
TEST(ProgramCheck, FindsAFalseClaimToWorkInPlace) { EXPECT_GT(failures_with(Fault::overwrites_its_input), 0); }
TEST(ProgramCheck, FindsAFloatKernelThatDiffers) { EXPECT_GT(failures_with(Fault::float_differs), 0); }
TEST(ProgramCheck, FindsAKernelThatRemembers) { EXPECT_GT(failures_with(Fault::remembers), 0); }

}  // namespace
}  // namespace evenkeel
