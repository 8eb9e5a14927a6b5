#include "evenkeel/program/ops/losses.h"

#include <stdexcept>

#include "evenkeel/kernels/loss/losses.h"
#include "evenkeel/kernels/loss/losses_reference.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

using kernels::Matrix;

/// What a loss is made of, in both precisions. One line per loss.
struct LossKernels {
  std::string_view name, gradient_name;
  decltype(&kernels::softmax_cross_entropy) fast;
  decltype(&kernels::softmax_cross_entropy_gradient) fast_gradient;
  decltype(&kernels::reference::softmax_cross_entropy<double>) reference;
  decltype(&kernels::reference::softmax_cross_entropy_gradient<double>) reference_gradient;
};

const LossKernels& kernels_of(LossKind kind) {
  namespace k = kernels;
  namespace r = kernels::reference;
  static const LossKernels kSoftmax{"softmax_cross_entropy",           "softmax_cross_entropy_gradient",
                                    &k::softmax_cross_entropy,         &k::softmax_cross_entropy_gradient,
                                    &r::softmax_cross_entropy<double>, &r::softmax_cross_entropy_gradient<double>};
  static const LossKernels kSigmoid{"sigmoid_cross_entropy",           "sigmoid_cross_entropy_gradient",
                                    &k::sigmoid_cross_entropy,         &k::sigmoid_cross_entropy_gradient,
                                    &r::sigmoid_cross_entropy<double>, &r::sigmoid_cross_entropy_gradient<double>};
  static const LossKernels kSquared{"squared_error",           "squared_error_gradient",
                                    &k::squared_error,         &k::squared_error_gradient,
                                    &r::squared_error<double>, &r::squared_error_gradient<double>};
  switch (kind) {
    case LossKind::sigmoid_cross_entropy: return kSigmoid;
    case LossKind::squared_error: return kSquared;
    case LossKind::softmax_cross_entropy: return kSoftmax;
  }
  throw std::logic_error("a loss without kernels");
}

}  // namespace

std::string_view Loss::kind() const { return kernels_of(loss_).name; }

std::vector<TensorType> Loss::infer(std::span<const TensorType> in) const {
  require_rank(in[0], 2, "outputs", "[N, K], one row of outputs per sample");
  require_same(in[0], in[1], "targets");
  return {{{in[0].shape[0]}, in[0].dtype}};
}

void Loss::differentiate(Gradients& g) const {
  if (g.wanted(0)) g.add(0, g.emit_one(LossGradient(loss_), {g.input(0), g.input(1), g.of_output(0)}));
}

Kernel Loss::choose(const KernelRequest& request) const {
  const LossKernels& k = kernels_of(loss_);
  return by_precision(
      request,
      [&k](const KernelCall& c) { k.fast(c.in_rows<float>(0), c.in_rows<float>(1), c.out<float>(0), c.threads()); },
      [&k](const KernelCall& c) { k.reference(c.in_rows<double>(0), c.in_rows<double>(1), c.out<double>(0)); });
}

std::string_view LossGradient::kind() const { return kernels_of(loss_).gradient_name; }

Kernel LossGradient::choose(const KernelRequest& request) const {
  const LossKernels& k = kernels_of(loss_);
  return by_precision(
      request,
      [&k](const KernelCall& c) {
        k.fast_gradient(c.in_rows<float>(0), c.in_rows<float>(1), c.in<float>(2), c.out_rows<float>(0), c.threads());
      },
      [&k](const KernelCall& c) {
        k.reference_gradient(c.in_rows<double>(0), c.in_rows<double>(1), c.in<double>(2), c.out_rows<double>(0));
      });
}

std::vector<TensorType> OneHot::infer(std::span<const TensorType> in) const {
  require_rank(in[0], 1, "labels", "[N]");
  return {{{in[0].shape[0], classes_}, real_}};
}

Kernel OneHot::choose(const KernelRequest& request) const {
  return by_precision(
      request, [](const KernelCall& c) { kernels::one_hot(c.in<std::int32_t>(0), c.out_rows<float>(0), c.threads()); },
      [](const KernelCall& c) { kernels::reference::one_hot<double>(c.in<std::int32_t>(0), c.out_rows<double>(0)); });
}

std::vector<TensorType> ClassWeights::infer(std::span<const TensorType> in) const {
  require_rank(in[0], 2, "targets", "[N, K]");
  return {{{in[0].shape[0]}, in[0].dtype}};
}

Kernel ClassWeights::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [weights = std::vector<float>(weights_.begin(), weights_.end())](const KernelCall& c) {
        kernels::weights_of_classes(c.in_rows<float>(0), weights, c.out<float>(0), c.threads());
      },
      [weights = weights_](const KernelCall& c) {
        kernels::reference::weights_of_classes<double>(c.in_rows<double>(0), weights, c.out<double>(0));
      });
}

std::vector<TensorType> Correct::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "targets");
  return {{{in[0].shape[0]}, in[0].dtype}};
}

Kernel Correct::choose(const KernelRequest& request) const {
  return by_precision(
      request,
      [t = static_cast<float>(threshold_)](const KernelCall& c) {
        kernels::count_correct(c.in_rows<float>(0), c.in_rows<float>(1), t, c.out<float>(0), c.threads());
      },
      [t = threshold_](const KernelCall& c) {
        kernels::reference::count_correct<double>(c.in_rows<double>(0), c.in_rows<double>(1), t, c.out<double>(0));
      });
}

}  // namespace evenkeel::ops
