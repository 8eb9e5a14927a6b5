#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/method.h"
#include "evenkeel/nn/tensor_role.h"

namespace evenkeel {
namespace {

using Channels = std::set<std::size_t>;

/// The layer's tensors with one number for each channel.
std::vector<std::string> vectors_of(const Draft& draft, int layer) {
  std::vector<std::string> names = draft.tensors_of(layer);
  std::erase_if(names,
                [&](const std::string& name) { return role_of(draft.layer(layer), name) == TensorRole::batches; });
  return names;
}

/// Whether the layer multiplies or shifts each channel by numbers of its tensors: a normalization, an Affine.
bool has_vectors(const Draft& draft, int layer) {
  const LayerTraits traits = draft.traits(layer);
  return (traits.normalization || !traits.scale.empty() || !traits.shift.empty()) && !draft.tensors_of(layer).empty();
}

/// Whether each channel is treated by itself and keeps its place (after a Flatten, as every k-th feature).
bool is_channelwise(const Draft& draft, int layer) {
  return draft.traits(layer).per_channel && is_along_channels(draft, layer) &&
         (has_vectors(draft, layer) || draft.tensors_of(layer).empty());
}

/// The path from a Conv2D or Dense to the next one, channel by channel.
struct Course {
  std::vector<int> carriers = {};  ///< the layers between
  int reader = -1;                 ///< -1: channels cannot be removed
  std::string obstacle = {};       ///< why
};

Course course_from(const Draft& draft, int layer) {
  Course course;
  const LayerTraits traits = draft.traits(layer);
  if (traits.activation.is_softmax) course.obstacle = "its softmax mixes channels";
  if (traits.linear->groups != 1) course.obstacle = "its channels fall into groups";
  if (!traits.linear->first_kernel.empty()) course.obstacle = "it has two kernels";
  if (!course.obstacle.empty()) return course;
  for (int at = layer;;) {
    const int next = draft.only_reader(at);
    if (next < 0) {
      course.obstacle = draft.is_output(at) ? fmt::format("{} is the model's output", quoted(draft.name(at)))
                                            : fmt::format("several layers read {}", quoted(draft.name(at)));
      return course;
    }
    if (const auto linear = draft.traits(next).linear) {
      if (linear->groups == 1 && linear->first_kernel.empty())
        course.reader = next;
      else
        course.obstacle = fmt::format("{} reads them in groups", quoted(draft.name(next)));
      return course;
    }
    if (!is_channelwise(draft, next)) {
      course.obstacle = fmt::format("{} is a {}", quoted(draft.name(next)), draft.layer(next).type());
      return course;
    }
    course.carriers.push_back(next);
    at = next;
  }
}

/// Adds the channels at which a vector has no usable number.
void add_bad(std::span<const double> values, Channels& bad) {
  for (std::size_t c = 0; c < values.size(); ++c)
    if (!std::isfinite(values[c])) bad.insert(c);
}

/// Changes a layer that has such vectors.
Channels bad_vectors(const Draft& draft, int layer) {
  Channels bad;
  const auto all = draft.normalizations();
  const auto normalization = std::ranges::find(all, layer, &Normalization::layer);
  for (const std::string& tensor : vectors_of(draft, layer)) {
    const auto values = draft.values(tensor);
    add_bad(values, bad);
    if (normalization == all.end() || tensor != normalization->variance) continue;
    for (std::size_t c = 0; c < values.size(); ++c)
      if (!has_deviation(values[c], normalization->epsilon)) bad.insert(c);
  }
  return bad;
}

/// The channels that a Conv2D or Dense computes with numbers that are not finite.
Channels bad_outputs(const Draft& draft, int layer) {
  Channels bad;
  const LinearTraits linear = *draft.traits(layer).linear;
  const auto kernel = draft.values(draft.name(layer) + '/' + linear.kernel);
  const Shape& shape = draft.shape(draft.name(layer) + '/' + linear.kernel);
  for (std::size_t k = 0; k < kernel.size(); ++k)
    if (!std::isfinite(kernel[k]))
      bad.insert(static_cast<std::size_t>(linear.ends_of(static_cast<std::int64_t>(k), shape).output));
  if (!linear.bias.empty()) add_bad(draft.values(draft.name(layer) + '/' + linear.bias), bad);
  return bad;
}

/// The input channels that a Conv2D or Dense cannot use: all their weights are not finite, for one tap of the window.
Channels bad_inputs(const Draft& draft, int layer, std::size_t channels) {
  Channels bad;
  const LinearTraits linear = *draft.traits(layer).linear;
  const auto kernel = draft.values(draft.name(layer) + '/' + linear.kernel);
  const Shape& shape = draft.shape(draft.name(layer) + '/' + linear.kernel);
  const auto matrix = static_cast<std::size_t>(shape[-2] * shape[-1]);
  const auto inputs = static_cast<std::size_t>(linear.inputs_of(shape));
  for (std::size_t tap = 0; tap < kernel.size(); tap += matrix) {
    std::vector<bool> usable(inputs);
    for (std::size_t k = 0; k < matrix; ++k)
      if (std::isfinite(kernel[tap + k]))
        usable[static_cast<std::size_t>(linear.ends_of(static_cast<std::int64_t>(k), shape).input)] = true;
    for (std::size_t i = 0; i < inputs; ++i)
      if (!usable[i]) bad.insert(i % channels);
  }
  return bad;
}

/// The tensor without the slices k of its axis (0 of a vector; -2 or -1 of a kernel) with k % channels among them.
void drop(Draft& draft, const std::string& tensor, int axis, const Channels& channels, std::size_t of) {
  const Shape shape = draft.shape(tensor);
  const auto values = draft.values(tensor);
  std::size_t inner = 1;
  for (int i = axis + 1; i < 0; ++i) inner *= static_cast<std::size_t>(shape[i]);
  const auto size = static_cast<std::size_t>(shape[axis]);
  std::vector<double> kept;
  for (std::size_t k = 0; k < values.size(); ++k)
    if (!channels.contains(k / inner % size % of)) kept.push_back(values[k]);
  const std::size_t slices = kept.size() * size / values.size();
  draft.set(tensor, Tensor::of<double>(shape.with(shape.rank() + axis, static_cast<std::int64_t>(slices)), kept));
}

void remove(Draft& draft, int layer, const Course& course, const Channels& channels) {
  const LinearTraits linear = *draft.traits(layer).linear;
  const std::size_t of = outputs_of(draft, layer);
  const auto kernel_of = [&](int i) { return draft.name(i) + '/' + draft.traits(i).linear->kernel; };
  const bool swapped = linear.transposed, reader_swapped = draft.traits(course.reader).linear->transposed;
  for (const std::string& tensor : draft.tensors_of(layer))
    drop(draft, tensor, swapped && tensor == kernel_of(layer) ? -2 : -1, channels, of);
  for (const int carrier : course.carriers)
    for (const std::string& tensor : vectors_of(draft, carrier)) drop(draft, tensor, -1, channels, of);
  drop(draft, kernel_of(course.reader), reader_swapped ? -1 : -2, channels, of);
  draft.replace(layer, draft.layer(layer).with(linear.outputs_field, linear.outputs - std::ssize(channels)));
}

/// Makes the channels 0 before the activation.
void silence_outputs(Draft& draft, int layer, const Channels& channels) {
  const LinearTraits linear = *draft.traits(layer).linear;
  const std::string kernel = draft.name(layer) + '/' + linear.kernel, bias = draft.name(layer) + '/' + linear.bias;
  const Shape& shape = draft.shape(kernel);
  const auto weights = draft.values(kernel);
  for (std::size_t k = 0; k < weights.size(); ++k)
    if (channels.contains(static_cast<std::size_t>(linear.ends_of(static_cast<std::int64_t>(k), shape).output)))
      weights[k] = 0;
  if (linear.bias.empty()) return;
  for (const std::size_t c : channels) draft.values(bias)[c] = 0;
}

/// Makes the channels 0 after such a layer. Without gamma it sets the variance so large that 1e-19 of the channel is
/// left.
void silence_vectors(Draft& draft, int layer, const Channels& channels) {
  const double variance =
      !draft.traits(layer).scale.empty() ? 1 : static_cast<double>(std::numeric_limits<float>::max());
  for (const std::string& tensor : vectors_of(draft, layer))
    for (const std::size_t c : channels)
      draft.values(tensor)[c] = role_of(draft.layer(layer), tensor) == TensorRole::moving_variance ? variance : 0;
}

std::string numbers(const Channels& channels) {
  std::vector<std::string> texts;
  for (const std::size_t c : channels) texts.push_back(std::to_string(c));
  return fmt::format("{} {}", texts.size() == 1 ? "channel" : "channels", join(texts));
}

/// A layer whose channels must all be dropped cannot be repaired.
void check_some_left(const Draft& draft, int layer, const Channels& bad, std::size_t of) {
  if (bad.size() == of)
    throw Error{{.where = "layer " + quoted(draft.name(layer)),
                 .expected = "at least one channel with finite values",
                 .received = fmt::format("none of {}", of),
                 .hint = "Training broke down: go back to an earlier checkpoint."}};
}

/// A channel of the outputs is a class, or a number that is asked for, so it cannot be removed.
void check_no_output(const Draft& draft, int layer, const Channels& bad) {
  if (std::ranges::count(output_layers(draft.model()), layer) == 0) return;
  throw Error{{.where = "layer " + quoted(draft.name(layer)),
               .expected = "finite values, since its channels are the network's outputs",
               .received = fmt::format("NaN, infinity or a bad variance in {}", numbers(bad)),
               .hint = "An output cannot be removed: go back to an earlier checkpoint, or re-estimate statistics."}};
}

void mend_linear(Draft& draft, int layer, RepairLog& log) {
  const Course course = course_from(draft, layer);
  const std::size_t of = outputs_of(draft, layer);
  Channels bad = bad_outputs(draft, layer);
  if (course.reader >= 0) {
    for (const int carrier : course.carriers) {
      const auto tensors = vectors_of(draft, carrier);
      if (!tensors.empty() && draft.values(tensors.front()).size() == of) bad.merge(bad_vectors(draft, carrier));
    }
    bad.merge(bad_inputs(draft, course.reader, of));
  }
  if (bad.empty()) return;
  check_no_output(draft, layer, bad);
  check_some_left(draft, layer, bad, of);
  const std::string& name = draft.name(layer);
  if (course.reader >= 0) {
    remove(draft, layer, course, bad);
    log.changes.push_back({name, fmt::format("{} removed: as if constant 0 where {} reads them", numbers(bad),
                                             quoted(draft.name(course.reader)))});
  } else {
    silence_outputs(draft, layer, bad);
    log.changes.push_back(
        {name, fmt::format("{} set to 0 before its activation (not removed: {})", numbers(bad), course.obstacle)});
  }
}

void mend_vectors(Draft& draft, int layer, RepairLog& log) {
  const Channels bad = bad_vectors(draft, layer);
  if (bad.empty()) return;
  check_no_output(draft, layer, bad);
  check_some_left(draft, layer, bad, draft.values(draft.tensors_of(layer).front()).size());
  silence_vectors(draft, layer, bad);
  log.changes.push_back({draft.name(layer), fmt::format("{} set to 0 after it", numbers(bad))});
}

/// In graph order, so that a layer is judged without the inputs that were removed before.
RepairLog remove_channels(Draft& draft, const RepairContext&) {
  RepairLog log;
  for (int layer = 0; layer < draft.layers(); ++layer) {
    if (draft.traits(layer).linear)
      mend_linear(draft, layer, log);
    else if (has_vectors(draft, layer))
      mend_vectors(draft, layer, log);
  }
  if (const auto left = draft.not_finite(); !left.empty())
    throw Error{{.where = "remove-channels",
                 .expected = "NaN and infinite values only in single channels",
                 .received = join(left)}};
  return log;
}

}  // namespace

RepairMethod remove_channels_method() {
  return {.name = "remove-channels",
          .kind = RepairKind::exact,
          .what = "channels whose weights or statistics have NaN or infinite values are removed, or set to 0",
          .needs_normalization = false,
          .tolerates = Tolerates::everything,
          .apply = remove_channels};
}

}  // namespace evenkeel
