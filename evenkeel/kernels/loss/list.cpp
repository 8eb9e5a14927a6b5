#include "evenkeel/kernels/loss/list.h"

#include <numeric>
#include <stdexcept>

#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/elementwise/elementwise_reference.h"
#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/loss/losses.h"
#include "evenkeel/kernels/loss/losses_reference.h"
#include "evenkeel/kernels/optimizer/optimizers.h"
#include "evenkeel/kernels/optimizer/optimizers_reference.h"
#include "evenkeel/kernels/simd/columns_scratch.h"

namespace evenkeel::kernels {
namespace {

/// A loss and its gradient, in vectors and in double.
struct LossKernels {
  decltype(&softmax_cross_entropy) fast;
  decltype(&softmax_cross_entropy_gradient) fast_gradient;
  decltype(&reference::softmax_cross_entropy<double>) exact;
  decltype(&reference::softmax_cross_entropy_gradient<double>) exact_gradient;
};

LossKernels kernels_of(LossKind kind) {
  namespace r = reference;
  switch (kind) {
    case LossKind::softmax_cross_entropy:
      return {&softmax_cross_entropy, &softmax_cross_entropy_gradient, &r::softmax_cross_entropy<double>,
              &r::softmax_cross_entropy_gradient<double>};
    case LossKind::sigmoid_cross_entropy:
      return {&sigmoid_cross_entropy, &sigmoid_cross_entropy_gradient, &r::sigmoid_cross_entropy<double>,
              &r::sigmoid_cross_entropy_gradient<double>};
    case LossKind::squared_error:
      return {&squared_error, &squared_error_gradient, &r::squared_error<double>, &r::squared_error_gradient<double>};
  }
  throw std::logic_error("a loss without kernels");
}

/// The sum of factors[i] * squared_norm(operand i + 1).
template <class Norm>
double penalty(const AddL2Penalty& task, Norm squared_norm) {
  double sum = 0;
  for (std::size_t i = 0; i < task.factors.size(); ++i) sum += task.factors[i] * squared_norm(static_cast<int>(i) + 1);
  return sum;
}

/// The factor of w in its gradient: 2 factor sum(dloss).
template <class T>
double penalty_slope(const L2PenaltyGradient& task, std::span<const T> dloss) {
  return 2 * task.factor * std::accumulate(dloss.begin(), dloss.end(), 0.0);
}

}  // namespace

Kernel choose(const Loss& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const Loss& t, const KernelCall& c, float) {
                               kernels_of(t.kind).fast(c.in_rows<float>(0), c.in_rows<float>(1), c.out<float>(0),
                                                       c.threads());
                             }},
                            {"reference", kDouble, [](const Loss& t, const KernelCall& c, double) {
                               kernels_of(t.kind).exact(c.in_rows<double>(0), c.in_rows<double>(1), c.out<double>(0));
                             }}});
}

Kernel choose(const LossGradient& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const LossGradient& t, const KernelCall& c, float) {
                               kernels_of(t.kind).fast_gradient(c.in_rows<float>(0), c.in_rows<float>(1),
                                                                c.in<float>(2), c.out_rows<float>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const LossGradient& t, const KernelCall& c, double) {
                               kernels_of(t.kind).exact_gradient(c.in_rows<double>(0), c.in_rows<double>(1),
                                                                 c.in<double>(2), c.out_rows<double>(0));
                             }}});
}

Kernel choose(const OneHot& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"one by one", kFloat,
                             [](const OneHot&, const KernelCall& c, float) {
                               one_hot(c.in<std::int32_t>(0), c.out_rows<float>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const OneHot&, const KernelCall& c, double) {
                               reference::one_hot<double>(c.in<std::int32_t>(0), c.out_rows<double>(0));
                             }}});
}

Kernel choose(const ClassWeights& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{kFloat,
        [](const ClassWeights& t, const KernelRequest&, float) {
          return Kernel{.name = "one by one",
                        .run = [weights = std::vector<float>(t.weights.begin(), t.weights.end())](const KernelCall& c) {
                          weights_of_classes(c.in_rows<float>(0), weights, c.out<float>(0), c.threads());
                        }};
        }},
       {"reference", kDouble, [](const ClassWeights& t, const KernelCall& c, double) {
          reference::weights_of_classes<double>(c.in_rows<double>(0), t.weights, c.out<double>(0));
        }}});
}

Kernel choose(const Correct& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"one by one", kFloat,
                             [](const Correct& t, const KernelCall& c, float) {
                               count_correct(c.in_rows<float>(0), c.in_rows<float>(1), static_cast<float>(t.threshold),
                                             c.out<float>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const Correct& t, const KernelCall& c, double) {
                               reference::count_correct<double>(c.in_rows<double>(0), c.in_rows<double>(1), t.threshold,
                                                                c.out<double>(0));
                             }}});
}

Kernel choose(const AddL2Penalty& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloat,
        [](const AddL2Penalty& t, const KernelCall& c, float) {
          const double sum = penalty(t, [&](int w) { return squared_norm(c.in<float>(w), c.threads(), c.scratch()); });
          scale_offset(c.in<float>(0), 1, static_cast<float>(sum), c.out<float>(0), c.threads());
        },
        [](const AddL2Penalty&, const KernelRequest& r) { return sum_bytes(1, 1, r.threads); }},
       {"reference", kDouble, [](const AddL2Penalty& t, const KernelCall& c, double) {
          const double sum = penalty(t, [&](int w) { return reference::squared_norm(c.in<double>(w)); });
          reference::scale_offset<double>(c.in<double>(0), 1, sum, c.out<double>(0));
        }}});
}

Kernel choose(const L2PenaltyGradient& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const L2PenaltyGradient& t, const KernelCall& c, float) {
                               scale_offset(c.in<float>(0), static_cast<float>(penalty_slope(t, c.in<float>(1))), 0,
                                            c.out<float>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const L2PenaltyGradient& t, const KernelCall& c, double) {
                               reference::scale_offset<double>(c.in<double>(0), penalty_slope(t, c.in<double>(1)), 0,
                                                               c.out<double>(0));
                             }}});
}

}  // namespace evenkeel::kernels
