#include "evenkeel/program/executor.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"
#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/dropout.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/reshape.h"
#include "evenkeel/program/ops/statistics.h"
#include "tests/program/session.h"

namespace evenkeel {
namespace {

using Floats = std::vector<float>;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// x -> "double" = 2 x -> "plus" = 2 x + 1, both kept.
struct TwoLines : Session {
  explicit TwoLines(const Shape& shape = {2}) {
    const Value x = input("x", shape);
    const Value doubled = keep(program.emit_one(ops::ScaleOffset(2, 0), {x}, "l/double"));
    keep(program.emit_one(ops::ScaleOffset(1, 1), {doubled}, "l/plus"));
  }
};

TEST(Executor, RunsLinesInOrder) {
  TwoLines run;
  const Tensor x = floats({2}, {1, 5});
  run.bind("x", x);
  run.go();
  EXPECT_EQ(run.read("l/plus"), (Floats{3, 11}));
}

TEST(Executor, TakesNumbersTooSmallToBeNormalForZero) {
  TwoLines run;
  const Tensor x = floats({2}, {1e-40f, 1e-30f});
  run.bind("x", x);
  run.go();
  EXPECT_EQ(run.read("l/double"), (Floats{0, 2e-30f}));
}

TEST(Executor, ReadsWhereAnInputWasBoundLast) {
  TwoLines run;
  const Tensor first = floats({2}, {1, 5}), second = floats({2}, {0, 1});
  run.bind("x", first);
  run.go();
  run.bind("x", second);
  run.go();
  EXPECT_EQ(run.read("l/plus"), (Floats{1, 3}));
}

TEST(Executor, SeesWhatTheCallerChangesInABoundInput) {
  TwoLines run;
  Tensor x = floats({2}, {1, 5});
  run.bind("x", x);
  run.go();
  x.as<float>()[0] = 7;
  run.go();
  EXPECT_EQ(run.read("l/plus"), (Floats{15, 11}));
}

TEST(Executor, SaysWhichInputIsNotBound) {
  TwoLines run;
  EXPECT_EQ(message_of([&] { run.go(); }), "line \"\": the input \"x\" is not bound.");
}

TEST(Executor, RefusesAnInputOfAnotherShape) {
  TwoLines run;
  const Tensor x({3}, DType::float32);
  EXPECT_EQ(message_of([&] { run.bind("x", x); }), "input \"x\": expected float32 [2], received float32 [3].");
}

TEST(Executor, RefusesAnInputOfAnotherType) {
  TwoLines run;
  const Tensor x({2}, DType::uint8);
  EXPECT_EQ(message_of([&] { run.bind("x", x); }), "input \"x\": expected float32 [2], received uint8 [2].");
}

TEST(Executor, RefusesToBindWhatIsNoInput) {
  TwoLines run;
  const Tensor x({2}, DType::float32);
  EXPECT_EQ(message_of([&] { run.bind("l/double", x); }), "program: no input is named \"l/double\".");
}

TEST(Executor, NamesTheValueThatAnUnknownNameMayMean) {
  TwoLines run;
  EXPECT_EQ(message_of([&] { run.read("l/duoble"); }),
            "program: no value is named \"l/duoble\". Did you mean \"l/double\"?");
}

TEST(Executor, RefusesToReadMemoryThatIsReused) {
  Session run;
  const Value x = run.input("x", {2});
  const Value y = run.program.emit_one(ops::ScaleOffset(2, 0), {x}, "l/y");
  run.keep(run.program.emit_one(ops::ScaleOffset(2, 0), {y}, "l/z"));
  EXPECT_NE(message_of([&] { run.read("l/y"); }).find("its memory is reused within the step"), std::string::npos);
}

TEST(Executor, RunsASegmentAlone) {
  TwoLines run;
  const Tensor x = floats({2}, {1, 5}), other = floats({2}, {0, 0});
  run.bind("x", x);
  run.go();
  run.bind("x", other);
  run.executor().run(run.step, {.first = 1, .last = -1});
  EXPECT_EQ(run.read("l/plus"), (Floats{3, 11})) << "the first line must not have run again";
  run.executor().run(run.step, {.first = 0, .last = 1});
  EXPECT_EQ(run.read("l/double"), (Floats{0, 0}));
  EXPECT_EQ(run.read("l/plus"), (Floats{3, 11})) << "the second line must not have run";
}

/// x -> a = 2 x -> b = a^2 -> c = a + b -> d = c + x, cut before the last two lines.
struct Cut : Session {
  Cut() {
    const Value x = input("x", {2});
    const Value a = program.emit_one(ops::ScaleOffset(2, 0), {x}, "l/a");
    const Value b = program.emit_one(ops::Multiply(), {a, a}, "l/b");
    const Value c = program.emit_one(ops::Add(), {a, b}, "l/c");
    keep(program.emit_one(ops::Add(), {c, x}, "l/d"));
  }
  static constexpr Segment kBefore{0, 2}, kAfter{2, -1};
};

TEST(Executor, KnowsWhatASegmentNeedsOfTheLinesBeforeIt) {
  Cut run;
  std::vector<std::string> names;
  for (const int id : run.executor().needed_by(Cut::kAfter)) names.push_back(run.program.value(id).name);
  EXPECT_EQ(names, (std::vector<std::string>{"x", "l/a", "l/b"}));
  EXPECT_EQ(run.executor().needed_by({2, 3}).size(), 2u) << "x is read behind it";
}

TEST(Executor, GoesOnBehindACutAfterOtherBatches) {
  Cut run;
  Tensor x = floats({2}, {1, 5});
  run.bind("x", x);
  run.executor().run(run.step, Cut::kBefore);
  const std::vector<int> values = run.executor().needed_by(Cut::kAfter);
  std::vector<std::byte> saved(static_cast<std::size_t>(run.executor().bytes_of(values)));
  run.executor().save(values, saved.data());
  for (float& v : x.as<float>()) v = 100;
  run.go();
  run.executor().restore(values, saved.data());
  run.executor().run(run.step, Cut::kAfter);
  EXPECT_EQ(run.read("l/d"), (Floats{2 + 4 + 1, 10 + 100 + 5}));
}

TEST(Executor, NeedsTheMemoryBehindAViewOnce) {
  Session run;
  const Value x = run.input("x", {2, 3});
  const Value a = run.program.emit_one(ops::ScaleOffset(2, 0), {x}, "l/a");
  const Value view = run.program.emit_one(ops::Reshape({6}), {a}, "l/view");
  run.keep(run.program.emit_one(ops::Multiply(), {view, view}, "l/b"));
  run.keep(run.program.emit_one(ops::ScaleOffset(3, 0), {a}, "l/c"));
  EXPECT_EQ(run.executor().needed_by({2, -1}), std::vector<int>{a.id()});
}

TEST(Executor, RefusesASegmentThatTheProgramDoesNotHave) {
  TwoLines run;
  const Tensor x({2}, DType::float32);
  run.bind("x", x);
  for (const Segment segment : {Segment{-1, 1}, Segment{0, 3}, Segment{2, 1}, Segment{3, -1}})
    EXPECT_THROW(run.executor().run(run.step, segment), Error) << segment.first << " to " << segment.last;
}

TEST(Executor, TimesEveryLine) {
  TwoLines run;
  const Tensor x({2}, DType::float32);
  run.bind("x", x);
  std::vector<double> seconds = {100, 200};
  run.executor().run_timed(run.step, seconds);
  ASSERT_EQ(seconds.size(), 2u);
  EXPECT_GE(seconds[0], 100);
  EXPECT_GE(seconds[1], 200);
}

TEST(Executor, FollowsAnArenaThatAnotherProgramLetGrow) {
  TwoLines small;
  const Tensor x = floats({2}, {1, 5}), many({5000}, DType::float32);
  small.bind("x", x);
  small.go();
  TwoLines large({5000});
  finish(large.program);
  Executor other(large.program, small.store, small.arena, small.threads);
  other.bind("x", many);
  other.run(small.step);
  small.go();
  EXPECT_EQ(small.read("l/plus"), (Floats{3, 11}));
}

TEST(Executor, RunsNothingForAView) {
  Session run;
  const Value x = run.input("x", {4});
  const Value y = run.program.emit_one(ops::ScaleOffset(2, 0), {x}, "l/y");
  run.keep(run.program.emit_one(ops::Reshape({2, 2}), {y}, "l/view"));
  const Tensor values = floats({4}, {1, 2, 3, 4});
  run.bind("x", values);
  run.go();
  EXPECT_EQ(run.read("l/view"), (Floats{2, 4, 6, 8}));
  EXPECT_EQ(run.executor().read("l/view").data, run.executor().read("l/view").data);
  EXPECT_TRUE(run.executor().kernel_name(1).empty());
}

TEST(Executor, RefusesAStepWithoutAModeForALayer) {
  Session run;
  run.keep(run.program.emit_one(ops::Dropout(3, 0.5), {run.input("x", {4})}));
  const Tensor x({4}, DType::float32);
  run.bind("x", x);
  run.step.modes.resize(3);
  EXPECT_EQ(message_of([&] { run.go(); }),
            "step: expected a mode for every layer, including number 3, received 3 modes.");
}

TEST(Program, RefusesANameThatIsTaken) {
  Program program;
  program.input("x", {2}, DType::float32);
  EXPECT_EQ(message_of([&] { program.parameter("x", {2}, true); }),
            "program: expected a new name for a value, received \"x\".");
}

TEST(Program, MakesDefaultNamesUnique) {
  Program program;
  const Value x = program.input("x", {2}, DType::float32);
  program.set_label("l");
  EXPECT_EQ(program.emit_one(ops::Add(), {x, x}).name(), "l/add");
  EXPECT_EQ(program.emit_one(ops::Add(), {x, x}).name(), "l/add_1");
}

TEST(Program, SaysInWhichLayerShapesDoNotFit) {
  Program program;
  program.set_label("sum");
  const Value a = program.input("a", {2}, DType::float32), b = program.input("b", {3}, DType::float32);
  EXPECT_EQ(message_of([&] {
              program.emit_one(ops::Add(), {a, b});
            }),
            "layer \"sum\": add: expected [2], received [3].");
}

TEST(Program, HandsOutValuesThatOutliveItsGrowth) {
  Program program;
  const Value x = program.input("x", {2, 3}, DType::float32);
  const Shape& shape = x.shape();
  const std::string& name = x.name();
  for (int i = 0; i < 100; ++i) program.emit_one(ops::Copy(), {x});
  EXPECT_EQ(shape, Shape({2, 3}));
  EXPECT_EQ(name, "x");
}

TEST(Executor, SkipsALineThatIsIdleInItsLayersMode) {
  Session run;
  const auto moments = run.program.emit(std::make_shared<const ops::Moments>(0), {run.input("x", {2, 1})}, {"l/mean"});
  run.keep(moments[0]);
  const Tensor x = floats({2, 1}, {1, 3});
  run.bind("x", x);
  run.step.modes = {LayerMode::of(Mode::train)};
  run.go();
  EXPECT_EQ(run.read("l/mean"), (Floats{2}));
  const Tensor other = floats({2, 1}, {5, 7});
  run.bind("x", other);
  run.step.modes = {LayerMode::of(Mode::evaluate)};
  int seen = 0;
  run.executor().visit(run.step, {}, [&](int, int, TensorView) { return ++seen > 0; });
  EXPECT_EQ(run.read("l/mean"), (Floats{2}));
  EXPECT_EQ(seen, 0) << "what is left of another step";
}

}  // namespace
}  // namespace evenkeel
