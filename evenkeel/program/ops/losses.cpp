#include "evenkeel/program/ops/losses.h"

#include "evenkeel/kernels/loss/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

struct Names {
  std::string_view loss, gradient;
};

Names names_of(LossKind kind) {
  switch (kind) {
    case LossKind::softmax_cross_entropy: return {"softmax_cross_entropy", "softmax_cross_entropy_gradient"};
    case LossKind::sigmoid_cross_entropy: return {"sigmoid_cross_entropy", "sigmoid_cross_entropy_gradient"};
    case LossKind::squared_error: return {"squared_error", "squared_error_gradient"};
  }
  return {};
}

}  // namespace

std::string_view Loss::kind() const { return names_of(loss_).loss; }

std::vector<TensorType> Loss::infer(std::span<const TensorType> in) const {
  require_rank(in[0], 2, "outputs", "[N, K], one row of outputs per sample");
  require_same(in[0], in[1], "targets");
  return {{{in[0].shape[0]}, in[0].dtype}};
}

void Loss::differentiate(Gradients& g) const {
  if (g.wanted(0)) g.add(0, g.emit_one(LossGradient(loss_), {g.input(0), g.input(1), g.of_output(0)}));
}

Kernel Loss::choose(const KernelRequest& r) const { return kernels::choose(kernels::Loss{loss_}, r); }

std::string_view LossGradient::kind() const { return names_of(loss_).gradient; }

Kernel LossGradient::choose(const KernelRequest& r) const { return kernels::choose(kernels::LossGradient{loss_}, r); }

std::vector<TensorType> OneHot::infer(std::span<const TensorType> in) const {
  require_rank(in[0], 1, "labels", "[N]");
  return {{{in[0].shape[0], classes_}, real_}};
}

Kernel OneHot::choose(const KernelRequest& r) const { return kernels::choose(kernels::OneHot{}, r); }

std::vector<TensorType> ClassWeights::infer(std::span<const TensorType> in) const {
  require_rank(in[0], 2, "targets", "[N, K]");
  return {{{in[0].shape[0]}, in[0].dtype}};
}

Kernel ClassWeights::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::ClassWeights{weights_}, r);
}

std::vector<TensorType> Correct::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "targets");
  return {{{in[0].shape[0]}, in[0].dtype}};
}

Kernel Correct::choose(const KernelRequest& r) const { return kernels::choose(kernels::Correct{threshold_}, r); }

}  // namespace evenkeel::ops
