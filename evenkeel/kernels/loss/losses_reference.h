#pragma once

#include <cstdint>
#include <span>

#include "evenkeel/kernels/matrix.h"

// What losses.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void one_hot(std::span<const std::int32_t> labels, Matrix<T> targets);

template <class T>
void softmax_cross_entropy(Matrix<const T> logits, Matrix<const T> targets, std::span<T> loss);

template <class T>
void softmax_cross_entropy_gradient(Matrix<const T> logits, Matrix<const T> targets, std::span<const T> dloss,
                                    Matrix<T> dlogits);

template <class T>
void sigmoid_cross_entropy(Matrix<const T> logits, Matrix<const T> targets, std::span<T> loss);

template <class T>
void sigmoid_cross_entropy_gradient(Matrix<const T> logits, Matrix<const T> targets, std::span<const T> dloss,
                                    Matrix<T> dlogits);

template <class T>
void squared_error(Matrix<const T> outputs, Matrix<const T> targets, std::span<T> loss);

template <class T>
void squared_error_gradient(Matrix<const T> outputs, Matrix<const T> targets, std::span<const T> dloss,
                            Matrix<T> doutputs);

template <class T>
void weights_of_classes(Matrix<const T> targets, std::span<const T> class_weights, std::span<T> weights);

template <class T>
void count_correct(Matrix<const T> logits, Matrix<const T> targets, double threshold, std::span<T> correct);

}  // namespace evenkeel::kernels::reference
