#include "evenkeel/kernels/elementwise/list.h"

#include <algorithm>
#include <type_traits>

#include "evenkeel/kernels/elementwise/activation_reference.h"
#include "evenkeel/kernels/elementwise/combine_reference.h"
#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/elementwise/elementwise_reference.h"
#include "evenkeel/kernels/elementwise/permute.h"
#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/simd/columns_scratch.h"

namespace evenkeel::kernels {

Kernel choose(const Activate& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const Activate& t, const KernelCall& c, T) {
                               activate<T>(t.f, c.in<T>(0), c.out<T>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const Activate& t, const KernelCall& c, double) {
                               reference::activate<double>(t.f, c.in<double>(0), c.out<double>(0));
                             }}});
}

Kernel choose(const ActivateGradient& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const ActivateGradient& t, const KernelCall& c, T) {
                               activate_gradient<T>(t.f, c.in<T>(0), c.in<T>(1), c.out<T>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const ActivateGradient& t, const KernelCall& c, double) {
                               reference::activate_gradient<double>(t.f, c.in<double>(0), c.in<double>(1),
                                                                    c.out<double>(0));
                             }}});
}

Kernel choose(const Softmax& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloat,
        [](const Softmax& t, const KernelCall& c, float) {
          (t.is_log ? log_softmax : softmax)(c.in_rows<float>(0), c.out_rows<float>(0), c.threads());
        }},
       {"reference", kDouble, [](const Softmax& t, const KernelCall& c, double) {
          (t.is_log ? reference::log_softmax<double> : reference::softmax<double>)(c.in_rows<double>(0),
                                                                                   c.out_rows<double>(0));
        }}});
}

Kernel choose(const SoftmaxGradient& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const SoftmaxGradient& t, const KernelCall& c, float) {
                               (t.is_log ? log_softmax_gradient : softmax_gradient)(
                                   c.in_rows<float>(0), c.in_rows<float>(1), c.out_rows<float>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const SoftmaxGradient& t, const KernelCall& c, double) {
                               (t.is_log ? reference::log_softmax_gradient<double>
                                         : reference::softmax_gradient<double>)(c.in_rows<double>(0),
                                                                                c.in_rows<double>(1),
                                                                                c.out_rows<double>(0));
                             }}});
}

Kernel choose(const Add& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const Add& t, const KernelCall& c, T) {
                               add<T>(c.in<T>(0), c.in<T>(1), t.f, c.out<T>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const Add& t, const KernelCall& c, double) {
                               reference::add<double>(c.in<double>(0), c.in<double>(1), t.f, c.out<double>(0));
                             }}});
}

Kernel choose(const Subtract& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const Subtract&, const KernelCall& c, float) {
                               subtract(c.in<float>(0), c.in<float>(1), c.out<float>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const Subtract&, const KernelCall& c, double) {
                               reference::subtract<double>(c.in<double>(0), c.in<double>(1), c.out<double>(0));
                             }}});
}

Kernel choose(const Multiply& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const Multiply&, const KernelCall& c, float) {
                               multiply(c.in<float>(0), c.in<float>(1), c.out<float>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const Multiply&, const KernelCall& c, double) {
                               reference::multiply<double>(c.in<double>(0), c.in<double>(1), c.out<double>(0));
                             }}});
}

Kernel choose(const ScaleOffset& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const ScaleOffset& t, const KernelCall& c, T) {
                               const auto scale = static_cast<float>(t.scale), offset = static_cast<float>(t.offset);
                               if constexpr (std::is_same_v<T, float>)
                                 if (t.narrows)
                                   return scale_offset(c.in<float>(0), scale, offset, c.out<bfloat16>(0), c.threads());
                               scale_offset<T>(c.in<T>(0), scale, offset, c.out<T>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const ScaleOffset& t, const KernelCall& c, double) {
                               reference::scale_offset<double>(c.in<double>(0), t.scale, t.offset, c.out<double>(0));
                             }}});
}

Kernel choose(const Rsqrt& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloat,
                             [](const Rsqrt& t, const KernelCall& c, float) {
                               rsqrt(c.in<float>(0), static_cast<float>(t.epsilon), c.out<float>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const Rsqrt& t, const KernelCall& c, double) {
                               reference::rsqrt<double>(c.in<double>(0), t.epsilon, c.out<double>(0));
                             }}});
}

Kernel choose(const AddBias& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"vectors", kFloats,
        []<class T>(const AddBias& t, const KernelCall& c, T) {
          add_bias<T>(c.in_rows<T>(0), c.in<float>(1), t.f, c.out_rows<T>(0), c.threads(), c.scratch());
        },
        [](const AddBias&, const KernelRequest& r) { return repeat_bytes(1, r.inputs[0].shape.back()); }},
       {"reference", kDouble, [](const AddBias& t, const KernelCall& c, double) {
          reference::add_bias<double>(c.in_rows<double>(0), c.in<double>(1), t.f, c.out_rows<double>(0));
        }}});
}

Kernel choose(const AddBiasGradient& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const AddBiasGradient& t, const KernelCall& c, T) {
                               add_bias_gradient<T>(t.f, c.in_rows<T>(0), c.in_rows<T>(1), c.out_rows<T>(0),
                                                    c.out<float>(1), c.threads(), c.scratch());
                             },
                             [](const AddBiasGradient&, const KernelRequest& r) {
                               return sum_bytes(1, r.inputs[0].shape.back(), r.threads);
                             }},
                            {"reference", kDouble, [](const AddBiasGradient& t, const KernelCall& c, double) {
                               reference::add_bias_gradient<double>(t.f, c.in_rows<double>(0), c.in_rows<double>(1),
                                                                    c.out_rows<double>(0), c.out<double>(1));
                             }}});
}

Kernel choose(const Combine& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const Combine& t, const KernelCall& c, T) {
                               combine<T>(t.how, t.over, c.in<T>(0), c.in<T>(1), c.out<T>(0), c.threads(), c.scratch());
                             },
                             [](const Combine& t, const KernelRequest& r) { return combine_bytes(t.over, r.threads); }},
                            {"reference", kDouble, [](const Combine& t, const KernelCall& c, double) {
                               reference::combine<double>(t.how, t.over, c.in<double>(0), c.in<double>(1),
                                                          c.out<double>(0));
                             }}});
}

Kernel choose(const CombineGradient& task, const KernelRequest& request) {
  const auto scratch = [](const CombineGradient& t, const KernelRequest& r) {
    return combine_bytes(t.over, r.threads);
  };
  if (request.outputs[1].dtype != request.inputs[1].dtype)
    return first_that_serves(task, request,
                             {{"vectors", kBfloat16,
                               [](const CombineGradient& t, const KernelCall& c, bfloat16) {
                                 combine_gradient_precise<bfloat16>(t.how, t.over, c.in<bfloat16>(0), c.in<bfloat16>(1),
                                                                    c.in<bfloat16>(2), c.out<bfloat16>(0),
                                                                    c.out<float>(1), c.threads(), c.scratch());
                               },
                               scratch}});
  return first_that_serves(task, request,
                           {{"vectors", kFloats,
                             []<class T>(const CombineGradient& t, const KernelCall& c, T) {
                               combine_gradient<T>(t.how, t.over, c.in<T>(0), c.in<T>(1), c.in<T>(2), c.out<T>(0),
                                                   c.out<T>(1), c.threads(), c.scratch());
                             },
                             scratch},
                            {"reference", kDouble, [](const CombineGradient& t, const KernelCall& c, double) {
                               reference::combine_gradient<double>(t.how, t.over, c.in<double>(0), c.in<double>(1),
                                                                   c.in<double>(2), c.out<double>(0), c.out<double>(1));
                             }}});
}

// Rare: where more than one stretch of axes is repeated.

Kernel choose(const Repeat& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{"one by one", kAll, []<class T>(const Repeat& t, const KernelCall& c, T) {
                                              reference::repeat<T>(t.over, c.in<T>(0), c.out<T>(0));
                                            }}});
}

Kernel choose(const RepeatGradient& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"one by one", kAll, []<class T>(const RepeatGradient& t, const KernelCall& c, T) {
                               reference::repeat_gradient<T>(t.over, c.in<T>(0), c.out<T>(0));
                             }}});
}

Kernel choose(const Cast& task, const KernelRequest& request) {
  return first_that_serves(
      task, request,
      {{"rounded to nearest", kFloat,
        [](const Cast&, const KernelCall& c, float) { cast(c.in<float>(0), c.out<bfloat16>(0), c.threads()); }},
       {"widened", kBfloat16,
        [](const Cast&, const KernelCall& c, bfloat16) { cast(c.in<bfloat16>(0), c.out<float>(0), c.threads()); }}});
}

// Tasks that only move elements round nothing, so they are their own reference in double.

Kernel choose(const Copy& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{"copy", kAll, []<class T>(const Copy&, const KernelCall& c, T) {
                                              std::ranges::copy(c.in<T>(0), c.out<T>(0).begin());
                                            }}});
}

Kernel choose(const Fill& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{"fill", kReals, []<class T>(const Fill& t, const KernelCall& c, T) {
                                              std::ranges::fill(c.out<T>(0), static_cast<T>(t.value));
                                            }}});
}

Kernel choose(const Constant& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{"copy", kReals, []<class T>(const Constant& t, const KernelCall& c, T) {
                                              std::ranges::transform(t.values, c.out<T>(0).begin(),
                                                                     [](double v) { return static_cast<T>(v); });
                                            }}});
}

Kernel choose(const Concatenate& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"row copies", kFloats,
                             []<class T>(const Concatenate& t, const KernelCall& c, T) {
                               std::int64_t at = 0;
                               for (int i = 0; i < t.inputs; at += c.in_rows<T>(i++).columns)
                                 copy_columns_in<T>(c.in_rows<T>(i), c.out_rows<T>(0), at, c.threads());
                             }},
                            {"reference", kDouble, [](const Concatenate& t, const KernelCall& c, double) {
                               std::int64_t at = 0;
                               for (int i = 0; i < t.inputs; at += c.in_rows<double>(i++).columns)
                                 reference::copy_columns_in<double>(c.in_rows<double>(i), c.out_rows<double>(0), at);
                             }}});
}

Kernel choose(const SliceChannels& task, const KernelRequest& request) {
  return first_that_serves(task, request,
                           {{"row copies", kFloats,
                             []<class T>(const SliceChannels& t, const KernelCall& c, T) {
                               copy_columns_out<T>(c.in_rows<T>(0), t.begin, c.out_rows<T>(0), c.threads());
                             }},
                            {"reference", kDouble, [](const SliceChannels& t, const KernelCall& c, double) {
                               reference::copy_columns_out<double>(c.in_rows<double>(0), t.begin,
                                                                   c.out_rows<double>(0));
                             }}});
}

Kernel choose(const Permute& task, const KernelRequest& request) {
  return first_that_serves(task, request, {{"copy", kAll, []<class T>(const Permute& t, const KernelCall& c, T) {
                                              permute<T>(c.in<T>(0), t.shape, t.order, c.out<T>(0), c.threads());
                                            }}});
}

}  // namespace evenkeel::kernels
