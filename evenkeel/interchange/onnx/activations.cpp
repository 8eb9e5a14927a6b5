#include <algorithm>
#include <cmath>
#include <limits>

#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {
namespace {

/// In the place of no bound: model files have finite numbers.
constexpr double kNoBound = std::numeric_limits<float>::max();

View activated(Converter& converter, const Node& node, const View& x, const ActivationFunction& f) {
  return same_place(x, converter.add(node, Activation{.activation = f}, {x.layer}));
}

template <const ActivationFunction& f>
void plain(Converter& converter, const Node& node) {
  converter.set(node.output(), activated(converter, node, converter.view(node), f));
}

ActivationFunction clipped(const Node& node, double low, double high) {
  low = std::max(low, -kNoBound);
  high = std::min(high, kNoBound);
  if (!(low < high)) unsupported(node, "a lower bound that is not below the upper one");
  if (low == 0 && high == kNoBound) return ActivationFunction::relu;
  return ActivationFunction::clip(low, high);
}

void clip(Converter& converter, const Node& node) {
  const double low = number_of(converter.graph(), node, "min", 1).value_or(-kNoBound);
  const double high = number_of(converter.graph(), node, "max", 2).value_or(kNoBound);
  const View x = converter.view(node);
  if (low <= -kNoBound && high >= kNoBound) return converter.set(node.output(), x);
  converter.set(node.output(), activated(converter, node, x, clipped(node, low, high)));
}

/// A slope for each number of a sample, repeated along some axes.
View sloped(Converter& converter, const Node& node, const View& view, const std::string& constant, double slope) {
  const std::size_t rank = view.foreign.size();
  Sizes sizes(rank, 1);
  if (!constant.empty()) {
    if (!converter.graph().constant(constant)) unsupported(node, "slopes that depend on the inputs of the network");
    sizes = sample_sizes(node, converter.graph().constant(constant)->shape(), rank);
  }
  const std::vector<int> order = last_order(rank);
  const bool flat = rank == 1;
  const View x = flat ? converter.in_shape(node, view, view.foreign) : converter.ordered(node, view, order);
  PReLU layer;
  std::vector<std::int64_t> ours;
  for (std::size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<std::size_t>(order[i]);
    if (sizes[axis] != 1 && sizes[axis] != view.foreign[axis]) unsupported(node, "slopes of shape " + to_text(sizes));
    if (sizes[axis] == 1 && view.foreign[axis] != 1) layer.shared_axes.push_back(static_cast<std::int64_t>(i) + 1);
    ours.push_back(sizes[axis]);
  }
  Weight alpha{.tensor = "alpha", .ours = Shape(ours), .constant = constant};
  if (constant.empty()) {
    alpha.computed = Tensor(alpha.ours, DType::float32);
    std::ranges::fill(alpha.computed.as<float>(), static_cast<float>(slope));
  } else if (flat) {
    const VectorView lies = vector_view(x, 0);
    if (sizes[0] != 1) alpha.seen = lies.seen, alpha.axes = lies.axes;
  } else {
    alpha.seen = sizes;
    alpha.axes = order;
  }
  std::vector<Weight> weights;
  weights.push_back(std::move(alpha));
  return same_place(x, converter.add(node, layer, {x.layer}, std::move(weights)));
}

void prelu(Converter& converter, const Node& node) {
  converter.set(node.output(), sloped(converter, node, converter.view(node), node.input(1), 0));
}

void leaky_relu(Converter& converter, const Node& node) {
  const double alpha = node.number("alpha", 0.01);
  const View x = converter.view(node);
  converter.set(node.output(), alpha >= 0 ? activated(converter, node, x, ActivationFunction::leaky_relu(alpha))
                                          : sloped(converter, node, x, {}, alpha));
}

View rescaled(Converter& converter, const Node& node, const View& x, double scale, double offset,
              const std::string& suffix) {
  if (scale == 1 && offset == 0) return x;
  return same_place(x, converter.help(node, Rescaling{.scale = scale, .offset = offset}, x.layer, suffix));
}

void elu(Converter& converter, const Node& node) {
  const double alpha = node.number("alpha", 1);
  if (alpha < 0) unsupported(node, "a negative alpha");
  converter.set(node.output(), activated(converter, node, converter.view(node), ActivationFunction::elu(alpha)));
}

/// gamma (x for x > 0, else alpha (exp(x) - 1))
void selu(Converter& converter, const Node& node) {
  const double alpha = node.number("alpha", 1.6732632423543772), gamma = node.number("gamma", 1.0507009873554805);
  const View x = converter.view(node);
  const bool usual = std::abs(alpha - 1.6732632423543772) < 1e-6 && std::abs(gamma - 1.0507009873554805) < 1e-6;
  if (usual) return converter.set(node.output(), activated(converter, node, x, ActivationFunction::selu));
  if (alpha < 0) unsupported(node, "a negative alpha");
  const View y = activated(converter, node, x, ActivationFunction::elu(alpha));
  converter.set(node.output(), rescaled(converter, node, y, gamma, 0, "scale"));
}

/// max(0, x) + min(0, alpha (exp(x / alpha) - 1)) is alpha times the elu of x / alpha.
void celu(Converter& converter, const Node& node) {
  const double alpha = node.number("alpha", 1);
  if (!(alpha > 0)) unsupported(node, "an alpha that is not above 0");
  const View x = rescaled(converter, node, converter.view(node), 1 / alpha, 0, "divided");
  const View y = activated(converter, node, x, ActivationFunction::elu);
  converter.set(node.output(), rescaled(converter, node, y, alpha, 0, "scale"));
}

void hard_sigmoid(Converter& converter, const Node& node) {
  const double alpha = node.number("alpha", 0.2), beta = node.number("beta", 0.5);
  const View x = converter.view(node);
  if (node.is_own("HardSigmoid") || (std::abs(alpha - 1.0 / 6) < 1e-7 && beta == 0.5))
    return converter.set(node.output(), activated(converter, node, x, ActivationFunction::hard_sigmoid));
  const View y = rescaled(converter, node, x, alpha, beta, "scale");
  converter.set(node.output(), activated(converter, node, y, ActivationFunction::clip(0, 1)));
}

void gelu(Converter& converter, const Node& node) {
  const bool tanh = node.text("approximate", "none") == "tanh";
  converter.set(node.output(), activated(converter, node, converter.view(node),
                                         tanh ? ActivationFunction::gelu_tanh : ActivationFunction::gelu));
}

/// x sigmoid(alpha x), which is the swish of alpha x divided by alpha.
void swish(Converter& converter, const Node& node) {
  const double alpha = node.number("alpha", 1);
  if (alpha == 0) unsupported(node, "an alpha of 0");
  const View x = rescaled(converter, node, converter.view(node), alpha, 0, "scale");
  const View y = activated(converter, node, x, ActivationFunction::silu);
  converter.set(node.output(), rescaled(converter, node, y, 1 / alpha, 0, "divided"));
}

void softmax(Converter& converter, const Node& node, const ActivationFunction& f) {
  const View view = converter.view(node);
  const bool flattens = converter.graph().opset < 13;
  const int rank = static_cast<int>(view.foreign.size()) + 1;
  const int axis = axis_of(node.integer("axis", flattens ? 1 : -1), rank, node);
  if (axis == 0) unsupported(node, "an axis that is the batch");
  if (!flattens)
    return converter.set(node.output(), activated(converter, node, innermost(converter, node, view, axis - 1), f));
  // Until opset 12 all axes from this one on are taken together.
  Sizes merged(view.foreign.begin(), view.foreign.begin() + (axis - 1));
  merged.push_back(count_of({view.foreign.begin() + (axis - 1), view.foreign.end()}));
  const View x = innermost(converter, node, *reshaped(view, merged), axis - 1);
  converter.set(node.output(), *reshaped(activated(converter, node, x, f), view.foreign));
}

}  // namespace

void add_activations(Operators& all) {
  all["Relu"] = plain<ActivationFunction::relu>;
  all["Sigmoid"] = plain<ActivationFunction::sigmoid>;
  all["Tanh"] = plain<ActivationFunction::tanh>;
  all["Softplus"] = all["evenkeel.Softplus"] = plain<ActivationFunction::softplus>;
  all["Softsign"] = all["evenkeel.Softsign"] = plain<ActivationFunction::softsign>;
  all["Mish"] = all["evenkeel.Mish"] = plain<ActivationFunction::mish>;
  all["HardSwish"] = all["evenkeel.HardSwish"] = plain<ActivationFunction::hard_swish>;
  all["Swish"] = all["evenkeel.Swish"] = swish;
  all["Gelu"] = all["evenkeel.Gelu"] = gelu;
  all["HardSigmoid"] = all["evenkeel.HardSigmoid"] = hard_sigmoid;
  all["LeakyRelu"] = leaky_relu;
  all["PRelu"] = prelu;
  all["Elu"] = elu;
  all["Selu"] = selu;
  all["Celu"] = celu;
  all["Clip"] = clip;
  all["Softmax"] = [](Converter& converter, const Node& node) {
    softmax(converter, node, ActivationFunction::softmax);
  };
  all["LogSoftmax"] = [](Converter& converter, const Node& node) {
    softmax(converter, node, ActivationFunction::log_softmax);
  };
}

}  // namespace evenkeel::interchange::onnx
