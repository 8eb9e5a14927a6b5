#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/dense.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/pooling.h"
#include "evenkeel/program/passes/drop_unread.h"
#include "evenkeel/program/passes/fuse.h"
#include "evenkeel/program/passes/fuse_activations.h"
#include "evenkeel/program/passes/fuse_pooling.h"
#include "evenkeel/program/probes/moments.h"
#include "tests/program/session.h"
#include "tests/support/normalization_lines.h"

namespace evenkeel {
namespace {

using Kinds = std::vector<std::string>;

Value scaled(Program& program, Value x, const std::string& name = {}) {
  return program.emit_one(ops::ScaleOffset(2, 0), {x}, name);
}

TEST(DropUnread, RemovesLinesThatLeadNowhere) {
  Program program;
  const Value x = program.input("x", {2}, DType::float32);
  const Value dead = program.emit_one(ops::Multiply(), {x, x});
  program.emit_one(ops::Add(), {dead, x});
  program.keep(scaled(program, x));
  passes::drop_unread(program);
  EXPECT_EQ(kinds_of(program), Kinds{"scale_offset"});
}

TEST(DropUnread, KeepsWhatAKeptValueIsMadeOf) {
  Program program;
  const Value x = program.input("x", {2}, DType::float32);
  program.keep(program.emit_one(ops::Add(), {scaled(program, x), x}));
  passes::drop_unread(program);
  EXPECT_EQ(kinds_of(program), (Kinds{"scale_offset", "add"}));
}

TEST(DropUnread, KeepsALineThatChangesAState) {
  Program program;
  const Value mean = program.state("mean", {2}), variance = program.state("variance", {2});
  program.emit(std::make_shared<const ops::UpdateStatistics>(0, 0.9, false, 4), {mean, variance, mean, variance});
  passes::drop_unread(program);
  EXPECT_EQ(kinds_of(program), Kinds{"update_statistics"});
}

TEST(DropUnread, KeepsALineThatAProbeReads) {
  Program program;
  probe_moments(program, scaled(program, program.input("x", {2}, DType::float32)));
  passes::drop_unread(program);
  EXPECT_EQ(kinds_of(program), (Kinds{"scale_offset", "accumulate_moments"}));
}

/// x -> convolution ("c/between") -> relu ("c/y").
struct ConvolutionAndRelu {
  ConvolutionAndRelu() {
    program.set_label("c");
    x = program.input("x", {1, 3, 3, 1}, DType::float32);
    const Value kernel = program.parameter("kernel", {2, 2, 1, 1}, true);
    between = program.emit_one(ops::Convolution({.kernel = 2, .strides = 1}), {x, kernel, Value()}, "between");
    y = program.emit_one(ops::Activation(kernels::Activation::relu), {between}, "y");
    program.keep(y);
  }
  Program program;
  Value x, between, y;
};

TEST(FuseActivations, FoldsAnActivationIntoTheConvolutionBeforeIt) {
  ConvolutionAndRelu c;
  passes::fuse_activations(c.program);
  ASSERT_EQ(kinds_of(c.program), Kinds{"convolution"});
  EXPECT_EQ(c.program.nodes()[0].outputs, std::vector<int>{c.y.id()});
  EXPECT_EQ(c.program.nodes()[0].op->detail(), "2x2 valid, relu");
}

TEST(FuseActivations, LeavesAKeptValue) {
  ConvolutionAndRelu c;
  c.program.keep(c.between);
  passes::fuse_activations(c.program);
  EXPECT_EQ(kinds_of(c.program), (Kinds{"convolution", "activation"}));
}

TEST(FuseActivations, LeavesAProbedValue) {
  ConvolutionAndRelu c;
  probe_moments(c.program, c.between);
  passes::fuse_activations(c.program);
  EXPECT_EQ(kinds_of(c.program), (Kinds{"convolution", "accumulate_moments", "activation"}));
}

TEST(FuseActivations, LeavesAValueThatAnotherLineReads) {
  ConvolutionAndRelu c;
  c.program.keep(scaled(c.program, c.between));
  passes::fuse_activations(c.program);
  EXPECT_EQ(kinds_of(c.program), (Kinds{"convolution", "activation", "scale_offset"}));
}

TEST(FuseActivations, FoldsOnlyTheFirstOfTwoActivations) {
  ConvolutionAndRelu c;
  c.program.info(c.y).kept = false;
  c.program.keep(c.program.emit_one(ops::Activation(kernels::Activation::tanh), {c.y}));
  passes::fuse_activations(c.program);
  EXPECT_EQ(kinds_of(c.program), (Kinds{"convolution", "activation"}));
  EXPECT_EQ(c.program.nodes()[0].op->detail(), "2x2 valid, relu");
}

TEST(FuseActivations, LeavesAnOpThatCannot) {
  Program program;
  const Value x = program.input("x", {2, 2}, DType::float32);
  const Value product = program.emit_one(ops::MatMul(), {x, x});
  program.keep(program.emit_one(ops::Activation(kernels::Activation::relu), {product}));
  passes::fuse_activations(program);
  EXPECT_EQ(kinds_of(program), (Kinds{"matmul", "activation"}));
}

TEST(FuseActivations, LeavesAnActivationOfAnInput) {
  Program program;
  const Value x = program.input("x", {2, 2}, DType::float32);
  program.keep(program.emit_one(ops::Activation(kernels::Activation::relu), {x}));
  passes::fuse_activations(program);
  EXPECT_EQ(kinds_of(program), Kinds{"activation"});
}

TEST(FuseActivations, LeavesAnActivationOfASecondOutput) {
  Program program;
  const Value x = program.input("x", {4, 2}, DType::float32);
  const auto moments = program.emit(std::make_shared<const ops::Moments>(), {x});
  program.keep(program.emit_one(ops::Activation(kernels::Activation::relu), {moments[1]}));
  passes::fuse_activations(program);
  EXPECT_EQ(kinds_of(program), (Kinds{"moments", "activation"}));
}

constexpr std::size_t kStatistics = 3;  // lines: moments, selection, inverse deviation
const ops::WindowOptions kTiles{.kernel = 2, .strides = 2};

/// What is left of the lines after those of the statistics.
Kinds kinds_behind_statistics(const Program& program) {
  Kinds kinds = kinds_of(program);
  kinds.erase(kinds.begin(), kinds.begin() + kStatistics);
  return kinds;
}

/// Images -> batch normalization ("n/normalized") and whatever a test puts after it.
struct NormalizedImages {
  NormalizedImages() {
    program.set_label("n");
    normalized =
        emit_normalization(program, program.input("x", {2, 4, 6, 3}, DType::float32), Value(), Value(), "normalized");
  }
  Value activated(Value x) { return program.emit_one(ops::Activation(kernels::Activation::elu), {x}); }
  Value pooled(Value x, const ops::WindowOptions& window = kTiles) {
    return program.emit_one(ops::MaxPool(window), {x});
  }
  Program program;
  Value normalized;
};

TEST(FusePooling, FoldsAMaxPoolIntoTheNormalizationBeforeIt) {
  NormalizedImages n;
  const Value y = n.pooled(n.normalized);
  passes::fuse_pooling(n.program);
  ASSERT_EQ(kinds_behind_statistics(n.program), Kinds{"normalize_pool"});
  EXPECT_EQ(n.program.nodes()[kStatistics].outputs[0], y.id());
  EXPECT_EQ(n.program.nodes()[kStatistics].op->detail(), "2x2 stride 2 valid");
}

TEST(FusePooling, LeavesWindowsThatOverlap) {
  NormalizedImages n;
  n.pooled(n.normalized, {.kernel = 3, .strides = 2});
  passes::fuse_pooling(n.program);
  EXPECT_EQ(kinds_behind_statistics(n.program), (Kinds{"normalize", "max_pool"}));
}

TEST(FusePooling, LeavesAKeptValue) {
  NormalizedImages n;
  n.program.keep(n.normalized);
  n.pooled(n.normalized);
  passes::fuse_pooling(n.program);
  EXPECT_EQ(kinds_behind_statistics(n.program), (Kinds{"normalize", "max_pool"}));
}

TEST(FusePooling, LeavesAProbedValue) {
  NormalizedImages n;
  n.pooled(n.normalized);
  probe_moments(n.program, n.normalized);
  passes::fuse_pooling(n.program);
  EXPECT_EQ(kinds_behind_statistics(n.program), (Kinds{"normalize", "accumulate_moments", "max_pool"}));
}

TEST(FusePooling, LeavesAValueThatAnotherLineReads) {
  NormalizedImages n;
  n.pooled(n.normalized);
  scaled(n.program, n.normalized);
  passes::fuse_pooling(n.program);
  EXPECT_EQ(kinds_behind_statistics(n.program), (Kinds{"normalize", "max_pool", "scale_offset"}));
}

TEST(FusePooling, LeavesTheMean) {
  NormalizedImages n;
  n.program.emit_one(ops::AveragePool(kTiles), {n.normalized});
  passes::fuse_pooling(n.program);
  EXPECT_EQ(kinds_behind_statistics(n.program), (Kinds{"normalize", "average_pool"}));
}

TEST(FusePooling, LeavesAConvolution) {
  ConvolutionAndRelu c;
  c.program.info(c.y).kept = false;
  c.program.emit_one(ops::MaxPool(kTiles), {c.y});
  passes::fuse(c.program);
  EXPECT_EQ(kinds_of(c.program), (Kinds{"convolution", "max_pool"}));
}

TEST(Fuse, JoinsAnActivationBeforeThePoolingOrBehindIt) {
  NormalizedImages before, behind;
  before.pooled(before.activated(before.normalized));
  behind.activated(behind.pooled(behind.normalized));
  for (NormalizedImages* n : {&before, &behind}) {
    passes::fuse(n->program);
    ASSERT_EQ(kinds_behind_statistics(n->program), Kinds{"normalize_pool"});
    EXPECT_EQ(n->program.nodes()[kStatistics].op->detail(), "elu, 2x2 stride 2 valid");
  }
}

TEST(Fuse, JoinsNoSecondActivation) {
  NormalizedImages n;
  n.activated(n.pooled(n.activated(n.normalized)));
  passes::fuse(n.program);
  EXPECT_EQ(kinds_behind_statistics(n.program), (Kinds{"normalize_pool", "activation"}));
}

}  // namespace
}  // namespace evenkeel
