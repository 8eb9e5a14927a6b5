#include "evenkeel/kernels/noise/list.h"

#include <algorithm>

#include "evenkeel/kernels/elementwise/combine.h"
#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/noise/dropout_reference.h"
#include "evenkeel/kernels/noise/uout.h"
#include "evenkeel/kernels/noise/uout_reference.h"

namespace evenkeel::kernels {
namespace {

/// disturb(key), with the stream of the layer and the step, where dropout is on; else a copy, unless in place.
template <class T, class Disturb>
void disturb_or_copy(const KernelCall& c, std::uint32_t layer, Disturb disturb, Purpose purpose = Purpose::dropout) {
  const auto x = c.in<T>(0);
  const auto y = c.out<T>(0);
  if (c.mode().dropout)
    disturb(RandomKey{c.step().seed, purpose, layer, c.step().step});
  else if (x.data() != y.data())
    std::ranges::copy(x, y.begin());
}

}  // namespace

Kernel choose(const Dropout& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const Dropout& t, const KernelCall& c, T) {
                               disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
                                 dropout<T>(c.in<T>(0), t.rate, key, c.out<T>(0), c.threads());
                               });
                             }},
                            {"reference", kDouble, [](const Dropout& t, const KernelCall& c, double) {
                               disturb_or_copy<double>(c, t.layer, [&](const RandomKey& key) {
                                 reference::dropout<double>(c.in<double>(0), t.rate, key, c.out<double>(0));
                               });
                             }}});
}

namespace {

/// x as rows that are as long as the mask's stretches.
template <class T>
Matrix<const T> in_stretches(const KernelCall& c, const Repetition& over) {
  return {c.in<T>(0).data(), over.outer * over.middle, over.inner};
}
template <class T>
Matrix<T> out_stretches(const KernelCall& c, const Repetition& over) {
  return {c.out<T>(0).data(), over.outer * over.middle, over.inner};
}

}  // namespace

Kernel choose(const SharedDropout& task, const KernelRequest& request) {
  if (task.mask == task.x) return choose(Dropout{.layer = task.layer, .rate = task.rate}, request);
  if (!repetition_of(task.x, task.mask))
    return first_that_serves(task, request,
                             {{"one by one", kAll, []<class T>(const SharedDropout& t, const KernelCall& c, T) {
                                 disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
                                   reference::shared_dropout<T>(c.in<T>(0), t.x, t.mask, t.rate, key, c.out<T>(0));
                                 });
                               }}});
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const SharedDropout& t, const KernelCall& c, T) {
                               const Repetition over = *repetition_of(t.x, t.mask);
                               disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
                                 spatial_dropout<T>(in_stretches<T>(c, over), over.middle, t.rate, key,
                                                    out_stretches<T>(c, over), c.threads(), c.scratch());
                               });
                             },
                             [](const SharedDropout& t, const KernelRequest& r) {
                               const Repetition over = *repetition_of(t.x, t.mask);
                               return static_cast<std::size_t>(r.threads.count()) *
                                      spatial_dropout_range_bytes(over.inner);
                             }},
                            {"reference", kDouble, [](const SharedDropout& t, const KernelCall& c, double) {
                               const Repetition over = *repetition_of(t.x, t.mask);
                               disturb_or_copy<double>(c, t.layer, [&](const RandomKey& key) {
                                 reference::spatial_dropout<double>(in_stretches<double>(c, over), over.middle, t.rate,
                                                                    key, out_stretches<double>(c, over));
                               });
                             }}});
}

Kernel choose(const GaussianDropout& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const GaussianDropout& t, const KernelCall& c, T) {
                               disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
                                 gaussian_dropout<T>(c.in<T>(0), t.deviation, key, c.out<T>(0), c.threads());
                               });
                             }},
                            {"reference", kDouble, [](const GaussianDropout& t, const KernelCall& c, double) {
                               disturb_or_copy<double>(c, t.layer, [&](const RandomKey& key) {
                                 reference::gaussian_dropout<double>(c.in<double>(0), t.deviation, key,
                                                                     c.out<double>(0));
                               });
                             }}});
}

Kernel choose(const AffineDropout& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const AffineDropout& t, const KernelCall& c, T) {
                               disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
                                 affine_dropout<T>(c.in<T>(0), t.rate, t.outcome, key, c.out<T>(0), c.threads());
                               });
                             }},
                            {"reference", kDouble, [](const AffineDropout& t, const KernelCall& c, double) {
                               disturb_or_copy<double>(c, t.layer, [&](const RandomKey& key) {
                                 reference::affine_dropout<double>(c.in<double>(0), t.rate, t.outcome, key,
                                                                   c.out<double>(0));
                               });
                             }}});
}

Kernel choose(const Uout& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const Uout& t, const KernelCall& c, T) {
                               const auto disturb = [&](const RandomKey& key) {
                                 uout<T>(c.in<T>(0), t.beta, key, c.out<T>(0), c.threads());
                               };
                               disturb_or_copy<T>(c, t.layer, disturb, Purpose::uout);
                             }},
                            {"reference", kDouble, [](const Uout& t, const KernelCall& c, double) {
                               const auto disturb = [&](const RandomKey& key) {
                                 reference::uout<double>(c.in<double>(0), t.beta, key, c.out<double>(0));
                               };
                               disturb_or_copy<double>(c, t.layer, disturb, Purpose::uout);
                             }}});
}

}  // namespace evenkeel::kernels
