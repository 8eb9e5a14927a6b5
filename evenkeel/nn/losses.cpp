#include "evenkeel/nn/losses.h"

#include "evenkeel/program/ops/losses.h"
#include "evenkeel/program/ops/pooling.h"
#include "evenkeel/program/ops/reshape.h"
#include "evenkeel/program/program.h"

namespace evenkeel {
namespace {

ops::LossKind op_of(const SoftmaxCrossEntropy&) { return ops::LossKind::softmax_cross_entropy; }
ops::LossKind op_of(const SigmoidCrossEntropy&) { return ops::LossKind::sigmoid_cross_entropy; }
ops::LossKind op_of(const MeanSquaredError&) { return ops::LossKind::squared_error; }

}  // namespace

void SoftmaxCrossEntropy::describe(Fields<SoftmaxCrossEntropy>& fields) {
  fields.add("label_smoothing", &SoftmaxCrossEntropy::label_smoothing, "part of a target for all classes", kUnit);
}

Smoothing SoftmaxCrossEntropy::smoothing(std::int64_t outputs) const {
  return {1 - label_smoothing, label_smoothing / static_cast<double>(outputs)};
}

void SigmoidCrossEntropy::describe(Fields<SigmoidCrossEntropy>& fields) {
  fields.add("label_smoothing", &SigmoidCrossEntropy::label_smoothing, "how far targets move towards 1/2", kUnit);
}

Smoothing SigmoidCrossEntropy::smoothing(std::int64_t) const { return {1 - label_smoothing, label_smoothing / 2}; }

std::vector<std::string> loss_names() { return choice_names<Loss>(); }

Loss loss_named(const std::string& name) { return chosen_by_name<Loss>("loss", name); }

Scores scores_of(const Loss& loss) {
  return std::visit([]<class T>(const T&) { return T::kScores; }, loss);
}

Smoothing smoothing_of(const Loss& loss, std::int64_t outputs) {
  return std::visit([&](const auto& own) { return own.smoothing(outputs); }, loss);
}

Value by_position(Program& program, Value x, std::int64_t outputs) {
  const Shape rows = {x.shape().size() / outputs, outputs};
  return x.shape() == rows ? x : program.emit_one(ops::Reshape(rows), {x});
}

Value of_samples(Program& program, Value x, std::int64_t samples) {
  const std::int64_t positions = x.shape().size() / samples;
  if (positions == 1) return x;
  const Value rows = program.emit_one(ops::Reshape({samples, positions, 1, 1}), {x});
  const Size2D all{positions, 1};
  const Value means = program.emit_one(ops::AveragePool({.kernel = all, .strides = all}), {rows});
  return program.emit_one(ops::Reshape({samples}), {means}, "of_samples");
}

Value emit_loss(const Loss& loss, Program& program, Value logits, Value targets) {
  const ops::LossKind kind = std::visit([](const auto& own) { return op_of(own); }, loss);
  return program.emit_one(ops::Loss(kind), {logits, targets}, "per_sample");
}

}  // namespace evenkeel
