#pragma once

#include <span>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/matrix.h"

// What activation.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

/// f(x)
double activation(Activation f, double x);

/// f'(x) as a function of y = f(x); if f is not monotone, of x itself.
double activation_slope(Activation f, double y);

template <class T>
void activate(Activation f, std::span<const T> x, std::span<T> y);

template <class T>
void activate_gradient(Activation f, std::span<const T> y, std::span<const T> dy, std::span<T> dx);

template <class T>
void softmax(Matrix<const T> x, Matrix<T> y);

template <class T>
void softmax_gradient(Matrix<const T> y, Matrix<const T> dy, Matrix<T> dx);

/// y = x - max(x) - log(sum(exp(x - max(x)))) per row.
template <class T>
void log_softmax(Matrix<const T> x, Matrix<T> y);

/// dx = dy - exp(y) * sum(dy) per row, for y = log_softmax(x).
template <class T>
void log_softmax_gradient(Matrix<const T> y, Matrix<const T> dy, Matrix<T> dx);

}  // namespace evenkeel::kernels::reference
