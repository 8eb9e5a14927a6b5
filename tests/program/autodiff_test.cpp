#include "evenkeel/program/autodiff.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/dense.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/reshape.h"
#include "tests/program/session.h"

namespace evenkeel {
namespace {

using Floats = std::vector<float>;

Value ones_like(Program& program, Value value) {
  return program.emit_one(ops::Fill(value.shape(), program.real(), 1.0), {});
}

bool emits(const Program& program, const char* kind) { return std::ranges::count(kinds_of(program), kind) > 0; }

TEST(Differentiate, AddsUpTheGradientsOfAValueThatIsReadSeveralTimes) {
  Session run;
  const Value x = run.input("x", {3}, true);
  const Value square = run.program.emit_one(ops::Multiply(), {x, x});
  const Value y = run.program.emit_one(ops::Add(), {square, x});
  run.keep(differentiate(run.program, y, ones_like(run.program, y))[static_cast<std::size_t>(x.id())]);
  const Tensor values = floats({3}, {1, -2, 5});
  run.bind("x", values);
  run.go();
  EXPECT_EQ(run.read("x/gradient"), (Floats{3, -3, 11}));
}

TEST(Differentiate, WeighsTheOutputBySeed) {
  Session run;
  const Value x = run.input("x", {2}, true);
  const Value y = run.program.emit_one(ops::ScaleOffset(3, 1), {x});
  const Value seed = run.input("seed", {2});
  run.keep(differentiate(run.program, y, seed)[static_cast<std::size_t>(x.id())]);
  const Tensor values = floats({2}, {1, 2}), weights = floats({2}, {10, -1});
  run.bind("x", values);
  run.bind("seed", weights);
  run.go();
  EXPECT_EQ(run.read("x/gradient"), (Floats{30, -3}));
}

TEST(Differentiate, GivesAParameterThatNothingReachesAGradientOfZero) {
  Session run;
  const Value used = run.program.parameter("used", {2}, true);
  run.program.parameter("idle", {3}, true);
  const Value y = run.program.emit_one(ops::ScaleOffset(2, 0), {used});
  differentiate(run.program, y, ones_like(run.program, y));
  run.executor();
  std::ranges::fill(run.store.gradients.values<float>("idle/gradient"), 7.0f);
  run.go();
  EXPECT_EQ(run.read("idle/gradient"), (Floats{0, 0, 0}));
  EXPECT_EQ(run.read("used/gradient"), (Floats{2, 2}));
}

TEST(Differentiate, GivesParametersThatShareAGradientMemoryOfTheirOwn) {
  Session run;
  const Value a = run.program.parameter("a", {2}, true), b = run.program.parameter("b", {2}, true);
  const Value y = run.program.emit_one(ops::Add(), {a, b});
  differentiate(run.program, y, ones_like(run.program, y));
  run.go();
  EXPECT_NE(run.executor().read("a/gradient").data, run.executor().read("b/gradient").data);
  EXPECT_EQ(run.read("a/gradient"), (Floats{1, 1}));
  EXPECT_EQ(run.read("b/gradient"), (Floats{1, 1}));
}

TEST(Differentiate, PutsTheGradientThatArrivesThroughAViewIntoTheParametersMemory) {
  Session run;
  const Value a = run.program.parameter("a", {2, 2}, true);
  const Value y = run.program.emit_one(ops::Reshape({4}), {a});
  differentiate(run.program, y, ones_like(run.program, y));
  run.go();
  EXPECT_EQ(run.read("a/gradient"), (Floats{1, 1, 1, 1}));
  EXPECT_EQ(run.executor().read("a/gradient").data, run.store.gradients.get("a/gradient").data);
}

TEST(Differentiate, EmitsNothingForAFrozenParameter) {
  Session run;
  const Value x = run.input("x", {1, 4, 4, 2}, true);
  const Value kernel = run.program.parameter("kernel", {3, 3, 2, 5}, false);
  const Value y = run.program.emit_one(ops::Convolution({.kernel = 3, .strides = 1}), {x, kernel, Value()});
  differentiate(run.program, y, ones_like(run.program, y));
  EXPECT_FALSE(emits(run.program, "convolution_kernel_gradient"));
  EXPECT_TRUE(emits(run.program, "convolution_data_gradient"));
  EXPECT_FALSE(run.program.find("kernel/gradient"));
}

TEST(Differentiate, EmitsNothingForAnInputThatWantsNoGradient) {
  Session run;
  const Value x = run.input("x", {1, 4, 4, 2});
  const Value kernel = run.program.parameter("kernel", {3, 3, 2, 5}, true);
  const Value y = run.program.emit_one(ops::Convolution({.kernel = 3, .strides = 1}), {x, kernel, Value()});
  differentiate(run.program, y, ones_like(run.program, y));
  EXPECT_FALSE(emits(run.program, "convolution_data_gradient"));
  EXPECT_TRUE(emits(run.program, "convolution_kernel_gradient"));
}

TEST(Differentiate, KeepsTheGradientsOfParametersThoughNoUpdateReadsThem) {
  Session run;
  const Value x = run.input("x", {2, 3});
  const Value kernel = run.program.parameter("kernel", {3, 1}, true);
  const Value y = run.program.emit_one(ops::MatMul(), {x, kernel});
  differentiate(run.program, y, ones_like(run.program, y));
  const Tensor values = floats({2, 3}, {1, 2, 3, 10, 20, 30});
  run.bind("x", values);
  run.go();
  EXPECT_EQ(run.read("kernel/gradient"), (Floats{11, 22, 33}));
}

TEST(Differentiate, NamesGradientsAfterTheirValues) {
  Session run;
  const Value x = run.input("x", {2}, true);
  run.program.set_label("a");
  const Value middle = run.program.emit_one(ops::ScaleOffset(3, 1), {x}, "middle");
  const Value y = run.program.emit_one(ops::Multiply(), {middle, middle});
  differentiate(run.program, y, ones_like(run.program, y));
  EXPECT_TRUE(run.program.find("x/gradient"));
  EXPECT_TRUE(run.program.find("a/middle/gradient"));
}

TEST(Differentiate, RefusesAGradientOfAnotherShape) {
  Program program;
  const Value x = program.parameter("x", {3}, true);
  const Value y = program.emit_one(ops::ScaleOffset(1, 0), {x});
  EXPECT_THROW(differentiate(program, y, program.input("seed", {2}, DType::float32)), Error);
}

TEST(Differentiate, RefusesATransposedProduct) {
  Program program;
  const Value x = program.parameter("x", {3, 2}, true);
  const Value y = program.emit_one(ops::MatMul(kernels::Transpose::yes), {x, x});
  EXPECT_THROW(differentiate(program, y, ones_like(program, y)), Error);
}

}  // namespace
}  // namespace evenkeel
