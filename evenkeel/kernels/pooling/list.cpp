#include "evenkeel/kernels/pooling/list.h"

#include "evenkeel/kernels/elementwise/activation_reference.h"
#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/pooling/pooling.h"
#include "evenkeel/kernels/pooling/pooling_reference.h"

namespace evenkeel::kernels {

Kernel choose(const MaxPool& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const MaxPool& t, const KernelCall& c, T) {
          max_pool<T>(t.window, c.in<T>(0), c.out<T>(0), c.threads(), c.scratch());
          if (t.f != Activation::linear) activate<T>(t.f, c.out<T>(0), c.out<T>(0), c.threads());
        },
        [](const MaxPool& t, const KernelRequest& r) { return pooling_scratch(t.window, r.threads); }},
       {"reference", kDouble, [](const MaxPool& t, const KernelCall& c, double) {
          reference::max_pool<double>(t.window, c.in<double>(0), c.out<double>(0));
          reference::activate<double>(t.f, c.out<double>(0), c.out<double>(0));
        }}});
}

Kernel choose(const MaxPoolGradient& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const MaxPoolGradient& t, const KernelCall& c, T) {
                               max_pool_gradient<T>(t.window, c.in<T>(0), c.in<T>(1), c.in<T>(2), c.out<T>(0),
                                                    c.threads());
                             }},
                            {"reference", kDouble, [](const MaxPoolGradient& t, const KernelCall& c, double) {
                               reference::max_pool_gradient<double>(t.window, c.in<double>(0), c.in<double>(1),
                                                                    c.in<double>(2), c.out<double>(0));
                             }}});
}

Kernel choose(const AveragePool& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const AveragePool& t, const KernelCall& c, T) {
          average_pool<T>(t.window, c.in<T>(0), c.out<T>(0), c.threads(), c.scratch());
        },
        [](const AveragePool& t, const KernelRequest& r) { return pooling_scratch(t.window, r.threads); }},
       {"reference", kDouble, [](const AveragePool& t, const KernelCall& c, double) {
          reference::average_pool<double>(t.window, c.in<double>(0), c.out<double>(0));
        }}});
}

Kernel choose(const AveragePoolGradient& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const AveragePoolGradient& t, const KernelCall& c, T) {
          average_pool_gradient<T>(t.window, c.in<T>(0), c.out<T>(0), c.threads(), c.scratch());
        },
        [](const AveragePoolGradient& t, const KernelRequest& r) { return pooling_scratch(t.window, r.threads); }},
       {"reference", kDouble, [](const AveragePoolGradient& t, const KernelCall& c, double) {
          reference::average_pool_gradient<double>(t.window, c.in<double>(0), c.out<double>(0));
        }}});
}

}  // namespace evenkeel::kernels
