#pragma once

#include <cstdint>
#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"

// Losses per sample from logits [n, k] and targets, and their gradients. Targets are probabilities or values [n, k];
// one_hot makes them from labels. In every gradient, dlogits is scaled by dloss[i], the gradient of sample i's loss.

namespace evenkeel::kernels {

/// targets[i, labels[i]] = 1, all others 0; with one column, the target is the label itself. The caller has checked
/// that labels are in [0, columns); with one column any value is allowed.
void one_hot(std::span<const std::int32_t> labels, Matrix<float> targets, const Threads& threads);

/// loss[i] = -sum targets * log softmax(logits), computed from logits minus the maximum of their row.
void softmax_cross_entropy(Matrix<const float> logits, Matrix<const float> targets, std::span<float> loss,
                           const Threads& threads);
/// dlogits = (softmax(logits) * sum(targets) - targets) * dloss[i]
void softmax_cross_entropy_gradient(Matrix<const float> logits, Matrix<const float> targets,
                                    std::span<const float> dloss, Matrix<float> dlogits, const Threads& threads);

/// loss[i] = mean over k of max(z, 0) - z * t + log(1 + exp(-|z|))
void sigmoid_cross_entropy(Matrix<const float> logits, Matrix<const float> targets, std::span<float> loss,
                           const Threads& threads);
/// dlogits = (sigmoid(logits) - targets) / k * dloss[i]
void sigmoid_cross_entropy_gradient(Matrix<const float> logits, Matrix<const float> targets,
                                    std::span<const float> dloss, Matrix<float> dlogits, const Threads& threads);

/// loss[i] = mean over k of (output - target)^2
void squared_error(Matrix<const float> outputs, Matrix<const float> targets, std::span<float> loss,
                   const Threads& threads);
/// doutputs = 2 (output - target) / k * dloss[i]
void squared_error_gradient(Matrix<const float> outputs, Matrix<const float> targets, std::span<const float> dloss,
                            Matrix<float> doutputs, const Threads& threads);

/// weights[i] = class_weights[c], where c is the index of the first largest target of row i (with one column: the
/// target, rounded); 1 if there is no weight for c.
void weights_of_classes(Matrix<const float> targets, std::span<const float> class_weights, std::span<float> weights,
                        const Threads& threads);

/// correct[i] = 1 where the first largest logit is the first largest target (k > 1), or where logit > threshold equals
/// target > 0.5 (k = 1), else 0. A row with a NaN logit is never correct.
void count_correct(Matrix<const float> logits, Matrix<const float> targets, float threshold, std::span<float> correct,
                   const Threads& threads);

}  // namespace evenkeel::kernels
