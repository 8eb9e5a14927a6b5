#include "evenkeel/diagnose/expectation_ways.h"

#include <algorithm>
#include <set>

#include "evenkeel/diagnose/conversion_ways.h"
#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/weight_layouts.h"

namespace evenkeel {
namespace {

/// Usual batch sizes: powers of two, tens, and their neighbours.
constexpr std::int64_t kBatchSizes[] = {2,   3,   4,   5,   6,   8,   10,  12,  14,  16,  18,  20,  24,  25,
                                        28,  30,  32,  36,  40,  42,  48,  50,  56,  60,  64,  70,  72,  75,
                                        80,  90,  96,  100, 112, 120, 125, 128, 144, 150, 160, 180, 192, 200,
                                        224, 240, 250, 256, 300, 320, 350, 384, 400, 448, 450, 480, 500, 512};

std::string family_of(InputHypothesis::Kind kind) {
  switch (kind) {
    case InputHypothesis::Kind::values: return "values";
    case InputHypothesis::Kind::channels: return "channels";
    case InputHypothesis::Kind::axes: return "axes";
  }
  return {};
}

/// `same` may pad an odd number of rows or columns: the odd one is at the end here. PyTorch pads as many at both ends.
/// With a stride, those at the end that are too many are in no window.
struct EvenPadding {
  int layer = 0;
  Padding padding;
};

std::vector<EvenPadding> even_paddings(const Draft& draft) {
  const std::vector<Shape> shapes = draft.output_shapes();
  std::vector<EvenPadding> all;
  for (int i = 0; i < draft.layers(); ++i) {
    const LayerTraits traits = draft.traits(i);
    if (!traits.linear || !traits.linear->window || traits.linear->window->padding != Padding::same) continue;
    if (traits.linear->transposed) continue;  // PyTorch has no name for those sizes
    const int from = draft.inputs(i).front();
    const Shape image = from < 0 ? draft.model().input_at(from).shape : shapes[static_cast<std::size_t>(from)];
    const kernels::Window seen = traits.linear->over(image.batched(1));
    if (seen.pad_top == seen.given_bottom && seen.pad_left == seen.given_right) continue;
    all.push_back({.layer = i, .padding = {seen.given_bottom, seen.pad_top, seen.given_right, seen.pad_left}});
  }
  return all;
}

class Ways {
 public:
  Ways(Network& network, const InputSummary& data, std::int64_t samples, std::vector<std::int64_t> batch_sizes)
      : network_(network), data_(data), samples_(samples), batch_sizes_(std::move(batch_sizes)) {}

  std::vector<OtherWay> all() {
    add_batches();
    for (InputHypothesis& h : input_hypotheses(data_)) {
      const std::string family = family_of(h.kind()), says = "their data are " + h.correction;
      all_.push_back({.name = h.name, .family = family, .says = says, .input = {std::move(h)}});
    }
    for (WeightLayout& layout : weight_layouts(Draft(network_)))
      all_.push_back({.name = layout.name,
                      .family = layout.family,
                      .says = "their weights are laid out otherwise: " + layout.what + "; " + layout.line,
                      .change = std::move(layout.apply)});
    add_epsilons();
    add_padding();
    for (OtherWay& way : conversion_ways(network_)) all_.push_back(std::move(way));
    return std::move(all_);
  }

 private:
  void add_batches() {
    if (std::ranges::all_of(normalizations(network_.model()), &Normalization::frozen)) return;
    batch_sizes_.insert(batch_sizes_.end(), std::begin(kBatchSizes), std::end(kBatchSizes));
    batch_sizes_.push_back(samples_);
    std::set<std::int64_t> known;
    for (const std::int64_t size : batch_sizes_)
      if (size >= 1 && size <= samples_ && known.insert(size).second)
        all_.push_back(
            {.name = "batches-" + std::to_string(size),
             .family = "statistics",
             .says = "training mode without dropout: batch statistics, in batches of " + std::to_string(size),
             .batch_size = size});
  }

  void add_epsilons() {
    const std::vector<int> layers = layers_with_epsilon(network_.model());
    for (const double epsilon : usual_epsilons()) {
      const auto has = [&](int i) {
        return network_.model().nodes()[static_cast<std::size_t>(i)].layer.traits().normalization->epsilon == epsilon;
      };
      if (layers.empty() || std::ranges::all_of(layers, has)) continue;
      all_.push_back({.name = "epsilon-" + figure(epsilon),
                      .family = "epsilon",
                      .says = "their epsilon is " + figure(epsilon) + " in every normalization",
                      .change = [layers, epsilon](Draft& draft) {
                        for (const int i : layers) draft.replace(i, draft.layer(i).with("epsilon", epsilon));
                      }});
    }
  }

  void add_padding() {
    std::vector<EvenPadding> paddings = even_paddings(Draft(network_));
    if (paddings.empty()) return;
    std::vector<std::string> layers;
    for (const EvenPadding& even : paddings) layers.push_back(Draft(network_).name(even.layer));
    all_.push_back({.name = "even-padding",
                    .family = "padding",
                    .says = "they pad at both ends (as PyTorch) where `same` with a stride pads more at the end (as "
                            "Keras), in " +
                            layers_text(layers),
                    .change = [paddings](Draft& draft) {
                      for (const EvenPadding& even : paddings)
                        draft.replace(even.layer, draft.layer(even.layer).with("padding", field_value(even.padding)));
                    }});
  }

  Network& network_;
  const InputSummary& data_;
  std::int64_t samples_;
  std::vector<std::int64_t> batch_sizes_;
  std::vector<OtherWay> all_;
};

}  // namespace

std::vector<OtherWay> other_ways(Network& network, const InputSummary& data, std::int64_t samples,
                                 const std::vector<std::int64_t>& batch_sizes) {
  return Ways(network, data, samples, batch_sizes).all();
}

const std::vector<double>& usual_epsilons() {
  static const std::vector<double> all = {1e-5, 1e-3, 2e-5, 1e-4, 1e-6, 1e-7, 1e-8, 1e-12, 1e-2};
  return all;
}

std::vector<int> layers_with_epsilon(const Model& model) {
  std::vector<int> layers;
  for (int i = 0; i < model.layers(); ++i)
    if (model.nodes()[static_cast<std::size_t>(i)].layer.traits().normalization) layers.push_back(i);
  return layers;
}

}  // namespace evenkeel
