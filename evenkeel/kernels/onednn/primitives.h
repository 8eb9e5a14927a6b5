#pragma once

#include <string>
#include <string_view>

#include "evenkeel/kernels/onednn/engine.h"

// The one place that depends on oneDNN's version: up to 2.x a primitive's descriptor was built in two steps.

namespace evenkeel::kernels::onednn {

/// A convolution's layouts and geometry as oneDNN wants them (logical order n, c, h, w and filters, c, h, w).
struct ConvolutionDesc {
  dnnl::memory::desc x, kernel, dkernel, bias, y;  ///< dkernel: the kernel's gradient; bias: empty if there is none
  dnnl::memory::dims strides, dilates, pad_begin, pad_end;  ///< dilates: 0 for neighbouring taps
};

/// The implementation whose name rather(name of oneDNN's first implementation) returns, if there is one; else oneDNN's
/// first.
template <class Rather>
dnnl::convolution_forward::primitive_desc forward_primitive(const ConvolutionDesc& d, Rather rather) {
  constexpr auto kKind = dnnl::prop_kind::forward_training;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  const auto make = [&] {
    return dnnl::convolution_forward::primitive_desc(engine(), kKind, kAlgorithm, d.x, d.kernel, d.bias, d.y, d.strides,
                                                     d.dilates, d.pad_begin, d.pad_end, attributes());
  };
#else
  // Named, because next_impl() looks at it again.
  const dnnl::convolution_forward::desc desc(kKind, kAlgorithm, d.x, d.kernel, d.bias, d.y, d.strides, d.dilates,
                                             d.pad_begin, d.pad_end);
  const auto make = [&] { return dnnl::convolution_forward::primitive_desc(desc, attributes(), engine()); };
#endif
  const auto first = make();
  const std::string wanted = rather(std::string_view(first.impl_info_str()));
  auto other = make();
  while (other.impl_info_str() != wanted)
    if (!other.next_impl()) return first;
  return other;
}

inline dnnl::convolution_forward::primitive_desc forward_primitive(const ConvolutionDesc& d) {
  return forward_primitive(d, [](std::string_view first) { return std::string(first); });
}

inline dnnl::convolution_backward_data::primitive_desc data_gradient_primitive(const ConvolutionDesc& d) {
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
  const auto hint = forward_primitive(d);
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), kAlgorithm, d.x, d.kernel, d.y, d.strides, d.dilates, d.pad_begin, d.pad_end, hint, attributes()};
#else
  return {{kAlgorithm, d.x, d.kernel, d.y, d.strides, d.dilates, d.pad_begin, d.pad_end}, attributes(), engine(), hint};
#endif
}

inline dnnl::convolution_backward_weights::primitive_desc kernel_gradient_primitive(const ConvolutionDesc& d) {
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
  const auto hint = forward_primitive(d);
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), kAlgorithm, d.x, d.dkernel, d.y, d.strides, d.dilates, d.pad_begin, d.pad_end, hint, attributes()};
#else
  return {
      {kAlgorithm, d.x, d.dkernel, d.y, d.strides, d.dilates, d.pad_begin, d.pad_end}, attributes(), engine(), hint};
#endif
}

/// c = a b, of any strides and types.
inline dnnl::matmul::primitive_desc matmul_primitive(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                                     const dnnl::memory::desc& c) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), a, b, c, attributes()};
#else
  return {{a, b, c}, attributes(), engine()};
#endif
}

}  // namespace evenkeel::kernels::onednn
