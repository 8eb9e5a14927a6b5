#include "evenkeel/kernels/noise/list.h"

#include <algorithm>

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

Kernel choose(const SpatialDropout& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const SpatialDropout& t, const KernelCall& c, T) {
          disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
            spatial_dropout<T>(c.in_rows<T>(0), t.positions, t.rate, key, c.out_rows<T>(0), c.threads(), c.scratch());
          });
        },
        [](const SpatialDropout&, const KernelRequest& r) {
          return static_cast<std::size_t>(r.threads.count()) * spatial_dropout_range_bytes(r.inputs[0].shape.back());
        }},
       {"reference", kDouble, [](const SpatialDropout& t, const KernelCall& c, double) {
          disturb_or_copy<double>(c, t.layer, [&](const RandomKey& key) {
            reference::spatial_dropout<double>(c.in_rows<double>(0), t.positions, t.rate, key, c.out_rows<double>(0));
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
