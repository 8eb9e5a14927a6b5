#include <algorithm>
#include <cmath>

#include "evenkeel/interchange/layout.h"
#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {
namespace {

/// The inputs of a layer that combines them element by element, in one order and with as many axes.
struct Alike {
  std::vector<std::string> layers;
  View like;  ///< what the result lies like
};

Alike alike(Converter& converter, const Node& node, const std::vector<View>& views) {
  const View* first = &views[0];
  for (const View& view : views)
    if (count_of(view.foreign) > count_of(first->foreign)) first = &view;
  Alike result;
  const bool same = std::ranges::all_of(views, [&](const View& view) {
    return view.foreign == first->foreign && view.seen == first->seen && view.axes == first->axes;
  });
  if (same) {
    for (const View& view : views) result.layers.push_back(converter.in_shape(node, view, first->ours).layer);
    result.like = *first;
    return result;
  }
  Sizes foreign = first->foreign;
  for (const View& view : views) {
    if (view.foreign.size() != foreign.size())
      unsupported(node, "inputs of different numbers of axes: " + to_text(foreign) + " and " + to_text(view.foreign));
    foreign = broadcast(foreign, view.foreign, node);
  }
  const std::vector<int> natural = in_order(foreign.size()), last = last_order(foreign.size());
  const auto in_last = std::ranges::count_if(views, [&](const View& view) { return lies_in_order(view, last); });
  const auto in_natural = std::ranges::count_if(views, [&](const View& view) { return lies_in_order(view, natural); });
  const std::vector<int>& order =
      lies_in_order(*first, last) || (in_last >= in_natural && foreign.size() == 3) ? last : natural;
  for (const View& view : views) result.layers.push_back(converter.ordered(node, view, order).layer);
  result.like = view_of_layer({}, foreign, order);
  return result;
}

template <class T>
void merge(Converter& converter, const Node& node) {
  std::vector<View> views;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) views.push_back(converter.view(node, i));
  if (views.empty()) refuse(node, "inputs", "none");
  if (views.size() == 1) return converter.set(node.output(), views[0]);
  const Alike inputs = alike(converter, node, views);
  converter.set(node.output(), same_place(inputs.like, converter.add(node, T{}, inputs.layers)));
}

/// The sum of any number of values and constants.
void sum(Converter& converter, const Node& node) {
  std::vector<View> views;
  std::vector<std::string> constants;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (converter.graph().constant(node.input(i)))
      constants.push_back(node.input(i));
    else
      views.push_back(converter.view(node, i));
  }
  if (views.empty()) refuse(node, "inputs", "none");
  View result = views[0];
  if (views.size() > 1) {
    const Alike inputs = alike(converter, node, views);
    result = same_place(inputs.like, converter.add(node, Add{}, inputs.layers));
  }
  for (const std::string& constant : constants) result = scaled(converter, node, result, {.shift_constant = constant});
  converter.set(node.output(), result);
}

/// The constant among two inputs, if there is one; its place.
std::optional<std::size_t> constant_of(Converter& converter, const Node& node) {
  if (node.inputs.size() != 2) return {};
  for (const std::size_t i : {1u, 0u})
    if (converter.graph().constant(node.input(i))) return i;
  return {};
}

Tensor each_number(Tensor numbers, double (*f)(double)) {
  for (float& number : numbers.as<float>()) number = static_cast<float>(f(number));
  return numbers;
}

void add(Converter& converter, const Node& node) {
  const auto constant = constant_of(converter, node);
  if (!constant) return merge<Add>(converter, node);
  converter.set(node.output(), scaled(converter, node, converter.view(node, 1 - *constant),
                                      {.shift_constant = node.input(*constant)}));
}

void multiply(Converter& converter, const Node& node) {
  const auto constant = constant_of(converter, node);
  if (!constant) return merge<Multiply>(converter, node);
  converter.set(node.output(), scaled(converter, node, converter.view(node, 1 - *constant),
                                      {.scale_constant = node.input(*constant)}));
}

void subtract(Converter& converter, const Node& node) {
  const auto constant = constant_of(converter, node);
  if (!constant) return merge<Subtract>(converter, node);
  const View x = converter.view(node, 1 - *constant);
  const Tensor numbers = converter.numbers(node, node.input(*constant));
  if (*constant == 1)
    return converter.set(node.output(), scaled(converter, node, x,
                                               {.shift = each_number(numbers.clone(), [](double v) { return -v; })}));
  Tensor minus(Shape{}, DType::float32);
  minus.as<float>()[0] = -1;
  converter.set(node.output(),
                scaled(converter, node, x, {.scale = std::move(minus), .shift_constant = node.input(*constant)}));
}

void divide(Converter& converter, const Node& node) {
  if (constant_of(converter, node) != 1u) unsupported(node, "a divisor that depends on the inputs of the network");
  Tensor inverse = each_number(converter.numbers(node, node.input(1)), [](double v) { return 1 / v; });
  if (!std::ranges::all_of(inverse.as<float>(), [](float v) { return std::isfinite(v); }))
    unsupported(node, "a divisor of 0");
  converter.set(node.output(), scaled(converter, node, converter.view(node), {.scale = std::move(inverse)}));
}

void negate(Converter& converter, const Node& node) {
  Tensor minus(Shape{}, DType::float32);
  minus.as<float>()[0] = -1;
  converter.set(node.output(), scaled(converter, node, converter.view(node), {.scale = std::move(minus)}));
}

void power(Converter& converter, const Node& node) {
  const auto exponent = converter.graph().scalar(node.input(1));
  const View x = converter.view(node);
  if (exponent == 1.0) return converter.set(node.output(), x);
  if (exponent != 2.0) unsupported(node, "an exponent other than 1 and 2");
  converter.set(node.output(), same_place(x, converter.add(node, Multiply{}, {x.layer, x.layer})));
}

/// The larger or smaller of a value and a number: no activation of ours has one bound alone, so the other is the
/// largest float.
template <class T, bool upper>
void extreme(Converter& converter, const Node& node) {
  const auto constant = constant_of(converter, node);
  if (!constant) return merge<T>(converter, node);
  const auto number = converter.graph().scalar(node.input(*constant));
  if (!number || !std::isfinite(*number)) unsupported(node, "constants that are not one number");
  constexpr double kLarge = 3.4028234663852886e38;
  const View x = converter.view(node, 1 - *constant);
  const ActivationFunction f = upper          ? ActivationFunction::clip(-kLarge, *number)
                               : *number == 0 ? ActivationFunction::relu
                                              : ActivationFunction::clip(*number, kLarge);
  converter.set(node.output(), same_place(x, converter.add(node, Activation{.activation = f}, {x.layer})));
}

void affine(Converter& converter, const Node& node) {
  converter.set(node.output(), scaled(converter, node, converter.view(node),
                                      {.scale_constant = node.input(1), .shift_constant = node.input(2)}));
}

/// A factor or a shift, by name or by its numbers.
class Operand {
 public:
  Operand(Converter& converter, const Node& node, std::size_t rank, Tensor& computed, const std::string& constant)
      : name_(constant), given_(!constant.empty() || computed.data() != nullptr) {
    if (!given_) return;
    numbers_ = constant.empty() ? std::move(computed) : converter.numbers(node, constant);
    sizes_ = sample_sizes(node, numbers_.shape(), rank);
  }

  bool is_given() const { return given_; }
  bool is_number() const { return !given_ || numbers_.shape().size() == 1; }
  double number(double otherwise) const { return given_ ? static_cast<double>(numbers_.as<float>()[0]) : otherwise; }
  bool varies(std::size_t axis) const { return given_ && sizes_[axis] != 1; }
  void check(const Node& node, const View& x) const {
    for (std::size_t i = 0; given_ && i < sizes_.size(); ++i)
      if (sizes_[i] != 1 && sizes_[i] != x.foreign[i])
        unsupported(node, "a constant " + to_text(sizes_) + " that repeats a value " + to_text(x.foreign));
  }
  /// A number for each channel: axis `axis` of the view, which is innermost.
  Weight vector(const View& x, int axis, const std::string& tensor, float otherwise) const {
    const std::int64_t size = x.foreign[static_cast<std::size_t>(axis)];
    if (!name_.empty() && varies(static_cast<std::size_t>(axis))) return vector_weight(x, axis, tensor, name_);
    Weight weight{.tensor = tensor, .ours = Shape{size}, .computed = Tensor(Shape{size}, DType::float32)};
    if (!varies(static_cast<std::size_t>(axis))) {
      std::ranges::fill(weight.computed.as<float>(), static_cast<float>(number(otherwise)));
      return weight;
    }
    const VectorView lies = vector_view(x, axis);
    const TensorRecord record{.name = {},
                              .foreign = {},
                              .foreign_shape = Shape{size},
                              .seen_as = lies.seen.empty() ? Shape() : Shape(lies.seen),
                              .axes = lies.axes};
    weight.computed = to_ours(numbers_.view().reshaped(Shape{size}), record, Shape{size});
    return weight;
  }
  /// A number for each element of a sample, in our order.
  Weight whole(const View& x, const std::string& tensor, float otherwise) const {
    const std::int64_t count = count_of(x.foreign);
    Tensor all(Shape(x.foreign), DType::float32);
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t rest = i, at = 0, stride = 1;
      for (std::size_t k = x.foreign.size(); k-- > 0; rest /= x.foreign[k]) {
        if (varies(k)) at += rest % x.foreign[k] * stride;
        stride *= given_ ? sizes_[k] : 1;
      }
      all.as<float>()[static_cast<std::size_t>(i)] =
          given_ ? numbers_.as<float>()[static_cast<std::size_t>(at)] : otherwise;
    }
    const TensorRecord record{.name = {},
                              .foreign = {},
                              .foreign_shape = Shape(x.foreign),
                              .seen_as = x.seen.empty() ? Shape{1} : Shape(x.seen),
                              .axes = x.axes.empty() ? std::vector<int>{0} : x.axes};
    return {.tensor = tensor, .ours = Shape{count}, .computed = to_ours(all, record, Shape{count})};
  }

 private:
  std::string name_;
  bool given_;
  Tensor numbers_;
  Sizes sizes_;
};

}  // namespace

View scaled(Converter& converter, const Node& node, const View& view, ScaleAndShift by) {
  const std::size_t rank = view.foreign.size();
  const Operand scale(converter, node, rank, by.scale, by.scale_constant);
  const Operand shift(converter, node, rank, by.shift, by.shift_constant);
  if (scale.is_number() && shift.is_number()) {
    const Rescaling layer{.scale = scale.number(1), .offset = shift.number(0)};
    return same_place(view, converter.add(node, layer, {view.layer}));
  }
  scale.check(node, view);
  shift.check(node, view);
  std::vector<int> varying;
  for (std::size_t i = 0; i < rank; ++i)
    if (scale.varies(i) || shift.varies(i)) varying.push_back(static_cast<int>(i));
  const bool by_channel = varying.size() == 1 && (varying[0] == 0 || is_innermost(view, varying[0]));
  constexpr std::int64_t kMost = std::int64_t{1} << 26;  // a few numbers of a file must not become gigabytes
  if (!by_channel && count_of(view.foreign) > kMost)
    unsupported(node, "a constant that is repeated over " + to_text(view.foreign));
  const View x = by_channel ? innermost(converter, node, view, varying[0])
                            : converter.in_shape(node, view, {count_of(view.foreign)});
  const auto weight = [&](const Operand& operand, const char* tensor, float otherwise) {
    return by_channel ? operand.vector(x, varying[0], tensor, otherwise) : operand.whole(x, tensor, otherwise);
  };
  std::vector<Weight> weights;
  weights.push_back(weight(scale, "gamma", 1));
  if (!shift.is_given()) return same_place(x, converter.add(node, LayerScale{}, {x.layer}, std::move(weights)));
  weights.push_back(weight(shift, "beta", 0));
  return same_place(x, converter.add(node, Affine{}, {x.layer}, std::move(weights)));
}

void add_arithmetic(Operators& all) {
  all["Add"] = add;
  all["Sub"] = subtract;
  all["Mul"] = multiply;
  all["Div"] = divide;
  all["Neg"] = negate;
  all["Pow"] = power;
  all["Sum"] = sum;
  all["Mean"] = merge<Average>;
  all["Max"] = extreme<Maximum, false>;
  all["Min"] = extreme<Minimum, true>;
  all["evenkeel.Affine"] = affine;
}

}  // namespace evenkeel::interchange::onnx
