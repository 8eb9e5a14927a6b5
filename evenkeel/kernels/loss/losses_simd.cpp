// A loss has only n * k numbers, very few compared with the rest of a step: each thread runs the reference on its rows.

#include "evenkeel/kernels/loss/losses.h"

#include "evenkeel/kernels/loss/losses_reference.h"
#include "evenkeel/kernels/simd/grain.h"

namespace evenkeel::kernels {
namespace {

template <class T>
Matrix<T> rows_of(Matrix<T> matrix, std::int64_t begin, std::int64_t end) {
  return {matrix.row(begin), end - begin, matrix.columns};
}

/// Calls body(begin, end) for ranges of rows on the threads. An exp or log costs some sixteen other operations.
template <class Body>
void for_row_ranges(std::int64_t rows, std::int64_t columns, const Threads& threads, Body body) {
  threads.parallel(rows, grain_of(16 * columns), [&](std::int64_t begin, std::int64_t end, int) { body(begin, end); });
}

using Loss = void (*)(Matrix<const float>, Matrix<const float>, std::span<float>);
using LossGradient = void (*)(Matrix<const float>, Matrix<const float>, std::span<const float>, Matrix<float>);

void run(Loss loss_of, Matrix<const float> outputs, Matrix<const float> targets, std::span<float> loss,
         const Threads& threads) {
  for_row_ranges(outputs.rows, outputs.columns, threads, [&](std::int64_t begin, std::int64_t end) {
    loss_of(rows_of(outputs, begin, end), rows_of(targets, begin, end), loss.subspan(begin, end - begin));
  });
}

void run(LossGradient gradient_of, Matrix<const float> outputs, Matrix<const float> targets,
         std::span<const float> dloss, Matrix<float> doutputs, const Threads& threads) {
  for_row_ranges(outputs.rows, outputs.columns, threads, [&](std::int64_t begin, std::int64_t end) {
    gradient_of(rows_of(outputs, begin, end), rows_of(targets, begin, end), dloss.subspan(begin, end - begin),
                rows_of(doutputs, begin, end));
  });
}

}  // namespace

void one_hot(std::span<const std::int32_t> labels, Matrix<float> targets, const Threads& threads) {
  for_row_ranges(targets.rows, targets.columns, threads, [&](std::int64_t begin, std::int64_t end) {
    reference::one_hot(labels.subspan(begin, end - begin), rows_of(targets, begin, end));
  });
}

void softmax_cross_entropy(Matrix<const float> logits, Matrix<const float> targets, std::span<float> loss,
                           const Threads& threads) {
  run(&reference::softmax_cross_entropy<float>, logits, targets, loss, threads);
}

void softmax_cross_entropy_gradient(Matrix<const float> logits, Matrix<const float> targets,
                                    std::span<const float> dloss, Matrix<float> dlogits, const Threads& threads) {
  run(&reference::softmax_cross_entropy_gradient<float>, logits, targets, dloss, dlogits, threads);
}

void sigmoid_cross_entropy(Matrix<const float> logits, Matrix<const float> targets, std::span<float> loss,
                           const Threads& threads) {
  run(&reference::sigmoid_cross_entropy<float>, logits, targets, loss, threads);
}

void sigmoid_cross_entropy_gradient(Matrix<const float> logits, Matrix<const float> targets,
                                    std::span<const float> dloss, Matrix<float> dlogits, const Threads& threads) {
  run(&reference::sigmoid_cross_entropy_gradient<float>, logits, targets, dloss, dlogits, threads);
}

void squared_error(Matrix<const float> outputs, Matrix<const float> targets, std::span<float> loss,
                   const Threads& threads) {
  run(&reference::squared_error<float>, outputs, targets, loss, threads);
}

void squared_error_gradient(Matrix<const float> outputs, Matrix<const float> targets, std::span<const float> dloss,
                            Matrix<float> doutputs, const Threads& threads) {
  run(&reference::squared_error_gradient<float>, outputs, targets, dloss, doutputs, threads);
}

void weights_of_classes(Matrix<const float> targets, std::span<const float> class_weights, std::span<float> weights,
                        const Threads& threads) {
  for_row_ranges(targets.rows, targets.columns, threads, [&](std::int64_t begin, std::int64_t end) {
    reference::weights_of_classes(rows_of(targets, begin, end), class_weights, weights.subspan(begin, end - begin));
  });
}

void count_correct(Matrix<const float> logits, Matrix<const float> targets, float threshold, std::span<float> correct,
                   const Threads& threads) {
  for_row_ranges(logits.rows, logits.columns, threads, [&](std::int64_t begin, std::int64_t end) {
    reference::count_correct(rows_of(logits, begin, end), rows_of(targets, begin, end), double{threshold},
                             correct.subspan(begin, end - begin));
  });
}

}  // namespace evenkeel::kernels
