#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evenkeel/base/error.h"
#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/concatenate.h"
#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/dense.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/losses.h"
#include "evenkeel/program/ops/pooling.h"
#include "evenkeel/program/ops/regularization.h"
#include "evenkeel/program/ops/reshape.h"
#include "evenkeel/program/ops/scale_shift.h"
#include "evenkeel/program/ops/statistics.h"
#include "evenkeel/program/ops/updates.h"
#include "tests/program/session.h"
#include "tests/support/normalization_lines.h"
#include "tests/support/program_check.h"

// Ops that no layer emits, or not in every way they can be used; layers hold the others to the same check (tests/nn).

namespace evenkeel {
namespace {

using Floats = std::vector<float>;

template <class O>
Subject subject_of(O op, std::vector<TrialInput> inputs) {
  return {.inputs = std::move(inputs), .emit = [op](Program& program, std::span<const Value> x) {
            return program.emit_one(op, {x.begin(), x.end()});
          }};
}

TEST(ElementwiseOps, HoldTheCheck) {
  check_program(subject_of(ops::Add(), {{.shape = {3, 5}}, {.shape = {3, 5}}}));
  check_program(subject_of(ops::Subtract(), {{.shape = {3, 5}}, {.shape = {3, 5}}}));
  check_program(subject_of(ops::Subtract(), {{.shape = {17}}, {.shape = {17}, .differentiable = false}}));
  check_program(subject_of(ops::Multiply(), {{.shape = {2, 3, 7}}, {.shape = {2, 3, 7}}}));
  check_program(subject_of(ops::ScaleOffset(-0.25, 3), {{.shape = {19}}}));
  check_program(subject_of(ops::Rsqrt(0.125), {{.shape = {19}, .low = 0.25, .high = 3}}));
  check_program(subject_of(ops::Copy(), {{.shape = {4, 3}}}));
}

TEST(MatMul, HoldsTheCheck) {
  check_program(subject_of(ops::MatMul(), {{.shape = {3, 7}}, {.shape = {7, 5}}}));
  check_program(subject_of(ops::MatMul(), {{.shape = {1, 1}}, {.shape = {1, 17}}}));
}

TEST(ScaleShift, HoldsTheCheck) {
  check_program(subject_of(ops::ScaleShift(), {{.shape = {2, 3, 5}}, {.shape = {5}}, {.shape = {5}}}));
}

TEST(Moments, HoldsTheCheckForEachOfItsOutputs) {
  for (const std::size_t output : {0u, 1u})
    check_program({.inputs = {{.shape = {7, 3}}}, .emit = [output](Program& program, std::span<const Value> x) {
                     return program.emit(std::make_shared<const ops::Moments>(), {x[0]})[output];
                   }});
}

TEST(Normalize, HoldsTheCheckWithEachActivationBehindIt) {
  using kernels::Activation;
  for (const Activation f :
       {Activation::relu, Activation::elu, Activation::sigmoid, Activation::tanh, Activation::leaky_relu,
        Activation::selu, Activation::relu6, Activation::softplus, Activation::softsign, Activation::hard_sigmoid,
        Activation::gelu, Activation::gelu_tanh, Activation::silu, Activation::mish, Activation::hard_swish})
    check_program({.inputs = {{.shape = {5, 3}}, {.shape = {3}}, {.shape = {3}}},
                   .emit = [f](Program& program, std::span<const Value> x) {
                     const Value normalized = emit_normalization(program, x[0], x[1], x[2]);
                     return program.emit_one(ops::Activation(f), {normalized});
                   }});
}

/// Normalize over images, `between` after it, and max pooling: what the pass joins.
Subject normalized_and_pooled(const Shape& images, kernels::Activation between, const ops::WindowOptions& window) {
  const Shape channels = {images.back()};
  return {.inputs = {{.shape = images}, {.shape = channels}, {.shape = channels}},
          .emit = [=](Program& program, std::span<const Value> x) {
            const Value normalized = emit_normalization(program, x[0], x[1], x[2]);
            return program.emit_one(ops::MaxPool(window), {program.emit_one(ops::Activation(between), {normalized})});
          }};
}

TEST(NormalizePool, HoldsTheCheckWithEachActivation) {
  using kernels::Activation;
  for (const Activation f : {Activation::relu, Activation::elu, Activation::sigmoid, Activation::tanh,
                             Activation::leaky_relu, Activation::silu})
    check_program(normalized_and_pooled({2, 4, 5, 3}, f, {.kernel = 2, .strides = 2, .padding = Padding::same}));
}

TEST(NormalizePool, HoldsTheCheckWithWindowsOfEveryKind) {
  using kernels::Activation;
  check_program(normalized_and_pooled({1, 5, 7, 1}, Activation::elu, {.kernel = 2, .strides = 2}));
  check_program(
      normalized_and_pooled({1, 7, 4, 2}, Activation::linear, {.kernel = 3, .strides = 3, .padding = Padding::same}));
  check_program(normalized_and_pooled({2, 3, 5, 2}, Activation::elu, {.kernel = {3, 2}, .strides = {3, 2}}));
}

TEST(NormalizePool, IsNormalizeAndMaxPoolWhereGammaIsZero) {
  Subject subject = normalized_and_pooled({2, 4, 5, 3}, kernels::Activation::linear, {.kernel = 2, .strides = 2});
  Trial fused(subject, {.real = DType::float32, .fuse = true}), apart(subject, {.real = DType::float32});
  for (Trial* trial : {&fused, &apart}) {
    std::ranges::fill(trial->input(1).as<float>(), 0.0f);
    trial->run({});
  }
  EXPECT_EQ(fused.output(), apart.output());
  for (const auto& [name, values] : apart.gradients())
    EXPECT_TRUE(agree(fused.gradients().at(name), values, 1e-6)) << name;
}

TEST(AddBias, HoldsTheCheckWithEachActivationBehindIt) {
  using kernels::Activation;
  for (const Activation f : {Activation::relu, Activation::elu, Activation::sigmoid, Activation::tanh,
                             Activation::leaky_relu, Activation::selu, Activation::softplus, Activation::silu})
    check_program(
        // No sum is 0, where some of them bend.
        {.inputs = {{.shape = {5, 3}}, {.shape = {3}, .low = -1}},
         .emit = [f](Program& program, std::span<const Value> x) {
           return program.emit_one(ops::Activation(f), {program.emit_one(ops::AddBias(), {x[0], x[1]})});
         }});
}

TEST(AddBias, HoldsTheCheckWhereItsBiasWantsNoGradient) {
  check_program(subject_of(ops::AddBias(kernels::Activation::elu),
                           {{.shape = {5, 3}}, {.shape = {3}, .low = -1, .differentiable = false}}));
}

TEST(Loss, HoldsTheCheck) {
  using ops::LossKind;
  for (const LossKind kind :
       {LossKind::softmax_cross_entropy, LossKind::sigmoid_cross_entropy, LossKind::squared_error})
    for (const std::int64_t k : {1, 3, 10}) {
      SCOPED_TRACE(testing::Message() << "loss " << static_cast<int>(kind) << ", " << k << " outputs");
      const TrialInput targets{.shape = {5, k}, .low = 0, .high = 1, .differentiable = false};
      check_program(subject_of(ops::Loss(kind), {{.shape = {5, k}}, targets}));
    }
}

TEST(Loss, HoldsTheCheckWithWeightsOfClassesAndSmoothedTargets) {
  for (const std::int64_t k : {1, 3}) {
    const TrialInput targets{.shape = {5, k}, .low = 0, .high = 1, .differentiable = false};
    check_program(
        {.inputs = {{.shape = {5, k}}, targets}, .emit = [](Program& program, std::span<const Value> x) {
           const Value smoothed = program.emit_one(ops::ScaleOffset(0.75, 0.125), {x[1]});
           const Value loss = program.emit_one(ops::Loss(ops::LossKind::sigmoid_cross_entropy), {x[0], smoothed});
           const Value weights = program.emit_one(ops::ClassWeights({0.5, 2, 4}), {x[1]});
           return program.emit_one(ops::Multiply(), {loss, weights});
         }});
  }
}

TEST(AddL2Penalty, HoldsTheCheck) {
  check_program(subject_of(ops::AddL2Penalty({0.25, 0.5}), {{.shape = {5}}, {.shape = {3, 7}}, {.shape = {17}}}));
  check_program(subject_of(ops::AddL2Penalty({0.25, 0.5}),
                           {{.shape = {5}}, {.shape = {3, 7}}, {.shape = {17}, .differentiable = false}}));
}

TEST(AddL2Penalty, IsInTheMeanOfTheSamplesOnce) {
  Session run;
  const Value loss = run.input("loss", {4}), w = run.input("w", {3});
  run.keep(run.program.emit_one(ops::AddL2Penalty({0.5}), {loss, w}, "l/total"));
  const Tensor losses = floats({4}, {1, 2, 3, 4}), weights = floats({3}, {1, -2, 3});
  run.bind("loss", losses);
  run.bind("w", weights);
  run.go();
  EXPECT_EQ(run.read("l/total"), (Floats{8, 9, 10, 11}));
}

TEST(Loss, RefusesOutputsThatAreNoRows) {
  Program program;
  const Value x = program.input("x", {2, 3, 4}, DType::float32);
  EXPECT_THROW(program.emit_one(ops::Loss(ops::LossKind::squared_error), {x, x}), Error);
}

TEST(OneHot, PutsAOneAtEachLabel) {
  Session run;
  const Value labels = run.program.input("labels", {3}, DType::int32);
  run.keep(run.program.emit_one(ops::OneHot(4, DType::float32), {labels}, "l/targets"));
  const std::vector<std::int32_t> values = {2, 0, 3};
  const Tensor tensor = Tensor::of<std::int32_t>({3}, values);
  run.bind("labels", tensor);
  run.go();
  EXPECT_EQ(run.read("l/targets"), (Floats{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1}));
}

TEST(OneHot, HandsOnALabelOfASingleOutput) {
  Session run(DType::float64);
  const Value labels = run.program.input("labels", {2}, DType::int32);
  run.keep(run.program.emit_one(ops::OneHot(1, DType::float64), {labels}, "l/targets"));
  const std::vector<std::int32_t> values = {0, 1};
  const Tensor tensor = Tensor::of<std::int32_t>({2}, values);
  run.bind("labels", tensor);
  run.go();
  EXPECT_EQ(in_double(run.executor().read("l/targets")), (std::vector<double>{0, 1}));
}

TEST(Correct, ComparesTheLargestLogitOrAThreshold) {
  Session run;
  const Value z = run.input("z", {3, 2}), t = run.input("t", {3, 2});
  const Value z1 = run.program.emit_one(ops::Reshape({6, 1}), {z}),
              t1 = run.program.emit_one(ops::Reshape({6, 1}), {t});
  run.keep(run.program.emit_one(ops::Correct(0), {z, t}, "l/rows"));
  run.keep(run.program.emit_one(ops::Correct(0), {z1, t1}, "l/single"));
  const Tensor logits = floats({3, 2}, {-1, 3, 2, 1, -3, -2}), targets = floats({3, 2}, {0, 1, 0, 1, 0, 1});
  run.bind("z", logits);
  run.bind("t", targets);
  run.go();
  EXPECT_EQ(run.read("l/rows"), (Floats{1, 0, 1}));
  EXPECT_EQ(run.read("l/single"), (Floats{1, 1, 0, 1, 1, 0}));
}

/// Two parameters of 3 and 2 elements and one that is frozen, updated by hand-set gradients.
struct Update : Session {
  Update(const std::function<void(Program&, Value, Value)>& emit) {
    for (const auto& [name, size] : {std::pair<const char*, std::int64_t>{"a", 3}, {"b", 2}}) {
      const Value p = program.parameter(name, {size}, true);
      program.set_phase(Phase::backward);
      const Value g = program.emit_one(ops::ScaleOffset(0, name[0] == 'a' ? 1 : -2), {p}, std::string("g/") + name);
      program.rename(g, std::string(name) + "/gradient");
      program.info(g).role = Role::parameter_gradient;
      program.keep(g);
    }
    program.parameter("frozen", {2}, false);
    const Value parameters = program.parameter_block(), gradients = program.gradient_block();
    program.set_phase(Phase::update);
    emit(program, parameters, gradients);
    step.learning_rate = 0.5;
    executor();
    for (const char* name : {"a", "b", "frozen"}) std::ranges::fill(store.parameters.values<float>(name), 10.0f);
  }
};

TEST(SgdUpdate, MovesEveryTrainableParameterAndNoOther) {
  Update run([](Program& program, Value parameters, Value gradients) {
    program.emit(std::make_shared<const ops::SgdUpdate>(0.0, false), {parameters, gradients});
  });
  run.go();
  EXPECT_EQ(run.read("a"), (Floats{9.5, 9.5, 9.5}));
  EXPECT_EQ(run.read("b"), (Floats{11, 11}));
  EXPECT_EQ(run.read("frozen"), (Floats{10, 10}));
}

TEST(SgdUpdate, KeepsAVelocityInItsSlot) {
  Update run([](Program& program, Value parameters, Value gradients) {
    const Value velocity = program.slot("velocity", parameters.shape());
    program.emit(std::make_shared<const ops::SgdUpdate>(0.5, false), {parameters, gradients, Value(), velocity});
  });
  run.go();
  run.go();
  EXPECT_EQ(run.read("a"), (Floats{8.75, 8.75, 8.75}));  // -0.5, then 0.5 * -0.5 - 0.5
}

TEST(AdamUpdate, CountsItsStepsFromTheContext) {
  Update run([](Program& program, Value parameters, Value gradients) {
    const Value m = program.slot("m", parameters.shape()), v = program.slot("v", parameters.shape());
    program.emit(std::make_shared<const ops::AdamUpdate>(0.9, 0.999, 1e-7), {parameters, gradients, Value(), m, v});
  });
  // With a constant gradient the bias-corrected step is the learning rate, whatever the gradient's size.
  for (run.step.step = 0; run.step.step < 3; ++run.step.step) run.go();
  EXPECT_NEAR(run.read("a")[2], 8.5f, 1e-5f);
  EXPECT_NEAR(run.read("b")[0], 11.5f, 1e-5f);
}

TEST(SgdUpdate, DecaysParametersByTheLearningRateBeforeItMovesThem) {
  Update run([](Program& program, Value parameters, Value gradients) {
    program.emit(std::make_shared<const ops::SgdUpdate>(0.0, false, ops::UpdateOptions{.weight_decay = 0.25}),
                 {parameters, gradients});
  });
  run.go();
  EXPECT_EQ(run.read("a"), (Floats{8.25, 8.25, 8.25}));  // 10 - 10 * 0.25 * 0.5 - 0.5
}

TEST(SgdUpdate, ClipsTheNormOfAllGradientsTogether) {
  Update run([](Program& program, Value parameters, Value gradients) {
    const Value scale = program.emit_one(ops::ClipNorm(1), {gradients});
    program.emit(std::make_shared<const ops::SgdUpdate>(0.0, false), {parameters, gradients, scale});
  });
  run.go();
  const float scale = 1 / std::sqrt(11.0f);  // of three 1 and two -2
  EXPECT_FLOAT_EQ(run.read("a")[2], 10 - 0.5f * scale);
  EXPECT_FLOAT_EQ(run.read("b")[1], 10 + scale);
}

TEST(AdamUpdate, ClipsTheNormOfEachTensorByItself) {
  Update run([](Program& program, Value parameters, Value gradients) {
    const ops::UpdateOptions options{.tensors = trainable_extents(program)};
    const Value scales = program.emit_one(ops::ClipNorm(2, options.tensors), {gradients});
    const Value m = program.slot("m", parameters.shape()), v = program.slot("v", parameters.shape());
    program.emit(std::make_shared<const ops::AdamUpdate>(0.0, 0.999, 1e-7, options),
                 {parameters, gradients, scales, m, v});
  });
  run.go();
  const auto* m = run.store.slots.values<float>("m").data();
  EXPECT_FLOAT_EQ(m[2], 1);  // a norm of sqrt(3) is small enough
  EXPECT_FLOAT_EQ(m[kAlignment / sizeof(float)], -std::sqrt(2.0f));
}

TEST(ClipNorm, OfNoGradientAtAllScalesByOne) {
  Session run;
  const Value g = run.input("g", {3});
  run.keep(run.program.emit_one(ops::ClipNorm(0.5), {g}, "o/all"));
  run.keep(run.program.emit_one(ops::ClipNorm(0.5, {{0, 2}, {2, 1}}), {g}, "o/each"));
  const Tensor gradients = floats({3}, {0, 0, 0});
  run.bind("g", gradients);
  run.go();
  EXPECT_EQ(run.read("o/all"), (Floats{1}));
  EXPECT_EQ(run.read("o/each"), (Floats{1, 1}));
}

TEST(ClipNorm, OfAGradientThatIsNotFiniteIsNaN) {
  Session run;
  const Value g = run.input("g", {2});
  run.keep(run.program.emit_one(ops::ClipNorm(0.5), {g}, "o/all"));
  const Tensor gradients = floats({2}, {1, std::numeric_limits<float>::infinity()});
  run.bind("g", gradients);
  run.go();
  EXPECT_TRUE(std::isnan(run.read("o/all")[0]));
}

TEST(MovingAverage, BeginsWithTheFirstParametersAndFollowsThem) {
  Update run([](Program& program, Value parameters, Value gradients) {
    program.emit(std::make_shared<const ops::SgdUpdate>(0.0, false), {parameters, gradients});
    program.emit(std::make_shared<const ops::MovingAverage>(0.75),
                 {parameters, program.slot("average", parameters.shape()), program.slot("started", {1})});
  });
  run.step.step = 7;  // the first update it sees, whatever its number
  run.go();
  EXPECT_EQ(run.store.slots.values<float>("average")[0], 9.5f);
  run.go();
  EXPECT_EQ(run.store.slots.values<float>("average")[0], 0.75f * 9.5f + 0.25f * 9.0f);
}

TEST(Update, LeavesThePaddingOfTheBlocksZero) {
  Update run([](Program& program, Value parameters, Value gradients) {
    const Value m = program.slot("m", parameters.shape()), v = program.slot("v", parameters.shape());
    program.emit(std::make_shared<const ops::AdamUpdate>(0.9, 0.999, 1e-7), {parameters, gradients, Value(), m, v});
  });
  for (run.step.step = 0; run.step.step < 3; ++run.step.step) run.go();
  const auto* block = reinterpret_cast<const float*>(run.store.parameters.data());
  for (std::size_t i = 3; i < kAlignment / sizeof(float); ++i) EXPECT_EQ(block[i], 0.0f) << i;
}

TEST(Ops, RefuseOperandsThatDoNotFit) {
  Program p;
  const auto input = [&](const char* name, const Shape& shape) { return p.input(name, shape, DType::float32); };
  const Value image = input("image", {2, 4, 4, 3}), row = input("row", {2, 3}), vector = input("vector", {4});
  const Value kernel = input("kernel", {3, 3, 2, 5}), large = input("large", {5, 5, 3, 1});
  EXPECT_THROW(p.emit_one(ops::Convolution({.kernel = 3, .strides = 1}), {image, kernel, Value()}), Error)
      << "channels";
  EXPECT_THROW(p.emit_one(ops::Convolution({.kernel = 5, .strides = 1}), {image, large, Value()}), Error)
      << "window too large";
  EXPECT_THROW(p.emit_one(ops::Convolution({.kernel = 3, .strides = 1}), {row, kernel, Value()}), Error) << "no image";
  EXPECT_THROW(p.emit_one(ops::MatMul(), {row, row}), Error) << "inner size";
  EXPECT_THROW(p.emit_one(ops::MatMul(), {row, image}), Error) << "rank";
  EXPECT_THROW(p.emit_one(ops::AddBias(), {row, vector}), Error) << "bias";
  EXPECT_THROW(p.emit_one(ops::Concatenate(), {image, row}), Error) << "ranks";
  EXPECT_THROW(p.emit_one(ops::MaxPool({.kernel = 5, .strides = 5}), {image}), Error) << "window too large";
  EXPECT_THROW(p.emit_one(ops::AveragePool({.kernel = 2, .strides = 2}), {row}), Error) << "no image";
  EXPECT_THROW(p.emit_one(ops::Reshape({5}), {row}), Error) << "size";
  EXPECT_THROW(p.emit_one(ops::ScaleShift(), {row, vector, vector}), Error) << "scale";
  EXPECT_THROW(p.emit_one(ops::Normalize(0), {row, vector, Value(), vector, vector}), Error) << "gamma";
}

}  // namespace
}  // namespace evenkeel
