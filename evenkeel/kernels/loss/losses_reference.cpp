#include "evenkeel/kernels/loss/losses_reference.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/kernels/elementwise/activation_reference.h"

namespace evenkeel::kernels::reference {
namespace {

/// loss[i] = the mean of term(output, target) over row i
template <class T, class Term>
void mean_of_rows(Matrix<const T> outputs, Matrix<const T> targets, std::span<T> loss, Term term) {
  for (std::int64_t i = 0; i < outputs.rows; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < outputs.columns; ++j)
      sum += term(double{outputs.row(i)[j]}, double{targets.row(i)[j]});
    loss[i] = static_cast<T>(sum / static_cast<double>(outputs.columns));
  }
}

/// The gradient of mean_of_rows; `slope` is that of `term` with respect to the output.
template <class T, class Slope>
void mean_of_rows_gradient(Matrix<const T> outputs, Matrix<const T> targets, std::span<const T> dloss,
                           Matrix<T> doutputs, Slope slope) {
  for (std::int64_t i = 0; i < outputs.rows; ++i) {
    const double share = double{dloss[i]} / static_cast<double>(outputs.columns);
    for (std::int64_t j = 0; j < outputs.columns; ++j)
      doutputs.row(i)[j] = static_cast<T>(slope(double{outputs.row(i)[j]}, double{targets.row(i)[j]}) * share);
  }
}

/// log(sum(exp(row))), computed from the row minus its maximum.
template <class T>
double log_sum_exp(const T* row, std::int64_t columns) {
  const double largest = *std::max_element(row, row + columns);
  double sum = 0;
  for (std::int64_t j = 0; j < columns; ++j) sum += std::exp(double{row[j]} - largest);
  return largest + std::log(sum);
}

/// The index of the first largest element.
template <class T>
std::int64_t argmax(const T* row, std::int64_t columns) {
  return std::max_element(row, row + columns) - row;
}

}  // namespace

template <class T>
void one_hot(std::span<const std::int32_t> labels, Matrix<T> targets) {
  for (std::int64_t i = 0; i < targets.rows; ++i) {
    if (targets.columns == 1) {
      targets.row(i)[0] = static_cast<T>(labels[i]);
      continue;
    }
    std::fill_n(targets.row(i), targets.columns, T{0});
    targets.row(i)[labels[i]] = T{1};
  }
}

template <class T>
void softmax_cross_entropy(Matrix<const T> logits, Matrix<const T> targets, std::span<T> loss) {
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const double normalizer = log_sum_exp(logits.row(i), logits.columns);
    double sum = 0;
    for (std::int64_t j = 0; j < logits.columns; ++j)
      sum += double{targets.row(i)[j]} * (normalizer - double{logits.row(i)[j]});
    loss[i] = static_cast<T>(sum);
  }
}

template <class T>
void softmax_cross_entropy_gradient(Matrix<const T> logits, Matrix<const T> targets, std::span<const T> dloss,
                                    Matrix<T> dlogits) {
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const double normalizer = log_sum_exp(logits.row(i), logits.columns);
    double total = 0;
    for (std::int64_t j = 0; j < logits.columns; ++j) total += double{targets.row(i)[j]};
    for (std::int64_t j = 0; j < logits.columns; ++j) {
      const double probability = std::exp(double{logits.row(i)[j]} - normalizer);
      dlogits.row(i)[j] = static_cast<T>((probability * total - double{targets.row(i)[j]}) * double{dloss[i]});
    }
  }
}

template <class T>
void sigmoid_cross_entropy(Matrix<const T> logits, Matrix<const T> targets, std::span<T> loss) {
  mean_of_rows(logits, targets, loss, [](double z, double t) {
    return activation(Activation::relu, z) - z * t + std::log1p(std::exp(-std::abs(z)));
  });
}

template <class T>
void sigmoid_cross_entropy_gradient(Matrix<const T> logits, Matrix<const T> targets, std::span<const T> dloss,
                                    Matrix<T> dlogits) {
  mean_of_rows_gradient(logits, targets, dloss, dlogits,
                        [](double z, double t) { return activation(Activation::sigmoid, z) - t; });
}

template <class T>
void squared_error(Matrix<const T> outputs, Matrix<const T> targets, std::span<T> loss) {
  mean_of_rows(outputs, targets, loss, [](double output, double t) { return (output - t) * (output - t); });
}

template <class T>
void squared_error_gradient(Matrix<const T> outputs, Matrix<const T> targets, std::span<const T> dloss,
                            Matrix<T> doutputs) {
  mean_of_rows_gradient(outputs, targets, dloss, doutputs, [](double output, double t) { return 2 * (output - t); });
}

template <class T>
void weights_of_classes(Matrix<const T> targets, std::span<const T> class_weights, std::span<T> weights) {
  for (std::int64_t i = 0; i < targets.rows; ++i) {
    const T* t = targets.row(i);
    const double c =
        targets.columns == 1 ? std::nearbyint(double{t[0]}) : static_cast<double>(argmax(t, targets.columns));
    const bool known = c >= 0 && c < static_cast<double>(class_weights.size());
    weights[i] = known ? class_weights[static_cast<std::size_t>(c)] : T{1};
  }
}

template <class T>
void count_correct(Matrix<const T> logits, Matrix<const T> targets, double threshold, std::span<T> correct) {
  for (std::int64_t i = 0; i < logits.rows; ++i) {
    const T *z = logits.row(i), *t = targets.row(i);
    const bool known = std::none_of(z, z + logits.columns, [](T logit) { return std::isnan(logit); });
    const bool same = logits.columns == 1 ? (double{z[0]} > threshold) == (double{t[0]} > 0.5)
                                          : argmax(z, logits.columns) == argmax(t, logits.columns);
    correct[i] = known && same ? T{1} : T{0};
  }
}

#define INSTANTIATE(T)                                                                                           \
  template void one_hot(std::span<const std::int32_t>, Matrix<T>);                                               \
  template void softmax_cross_entropy(Matrix<const T>, Matrix<const T>, std::span<T>);                           \
  template void softmax_cross_entropy_gradient(Matrix<const T>, Matrix<const T>, std::span<const T>, Matrix<T>); \
  template void sigmoid_cross_entropy(Matrix<const T>, Matrix<const T>, std::span<T>);                           \
  template void sigmoid_cross_entropy_gradient(Matrix<const T>, Matrix<const T>, std::span<const T>, Matrix<T>); \
  template void squared_error(Matrix<const T>, Matrix<const T>, std::span<T>);                                   \
  template void squared_error_gradient(Matrix<const T>, Matrix<const T>, std::span<const T>, Matrix<T>);         \
  template void weights_of_classes(Matrix<const T>, std::span<const T>, std::span<T>);                           \
  template void count_correct(Matrix<const T>, Matrix<const T>, double, std::span<T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
