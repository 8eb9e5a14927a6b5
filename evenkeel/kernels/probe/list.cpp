#include "evenkeel/kernels/probe/list.h"

#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/probe/extremes.h"
#include "evenkeel/kernels/probe/extremes_reference.h"
#include "evenkeel/kernels/probe/moments.h"
#include "evenkeel/kernels/probe/moments_reference.h"
#include "evenkeel/kernels/simd/columns_scratch.h"

namespace evenkeel::kernels {
namespace {

/// accumulate(x, count, a, b) merges the rows of x into a and b, which hold the figures of `count` rows before.
template <class T, class Accumulate>
void add_rows(const KernelCall& c, Accumulate accumulate) {
  double& count = c.inout<double>(1)[0];
  const auto x = c.in_rows<T>(0);
  accumulate(x, count, c.inout<double>(2), c.inout<double>(3));
  count += static_cast<double>(x.rows);
}

std::int64_t columns_of(const KernelRequest& r) {
  const Shape& x = r.inputs[0].shape;
  return x.rank() > 0 ? x.back() : 1;
}

}  // namespace

Kernel choose(const AccumulateMoments& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"shifted sums", kFloats,
        []<class T>(const AccumulateMoments&, const KernelCall& c, T) {
          add_rows<T>(c, [&](auto x, double count, auto mean, auto m2) {
            accumulate_moments<T>(x, count, mean, m2, c.threads(), c.scratch());
          });
        },
        [](const AccumulateMoments&, const KernelRequest& r) { return moments_bytes(columns_of(r), r.threads); }},
       {"reference", kDouble, [](const AccumulateMoments&, const KernelCall& c, double) {
          add_rows<double>(c, reference::accumulate_moments<double>);
        }}});
}

Kernel choose(const AccumulateExtremes& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const AccumulateExtremes&, const KernelCall& c, T) {
          add_rows<T>(c, [&](auto x, double count, auto smallest, auto largest) {
            accumulate_extremes<T>(x, count, smallest, largest, c.threads(), c.scratch());
          });
        },
        [](const AccumulateExtremes&, const KernelRequest& r) { return fold_bytes(2, columns_of(r), r.threads); }},
       {"reference", kDouble, [](const AccumulateExtremes&, const KernelCall& c, double) {
          add_rows<double>(c, reference::accumulate_extremes<double>);
        }}});
}

}  // namespace evenkeel::kernels
