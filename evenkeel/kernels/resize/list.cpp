#include "evenkeel/kernels/resize/list.h"

#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/resize/resample_reference.h"

namespace evenkeel::kernels {

Kernel choose(const Resample& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const Resample& t, const KernelCall& c, T) {
                               resample<T>(t, c.in<T>(0), c.out<T>(0), c.threads(), c.scratch());
                             },
                             [](const Resample& t, const KernelRequest& r) { return resample_scratch(t, r.threads); }},
                            {"reference", kDouble, [](const Resample& t, const KernelCall& c, double) {
                               reference::resample<double>(t, c.in<double>(0), c.out<double>(0));
                             }}});
}

}  // namespace evenkeel::kernels
