#include "evenkeel/diagnose/measure/noise.h"

#include <algorithm>

#include "evenkeel/kernels/convolution/convolution_reference.h"

namespace evenkeel {
namespace {

const Layer& layer_of(const Model& model, int index) { return model.nodes()[static_cast<std::size_t>(index)].layer; }
int only_input(const Model& model, int index) { return model.nodes()[static_cast<std::size_t>(index)].inputs.front(); }

/// The shape of a sample that a layer reads.
Shape shape_read_by(const Model& model, const CompiledModel& compiled, int layer) {
  const int before = only_input(model, layer);
  return before < 0 ? model.input_shape() : compiled.layer_outputs[static_cast<std::size_t>(before)];
}

/// A layer whose outputs are sums of all inputs with weights, and nothing else.
bool is_weighted_sum(const LayerTraits& traits) {
  return traits.linear && traits.linear->first_kernel.empty() && traits.activation == ActivationFunction::linear;
}

/// The last noise on the way to a sum, if just one of its inputs comes right from noise that is a factor. The variance
/// of the sum then grows by that of this input's noise, which is independent of all else.
std::optional<NoiseInFront> noise_before_sum(const Model& model, int sum) {
  std::optional<NoiseInFront> found;
  for (int i : model.nodes()[static_cast<std::size_t>(sum)].inputs) {
    while (i >= 0 && layer_of(model, i).traits().is_identity()) i = only_input(model, i);
    const auto noise = i >= 0 ? layer_of(model, i).traits().noise : std::nullopt;
    if (!noise) continue;
    if (found || !noise->is_factor() || noise->per == NoiseTraits::Per::other) return {};
    found = NoiseInFront{i, {}, true};
  }
  return found;
}

/// Follows the only path, through copies and at most one weighted sum, or back to a sum of branches.
std::optional<NoiseInFront> closed_form_noise(const Model& model, int normalization) {
  std::optional<int> sum;
  for (int i = only_input(model, normalization); i >= 0; i = only_input(model, i)) {
    const LayerTraits traits = layer_of(model, i).traits();
    if (traits.noise) {
      // What is dropped together is not independent after a weighted sum.
      const auto per = traits.noise->per;
      if (!traits.noise->is_factor() || (sum && per != NoiseTraits::Per::element) || per == NoiseTraits::Per::other)
        return {};
      return NoiseInFront{i, sum, true};
    }
    if (traits.merge == Merge::sum && !sum) return noise_before_sum(model, i);
    if (is_weighted_sum(traits) && !sum)
      sum = i;
    else if (!traits.is_identity())
      return {};
  }
  return {};
}

/// The noise with the highest index that reaches the layer on any path.
std::optional<int> last_noise(const Model& model, int layer) {
  std::vector<bool> leads(static_cast<std::size_t>(layer) + 1);
  leads.back() = true;
  for (int i = layer; i >= 0; --i) {
    if (!leads[static_cast<std::size_t>(i)]) continue;
    if (layer_of(model, i).traits().noise) return i;
    for (const int input : model.nodes()[static_cast<std::size_t>(i)].inputs)
      if (input >= 0) leads[static_cast<std::size_t>(input)] = true;
  }
  return {};
}

std::vector<double> squares_of(const MeasuredNetwork& network, const std::string& weight) {
  const Tensor values = converted(network.weight(weight), DType::float64);
  std::vector<double> squares(values.as<double>().begin(), values.as<double>().end());
  for (double& w : squares) w *= w;
  return squares;
}

/// sum of w^2 m for each output of a linear layer, m by element of one sample's input.
std::vector<double> summed(const MeasuredNetwork& network, const Layer& layer, const Shape& input,
                           const std::vector<double>& moments) {
  const LinearTraits linear = *layer.traits().linear;
  const std::vector<double> kernel = squares_of(network, layer.name() + '/' + linear.kernel);
  if (linear.window) {
    const kernels::Window window = linear.over(input.batched(1));
    if (linear.transposed) {
      std::vector<double> result(static_cast<std::size_t>(window.h * window.w * window.c));
      kernels::reference::convolution_data_gradient<double>(window, input.back(), moments.data(), kernel.data(),
                                                            result.data());
      return result;
    }
    const std::int64_t filters = linear.outputs_of(input.back());
    std::vector<double> result(static_cast<std::size_t>(window.oh * window.ow * filters));
    kernels::reference::convolution<double>(window, filters, moments.data(), kernel.data(), nullptr,
                                            kernels::Activation::linear, result.data());
    return result;
  }
  const auto units = static_cast<std::size_t>(linear.outputs), features = kernel.size() / units;
  std::vector<double> result(moments.size() / features * units);
  for (std::size_t i = 0; i < moments.size(); ++i)
    for (std::size_t u = 0; u < units; ++u)
      result[i / features * units + u] += moments[i] * kernel[i % features * units + u];
  return result;
}

/// Mean over positions, by channel of the last axis.
std::vector<double> mean_over_positions(const std::vector<double>& elements, std::size_t channels) {
  std::vector<double> means(channels);
  for (std::size_t i = 0; i < elements.size(); ++i)
    means[i % channels] += elements[i] * static_cast<double>(channels) / static_cast<double>(elements.size());
  return means;
}

}  // namespace

std::optional<double> dropout_rate(const Layer& layer) {
  const auto noise = layer.traits().noise;
  using Per = NoiseTraits::Per;
  return noise && (noise->per == Per::element || noise->per == Per::channel) ? noise->rate : std::nullopt;
}

std::optional<NoiseInFront> noise_in_front(const Model& model, int normalization) {
  if (is_along_channels(model, normalization))
    if (const auto found = closed_form_noise(model, normalization)) return found;
  if (const auto noise = last_noise(model, normalization)) return NoiseInFront{.noise = *noise};
  return {};
}

std::vector<std::optional<NoiseShift>> noise_shifts(MeasuredNetwork& network, const Dataset& data,
                                                    const std::vector<LayerStatistics>& off,
                                                    const std::vector<LayerStatistics>& on, std::int64_t batch_size) {
  const Model& model = network.model();
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  std::vector<std::optional<NoiseInFront>> found;
  std::vector<int> noises;
  for (const Normalization& n : normalizations(model)) {
    found.push_back(noise_in_front(model, n.layer));
    if (found.back() && found.back()->has_closed_form) noises.push_back(found.back()->noise);
  }
  std::vector<std::optional<NoiseShift>> shifts;
  std::map<int, std::vector<double>> squares_before;
  if (!noises.empty() && network.why_not(Measurement::squares).empty())
    squares_before = network.input_squares(data, off, noises, batch_size);
  for (std::size_t i = 0; i < found.size(); ++i) {
    shifts.emplace_back();
    if (!found[i]) continue;
    const Layer& noise = layer_of(model, found[i]->noise);
    const double share = noise.traits().noise->factor_variance;
    const std::vector<double>& without = off[i].variance;
    shifts.back() = NoiseShift{.noise = noise.name(), .measured = variance_ratio(without, on[i].variance)};
    if (!found[i]->has_closed_form || !squares_before.contains(found[i]->noise)) continue;
    std::vector<double> squares = squares_before.at(found[i]->noise);
    // Only where the sum repeats the branch along axes do their sizes differ.
    if (const int reader = normalizations(model)[i].layer;
        !found[i]->linear && shape_read_by(model, compiled, reader) != shape_read_by(model, compiled, found[i]->noise))
      continue;
    if (const auto sum = found[i]->linear) {
      const int before = only_input(model, *sum);
      squares =
          summed(network, layer_of(model, *sum), compiled.layer_outputs[static_cast<std::size_t>(before)], squares);
    }
    std::vector<double> with = mean_over_positions(squares, without.size());
    for (std::size_t c = 0; c < with.size(); ++c) with[c] = without[c] + share * with[c];
    shifts.back()->closed_form = variance_ratio(without, with);
  }
  return shifts;
}

}  // namespace evenkeel
