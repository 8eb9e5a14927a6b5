#include "evenkeel/kernels/noise/list.h"

#include <algorithm>
#include <array>

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

/// disturb(x, y, first) for consecutive parts of the call's operands, whose first elements in the stream are multiples
/// of 4, as the vectors of Philox need it: the elements before the first such one are computed in a copy.
template <class T, class Disturb>
void in_aligned_parts(const KernelCall& c, std::int64_t first, Disturb disturb) {
  std::span<const T> x = c.in<T>(0);
  std::span<T> y = c.out<T>(0);
  if (const auto lead = static_cast<std::size_t>(first % 4); lead != 0) {
    std::array<T, 4> from{}, to{};
    const std::size_t n = std::min(from.size() - lead, x.size());
    std::copy_n(x.begin(), n, from.begin() + lead);
    disturb(std::span<const T>(from), std::span<T>(to), first - static_cast<std::int64_t>(lead));
    std::copy_n(to.begin() + lead, n, y.begin());
    x = x.subspan(n);
    y = y.subspan(n);
    first += static_cast<std::int64_t>(n);
  }
  if (!x.empty()) disturb(x, y, first);
}

}  // namespace

Kernel choose(const Dropout& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const Dropout& t, const KernelCall& c, T) {
                               disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
                                 in_aligned_parts<T>(c, t.first,
                                                     [&](std::span<const T> x, std::span<T> y, std::int64_t first) {
                                                       dropout<T>(x, t.rate, key, y, c.threads(), first);
                                                     });
                               });
                             }},
                            {"reference", kDouble, [](const Dropout& t, const KernelCall& c, double) {
                               disturb_or_copy<double>(c, t.layer, [&](const RandomKey& key) {
                                 reference::dropout<double>(c.in<double>(0), t.rate, key, c.out<double>(0), t.first);
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
  if (task.mask == task.x) return choose(Dropout{.layer = task.layer, .rate = task.rate, .first = task.first}, request);
  if (!repetition_of(task.x, task.mask))
    return first_that_serves(
        task, request, {{"one by one", kAll, []<class T>(const SharedDropout& t, const KernelCall& c, T) {
                           disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
                             reference::shared_dropout<T>(c.in<T>(0), t.x, t.mask, t.rate, key, c.out<T>(0), t.first);
                           });
                         }}});
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const SharedDropout& t, const KernelCall& c, T) {
                               const Repetition over = *repetition_of(t.x, t.mask);
                               disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
                                 spatial_dropout<T>(in_stretches<T>(c, over), over.middle, t.rate, key,
                                                    out_stretches<T>(c, over), c.threads(), c.scratch(), t.first);
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
                                                                    key, out_stretches<double>(c, over), t.first);
                               });
                             }}});
}

Kernel choose(const GaussianDropout& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const GaussianDropout& t, const KernelCall& c, T) {
          disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
            in_aligned_parts<T>(c, t.first, [&](std::span<const T> x, std::span<T> y, std::int64_t first) {
              gaussian_dropout<T>(x, t.deviation, key, y, c.threads(), first);
            });
          });
        }},
       {"reference", kDouble, [](const GaussianDropout& t, const KernelCall& c, double) {
          disturb_or_copy<double>(c, t.layer, [&](const RandomKey& key) {
            reference::gaussian_dropout<double>(c.in<double>(0), t.deviation, key, c.out<double>(0), t.first);
          });
        }}});
}

Kernel choose(const AffineDropout& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const AffineDropout& t, const KernelCall& c, T) {
          disturb_or_copy<T>(c, t.layer, [&](const RandomKey& key) {
            in_aligned_parts<T>(c, t.first, [&](std::span<const T> x, std::span<T> y, std::int64_t first) {
              affine_dropout<T>(x, t.rate, t.outcome, key, y, c.threads(), first);
            });
          });
        }},
       {"reference", kDouble, [](const AffineDropout& t, const KernelCall& c, double) {
          disturb_or_copy<double>(c, t.layer, [&](const RandomKey& key) {
            reference::affine_dropout<double>(c.in<double>(0), t.rate, t.outcome, key, c.out<double>(0), t.first);
          });
        }}});
}

Kernel choose(const Uout& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const Uout& t, const KernelCall& c, T) {
                               const auto disturb = [&](const RandomKey& key) {
                                 in_aligned_parts<T>(c, t.first,
                                                     [&](std::span<const T> x, std::span<T> y, std::int64_t first) {
                                                       uout<T>(x, t.beta, key, y, c.threads(), first);
                                                     });
                               };
                               disturb_or_copy<T>(c, t.layer, disturb, Purpose::uout);
                             }},
                            {"reference", kDouble, [](const Uout& t, const KernelCall& c, double) {
                               const auto disturb = [&](const RandomKey& key) {
                                 reference::uout<double>(c.in<double>(0), t.beta, key, c.out<double>(0), t.first);
                               };
                               disturb_or_copy<double>(c, t.layer, disturb, Purpose::uout);
                             }}});
}

}  // namespace evenkeel::kernels
