#include "evenkeel/kernels/normalization/list.h"

#include <algorithm>

#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/normalization/batch_norm.h"
#include "evenkeel/kernels/normalization/batch_norm_pool.h"
#include "evenkeel/kernels/normalization/batch_norm_reference.h"
#include "evenkeel/kernels/normalization/calls.h"
#include "evenkeel/kernels/normalization/statistics.h"
#include "evenkeel/kernels/simd/columns_scratch.h"

namespace evenkeel::kernels {
namespace {

/// Bytes of so many vectors of one number per channel.
std::size_t vectors(int count, std::int64_t channels) {
  return static_cast<std::size_t>(count) * scratch_of<double>(channels);
}

std::int64_t channels_of(const KernelRequest& r) { return r.inputs[0].shape.back(); }

/// Bytes of a pass over memory: with a pooling, or `apart` without one.
std::size_t pass_bytes(const Normalization& n, const KernelRequest& r, std::size_t apart) {
  return n.pool ? batch_norm_pool_scratch(*n.pool, r.threads) : apart;
}

/// Bytes of all threads that take samples.
std::size_t sample_bytes(const Grouping& grouping, const KernelRequest& r) {
  return static_cast<std::size_t>(r.threads.count()) * group_norm_range_bytes(grouping.channels);
}

constexpr auto kRun = []<class Task, class T>(const Task& task, const KernelCall& c, T element) {
  run(task, c, element);
};

constexpr auto kSelect = []<class T>(const SelectStatistics&, const KernelCall& c, T) {
  const int from = 2 * static_cast<int>(c.mode().statistics);
  for (const int i : {0, 1}) {
    const std::span<const T> one = c.in<T>(from + i);
    for (std::size_t at = 0; at < c.out<T>(i).size(); at += one.size())
      std::ranges::copy(one, c.out<T>(i).begin() + static_cast<std::ptrdiff_t>(at));
  }
};

constexpr auto kIfBatch = []<class T>(const IfBatchStatistics&, const KernelCall& c, T) {
  if (c.mode().statistics == Statistics::batch)
    std::ranges::copy(c.in<T>(0), c.out<T>(0).begin());
  else
    std::ranges::fill(c.out<T>(0), T{0});
};

constexpr auto kRenormalize = []<class T>(const Renormalization& task, const KernelCall& c, T) {
  const std::span<T> r = c.out<T>(0), d = c.out<T>(1);
  if (c.mode().statistics == Statistics::batch) {
    renormalization<T>(c.in<T>(0), c.in<T>(1), c.in<T>(2), c.in<T>(3), {task.epsilon, task.r_max, task.d_max}, r, d);
  } else {
    std::ranges::fill(r, T{1});
    std::ranges::fill(d, T{0});
  }
};

constexpr auto kSumGroups = []<class T>(const SumGroups& task, const KernelCall& c, T) {
  for (const int i : {0, 1}) weighted_sum<T>(c.in_rows<T>(i), task.weights, c.out<T>(i));
};

constexpr auto kUpdate = []<class T>(const UpdateStatistics& task, const KernelCall& c, T) {
  double momentum = task.momentum;
  if (c.has(4)) {
    T& batches = c.inout<T>(4)[0];
    momentum = static_cast<double>(batches) / (static_cast<double>(batches) + 1);
    batches += 1;
  }
  follow<T>(c.inout<T>(0), c.in<T>(2), momentum, 1.0);
  follow<T>(c.inout<T>(1), c.in<T>(3), momentum, task.variance_factor);
};

constexpr auto kInvert = []<class T>(const InverseDeviation& task, const KernelCall& c, T) {
  inverse_deviations<T>(c.in<T>(0), task.epsilon, c.out<T>(0));
};

// Tasks on numbers per channel are one loop, which in double is its own reference.
const char* const kPerChannel = "per channel";

}  // namespace

Kernel choose(const Moments& task, const KernelRequest& request) {
  const auto scratch = [](const Moments&, const KernelRequest& r) { return moments_bytes(channels_of(r), r.threads); };
  return first_that_serves(task, request, {{"shifted sums", kFloats, kRun, scratch}, {"reference", kDouble, kRun}});
}

Kernel choose(const MomentsGradient& task, const KernelRequest& request) {
  const auto scratch = [](const MomentsGradient&, const KernelRequest& r) {
    return vectors(3, channels_of(r)) + repeat_bytes(4, channels_of(r));
  };
  return first_that_serves(task, request, {{"vectors", kFloats, kRun, scratch}, {"reference", kDouble, kRun, scratch}});
}

Kernel choose(const SumGroups& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{kPerChannel, kReals, kSumGroups}});
}

Kernel choose(const SelectStatistics& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{"copy", kReals, kSelect}});
}

Kernel choose(const IfBatchStatistics& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{"copy", kReals, kIfBatch}});
}

Kernel choose(const InverseDeviation& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{kPerChannel, kReals, kInvert}});
}

Kernel choose(const UpdateStatistics& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{kPerChannel, kReals, kUpdate}});
}

Kernel choose(const Renormalization& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{kPerChannel, kReals, kRenormalize}});
}

Kernel choose(const Normalize& task, const KernelRequest& request) {
  const auto scratch = [](const Normalize& t, const KernelRequest& r) {
    return vectors(2, channels_of(r)) + pass_bytes(t, r, repeat_bytes(2, channels_of(r)));
  };
  return first_that_serves(task, request, {{"vectors", kFloats, kRun, scratch}, {"reference", kDouble, kRun, scratch}});
}

Kernel choose(const NormalizeSums& task, const KernelRequest& request) {
  const auto scratch = [](const NormalizeSums& t, const KernelRequest& r) {
    const std::int64_t channels = channels_of(r);
    return vectors(2, channels) +
           pass_bytes(t, r, repeat_bytes(t.f.is_monotone() ? 1 : 3, channels) + sum_bytes(2, channels, r.threads));
  };
  return first_that_serves(task, request, {{"vectors", kFloats, kRun, scratch}, {"reference", kDouble, kRun, scratch}});
}

Kernel choose(const NormalizeDataGradient& task, const KernelRequest& request) {
  const auto scratch = [](const NormalizeDataGradient& t, const KernelRequest& r) {
    return vectors(5, channels_of(r)) + pass_bytes(t, r, repeat_bytes(t.f.is_monotone() ? 4 : 6, channels_of(r)));
  };
  return first_that_serves(task, request, {{"vectors", kFloats, kRun, scratch}, {"reference", kDouble, kRun, scratch}});
}

Kernel choose(const ScaleShift& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const ScaleShift&, const KernelCall& c, T) {
                               scale_shift<T>(c.in_rows<T>(0), c.in<float>(1), c.in<float>(2), Activation::linear,
                                              c.out_rows<T>(0), c.threads(), c.scratch());
                             },
                             [](const ScaleShift&, const KernelRequest& r) { return repeat_bytes(2, channels_of(r)); }},
                            {"reference", kDouble, [](const ScaleShift&, const KernelCall& c, double) {
                               reference::scale_shift<double>(c.in_rows<double>(0), c.in<double>(1), c.in<double>(2),
                                                              Activation::linear, c.out_rows<double>(0));
                             }}});
}

Kernel choose(const ChannelSum& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const ChannelSum&, const KernelCall& c, T) {
          channel_sums<T>(c.in_rows<T>(0), c.out<float>(0), c.threads(), c.scratch());
        },
        [](const ChannelSum&, const KernelRequest& r) { return sum_bytes(1, channels_of(r), r.threads); }},
       {"reference", kDouble, [](const ChannelSum&, const KernelCall& c, double) {
          reference::channel_sums<double>(c.in_rows<double>(0), c.out<double>(0));
        }}});
}

Kernel choose(const ChannelProduct& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const ChannelProduct&, const KernelCall& c, T) {
          channel_products<T>(c.in_rows<T>(0), c.in_rows<T>(1), c.out<float>(0), c.threads(), c.scratch());
        },
        [](const ChannelProduct&, const KernelRequest& r) { return sum_bytes(1, channels_of(r), r.threads); }},
       {"reference", kDouble, [](const ChannelProduct&, const KernelCall& c, double) {
          reference::channel_products<double>(c.in_rows<double>(0), c.in_rows<double>(1), c.out<double>(0));
        }}});
}

Kernel choose(const GroupNorm& task, const KernelRequest& request) {
  const auto scratch = [](const GroupNorm& t, const KernelRequest& r) {
    return vectors(2, t.grouping.channels) + sample_bytes(t.grouping, r);
  };
  return first_that_serves(task, request,
                           {{"samples in cache", kFloats, kRun, scratch}, {"reference", kDouble, kRun, scratch}});
}

Kernel choose(const GroupNormGradient& task, const KernelRequest& request) {
  const auto scratch = [](const GroupNormGradient& t, const KernelRequest& r) {
    return vectors(1, t.grouping.channels) + sample_bytes(t.grouping, r);
  };
  return first_that_serves(task, request,
                           {{"samples in cache", kFloats, kRun, scratch}, {"reference", kDouble, kRun, scratch}});
}

}  // namespace evenkeel::kernels
