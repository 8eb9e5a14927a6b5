#include "evenkeel/program/plan.h"

#include <gtest/gtest.h>

#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/reshape.h"
#include "evenkeel/program/ops/statistics.h"
#include "tests/program/session.h"

namespace evenkeel {
namespace {

/// x [2, 3] -> 2 x -> seen as [6].
struct DoubledAndFlat : Session {
  DoubledAndFlat() {
    const Value x = input("x", {2, 3});
    const Value doubled = program.emit_one(ops::ScaleOffset(2, 0), {x}, "l/double");
    keep(program.emit_one(ops::Reshape(Shape{6}), {doubled}, "l/flat"));
  }
};

TEST(Plan, CountsTheBytesOfAllOperands) {
  DoubledAndFlat run;
  EXPECT_EQ(plan_of(run.executor(), run.step)[0].bytes, 2 * 6 * 4);
}

TEST(Plan, CountsNothingForAView) {
  DoubledAndFlat run;
  EXPECT_EQ(plan_of(run.executor(), run.step)[1].bytes, 0);
}

TEST(Plan, NamesTheKernelOfEachLineThatRuns) {
  DoubledAndFlat run;
  EXPECT_FALSE(plan_of(run.executor(), run.step)[0].kernel.empty());
}

TEST(Plan, CountsNothingForALineThatIsIdleInTheStep) {
  Session run;
  const auto moments = run.program.emit(std::make_shared<const ops::Moments>(0), {run.input("x", {4, 3})});
  run.keep(moments[0]);
  run.step.modes = {LayerMode::of(Mode::train)};
  EXPECT_EQ(plan_of(run.executor(), run.step)[0].bytes, (4 * 3 + 2 * 3) * 4);
  run.step.modes = {LayerMode::of(Mode::evaluate)};
  EXPECT_EQ(plan_of(run.executor(), run.step)[0].bytes, 0);
  EXPECT_TRUE(plan_of(run.executor(), run.step)[0].kernel.empty());
}

TEST(Plan, TimesEveryLine) {
  DoubledAndFlat run;
  const Tensor x({2, 3}, DType::float32);
  run.bind("x", x);
  EXPECT_EQ(median_seconds(run.executor(), run.step, 3).size(), 2u);
}

}  // namespace
}  // namespace evenkeel
