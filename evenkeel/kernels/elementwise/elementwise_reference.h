#pragma once

#include <cstdint>
#include <span>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/matrix.h"

// What elementwise.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void add(std::span<const T> a, std::span<const T> b, Activation f, std::span<T> y);

template <class T>
void subtract(std::span<const T> a, std::span<const T> b, std::span<T> y);

template <class T>
void multiply(std::span<const T> a, std::span<const T> b, std::span<T> y);

template <class T>
void scale_offset(std::span<const T> x, double scale, double offset, std::span<T> y);

template <class T>
void rsqrt(std::span<const T> x, double epsilon, std::span<T> y);

template <class T>
void add_bias(Matrix<const T> x, std::span<const T> bias, Activation f, Matrix<T> y);

template <class T>
void add_bias_gradient(Activation f, Matrix<const T> y, Matrix<const T> dy, Matrix<T> dx, std::span<T> dbias);

template <class T>
void copy_columns_in(Matrix<const T> x, Matrix<T> y, std::int64_t at);

template <class T>
void copy_columns_out(Matrix<const T> x, std::int64_t at, Matrix<T> y);

}  // namespace evenkeel::kernels::reference
