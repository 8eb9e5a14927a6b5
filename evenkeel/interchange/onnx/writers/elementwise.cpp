#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "evenkeel/base/error.h"
#include "evenkeel/interchange/onnx/layer_writer.h"

namespace evenkeel::interchange {
namespace {

using Kind = ActivationFunction::Kind;

/// Nodes of an activation that is made of several.
class Parts {
 public:
  Parts(LayerSite& site, std::string suffix) : site_(site), suffix_(std::move(suffix)) {}

  std::string op(const std::string& type, const std::vector<std::string>& inputs, const std::string& part) {
    return site_.graph.node(type, inputs, named(part)).output();
  }
  std::string last(const std::string& type, const std::vector<std::string>& inputs) {
    return site_.graph.node(type, inputs, suffix_).output();
  }
  std::string number(const std::string& part, double value) {
    return site_.graph.numbers(named(part), Shape(), {value});
  }

 private:
  std::string named(const std::string& part) const { return suffix_.empty() ? part : suffix_ + '_' + part; }

  LayerSite& site_;
  std::string suffix_;
};

/// 0.5 x (1 + erf(x / sqrt(2))), in the order in which PyTorch's exporter writes it.
std::string gelu(Parts parts, const std::string& x) {
  const std::string scaled = parts.op("Div", {x, parts.number("sqrt_2", std::numbers::sqrt2)}, "scaled");
  const std::string gate = parts.op("Add", {parts.op("Erf", {scaled}, "erf"), parts.number("one", 1)}, "gate");
  return parts.last("Mul", {parts.op("Mul", {x, gate}, "product"), parts.number("half", 0.5)});
}

/// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
std::string gelu_tanh(Parts parts, const std::string& x) {
  const std::string cube = parts.op("Mul", {x, parts.op("Mul", {x, x}, "square")}, "cube");
  const std::string term = parts.op("Mul", {cube, parts.number("cubic", 0.044715)}, "term");
  const std::string inner = parts.op(
      "Mul", {parts.op("Add", {x, term}, "sum"), parts.number("factor", std::sqrt(2 / std::numbers::pi))}, "inner");
  const std::string gate = parts.op("Add", {parts.op("Tanh", {inner}, "tanh"), parts.number("one", 1)}, "gate");
  return parts.last("Mul", {parts.op("Mul", {x, parts.number("half", 0.5)}, "halved"), gate});
}

std::string element_wise(LayerSite& site, const kernels::Activation& f, const std::string& x,
                         const std::string& suffix) {
  Parts parts(site, suffix);
  GraphBuilder& graph = site.graph;
  switch (f.kind) {
    case Kind::linear: return parts.last("Identity", {x});
    case Kind::relu: return parts.last("Relu", {x});
    case Kind::elu: return graph.node("Elu", {x}, suffix).with_real("alpha", f.a).output();
    case Kind::sigmoid: return parts.last("Sigmoid", {x});
    case Kind::tanh: return parts.last("Tanh", {x});
    case Kind::leaky_relu: return graph.node("LeakyRelu", {x}, suffix).with_real("alpha", f.a).output();
    case Kind::selu:
      return graph.node("Selu", {x}, suffix)
          .with_real("alpha", kernels::kSeluAlpha)
          .with_real("gamma", kernels::kSeluScale)
          .output();
    case Kind::clip: return parts.last("Clip", {x, parts.number("min", f.a), parts.number("max", f.b)});
    case Kind::softplus: return parts.last("Softplus", {x});
    case Kind::softsign: return parts.last("Softsign", {x});
    case Kind::hard_sigmoid:
      return graph.node("HardSigmoid", {x}, suffix).with_real("alpha", 1.0 / 6).with_real("beta", 0.5).output();
    case Kind::gelu: return gelu(std::move(parts), x);
    case Kind::gelu_tanh: return gelu_tanh(std::move(parts), x);
    case Kind::silu: return parts.last("Mul", {x, parts.op("Sigmoid", {x}, "sigmoid")});
    case Kind::mish: return parts.last("Mul", {x, parts.op("Tanh", {parts.op("Softplus", {x}, "softplus")}, "tanh")});
    case Kind::hard_swish: return parts.last("HardSwish", {x});
  }
  throw Error{{.kind = Error::unsupported, .where = "\"activation\"", .received = kernels::name_of(f)}};
}

}  // namespace

GraphValue write_activation(LayerSite& site, const ActivationFunction& f, const GraphValue& x,
                            const std::string& suffix) {
  if (!f.is_softmax) return LayerSite::like(x, element_wise(site, f.element, x.name, suffix));
  NodeMaker node = site.graph.node(f.is_log ? "LogSoftmax" : "Softmax", {x.name}, suffix);
  node.with("axis", x.channel_axis());
  return LayerSite::like(x, node.output());
}

GraphValue write_layer(LayerSite& site, const Activation& layer) {
  return layer.activation == ActivationFunction::linear ? site.x()
                                                        : write_activation(site, layer.activation, site.x(), "");
}

GraphValue write_layer(LayerSite& site, const PReLU& layer) {
  const GraphValue& x = site.x();
  Shape slopes = x.ours;  // of a sample, with 1 along shared axes
  for (const std::int64_t axis : layer.shared_axes) slopes = slopes.with(static_cast<int>(axis) - 1, 1);
  TensorRecord to = placed(slopes);
  if (x.layout == Layout::flattened && slopes.size() > 1) to = channels_of_value(x, slopes.back(), false);
  if (x.layout == Layout::channels_first) {
    to = placed(channels_first(slopes));
    for (int i = 1; i < slopes.rank(); ++i) to.axes.push_back(i);
    to.axes.push_back(0);
  }
  return LayerSite::like(x, site.graph.node("PRelu", {x.name, site.graph.tensor("alpha", "weight", to)}).output());
}

GraphValue write_layer(LayerSite& site, const Dropout& layer) {
  if (!site.training) return site.x();
  if (!layer.noise_shape.empty()) {
    site.note("ONNX's Dropout has no noise_shape; left out");
    return site.x();
  }
  const std::string ratio = site.graph.numbers("ratio", Shape(), {layer.rate});
  const std::string on = site.graph.truth("training_mode", true);
  return LayerSite::like(site.x(), site.graph.node("Dropout", {site.x().name, ratio, on}).output());
}

GraphValue write_identity(LayerSite& site) {
  if (site.training && site.layer.traits().noise) site.note(fmt::format("ONNX has no {}; left out", site.layer.type()));
  return site.x();
}

namespace {

/// All inputs in one layout: channels first if one of them is, unless they are rows.
std::vector<GraphValue> in_one_layout(LayerSite& site) {
  bool is_first = false, is_same = true;
  for (const GraphValue& x : site.inputs) {
    is_first = is_first || x.layout == Layout::channels_first;
    is_same = is_same && x.layout == site.x().layout && x.images == site.x().images;
  }
  std::vector<GraphValue> inputs;
  for (const GraphValue& x : site.inputs)
    inputs.push_back(is_same ? x : site.graph.in(x, is_first ? Layout::channels_first : Layout::ours));
  return inputs;
}

const char* operator_of(Merge merge) {
  switch (merge) {
    case Merge::sum:
    case Merge::mean: return "Add";
    case Merge::product: return "Mul";
    case Merge::difference: return "Sub";
    case Merge::maximum: return "Max";
    case Merge::minimum: return "Min";
    default: return "";
  }
}

GraphValue concatenated(LayerSite& site) {
  std::vector<std::string> names;
  std::vector<GraphValue> inputs = in_one_layout(site);
  for (GraphValue& x : inputs) {
    // Rows of images side by side are no row of images.
    if (x.layout == Layout::flattened) x = site.graph.in(x, Layout::ours);
    names.push_back(x.name);
  }
  NodeMaker node = site.graph.node("Concat", names);
  node.with("axis", inputs.front().channel_axis());
  return site.value(node.output(), inputs.front().layout);
}

}  // namespace

GraphValue write_merge(LayerSite& site) {
  const Merge merge = site.layer.traits().merge;
  if (merge == Merge::concatenation) return concatenated(site);
  const std::vector<GraphValue> inputs = in_one_layout(site);
  const bool is_mean = merge == Merge::mean;
  GraphValue y = inputs.front();
  y.ours = site.output;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const std::string part = i + 1 == inputs.size() && !is_mean ? "" : fmt::format("first_{}", i + 1);
    y.name = site.graph.node(operator_of(merge), {y.name, inputs[i].name}, part).output();
  }
  if (is_mean) {
    const std::string share = site.graph.numbers("share", Shape(), {1.0 / static_cast<double>(inputs.size())});
    y.name = site.graph.node("Mul", {y.name, share}).output();
  }
  return y;
}

}  // namespace evenkeel::interchange
