#include <fmt/format.h>

#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {
namespace {

std::string kernel_name(const Draft& draft, int layer) {
  return draft.name(layer) + '/' + draft.traits(layer).linear->kernel;
}
std::string bias_name(const Draft& draft, int layer) {
  return draft.name(layer) + '/' + draft.traits(layer).linear->bias;
}

/// Sets the bias and removes the penalty, because the kernel is no longer the one that the penalty was meant for.
void set_bias(Draft& draft, int layer, const std::vector<double>& bias) {
  const LinearTraits linear = *draft.traits(layer).linear;
  draft.replace(layer, draft.layer(layer).with(linear.bias_field, true).with(linear.regularizer_field, {}));
  draft.set(bias_name(draft, layer), bias);
}

std::vector<double> bias_of(const Draft& draft, int layer) {
  if (draft.traits(layer).linear->bias.empty()) return std::vector<double>(outputs_of(draft, layer));
  const auto values = draft.values(bias_name(draft, layer));
  return {values.begin(), values.end()};
}

/// Scales and shifts the layer's output.
void fold_into_outputs(Draft& draft, int layer, const ChannelAffine& by) {
  const LinearTraits linear = *draft.traits(layer).linear;
  const Shape shape = draft.shape(kernel_name(draft, layer));
  const auto kernel = draft.values(kernel_name(draft, layer));
  for (std::size_t k = 0; k < kernel.size(); ++k)
    kernel[k] *= by.scale[static_cast<std::size_t>(linear.ends_of(static_cast<std::int64_t>(k), shape).output)];
  std::vector<double> bias = bias_of(draft, layer);
  for (std::size_t o = 0; o < bias.size(); ++o) bias[o] = bias[o] * by.scale[o] + by.shift[o];
  set_bias(draft, layer, bias);
}

/// Scales and shifts the layer's input.
void fold_into_inputs(Draft& draft, int layer, const ChannelAffine& by) {
  const LinearTraits linear = *draft.traits(layer).linear;
  std::vector<double> bias = bias_of(draft, layer);
  const Shape shape = draft.shape(kernel_name(draft, layer));
  const auto kernel = draft.values(kernel_name(draft, layer));
  for (std::size_t k = 0; k < kernel.size(); ++k) {
    const LinearTraits::Ends ends = linear.ends_of(static_cast<std::int64_t>(k), shape);
    const std::size_t channel = static_cast<std::size_t>(ends.input) % by.scale.size();  // after a Flatten
    bias[static_cast<std::size_t>(ends.output)] += kernel[k] * by.shift[channel];
    kernel[k] *= by.scale[channel];
  }
  set_bias(draft, layer, bias);
}

/// Why the normalization cannot be folded into the layer before it; empty if it can.
std::string objection_before(const Draft& draft, int normalization) {
  const int before = draft.inputs(normalization).front();
  if (before < 0) return "before it is the model's input";
  const std::string name = quoted(draft.name(before));
  const LayerTraits traits = draft.traits(before);
  if (!traits.linear) return fmt::format("before it is {}, a {}", name, draft.layer(before).type());
  if (traits.activation != ActivationFunction::linear)
    return fmt::format("before it, {} applies its {} first", name, name_of(traits.activation));
  if (draft.is_output(before)) return fmt::format("before it, {} is an output of the model", name);
  if (draft.only_reader(before) < 0) return fmt::format("before it, {} is read by other layers as well", name);
  return {};
}

/// The layer after a normalization, beyond those that pass on what they read.
int layer_behind(const Draft& draft, int normalization) {
  int next = draft.only_reader(normalization);
  while (next >= 0 && draft.traits(next).is_identity()) next = draft.only_reader(next);
  return next;
}

std::string objection_behind(const Draft& draft, int normalization) {
  const int next = layer_behind(draft, normalization);
  if (next < 0) return "no single layer reads it";
  const std::string name = quoted(draft.name(next));
  const auto linear = draft.traits(next).linear;
  if (!linear) return fmt::format("after it is {}, a {}", name, draft.layer(next).type());
  if (!linear->first_kernel.empty()) return fmt::format("after it, {} has two kernels", name);
  // Another number of windows covers each output, so what the normalization adds is not the same for all.
  if (linear->transposed) return fmt::format("after it, {} spreads each pixel over several", name);
  const Shape input = draft.output_shapes()[static_cast<std::size_t>(draft.inputs(next).front())];
  if (pads(draft.layer(next), input))
    return fmt::format("after it, {} pads with zeros, which the normalization would have changed", name);
  return {};
}

RepairLog fold(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (const Normalization& before_folding : draft.normalizations()) {
    // Folding moves the others.
    const Normalization n = draft.normalization(before_folding.name);
    if (!is_along_channels(draft, n.layer)) {
      log.left.push_back({n.name, kOtherAxis});
      continue;
    }
    const std::string before = objection_before(draft, n.layer), behind = objection_behind(draft, n.layer);
    const ChannelAffine affine = in_evaluation(draft, n);
    if (before.empty()) {
      const int into = draft.inputs(n.layer).front();
      fold_into_outputs(draft, into, affine);
      log.changes.push_back({n.name, fmt::format("folded into {} before it", quoted(draft.name(into)))});
    } else if (behind.empty()) {
      const int into = layer_behind(draft, n.layer);
      fold_into_inputs(draft, into, affine);
      log.changes.push_back({n.name, fmt::format("folded into {} after it", quoted(draft.name(into)))});
    } else {
      log.left.push_back({n.name, fmt::format("{}; {}", before, behind)});
      continue;
    }
    draft.remove(n.layer);
  }
  require_some_change(log, "fold",
                      "a normalization right after a Conv2D or Dense without activation, or right before one that "
                      "does not pad",
                      "The method \"affine\" freezes a normalization where it stands.");
  return log;
}

}  // namespace

RepairMethod fold_method() {
  return {.name = "fold",
          .kind = RepairKind::exact,
          .what = "normalizations become part of the Conv2D or Dense before or after them, for prediction",
          .apply = fold};
}

}  // namespace evenkeel
