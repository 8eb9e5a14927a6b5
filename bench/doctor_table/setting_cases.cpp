#include <algorithm>
#include <cmath>

#include "cases.h"

namespace evenkeel::table {
namespace {

/// A first layer and a normalization, frozen or with a bias as a case wants it.
template <class First>
Sequential first_layers(const std::string& name, First first, const BatchNormalization& norm) {
  constexpr bool kConvolution = std::is_same_v<First, Conv2D>;
  Sequential model = chain(name);
  if constexpr (!kConvolution) model.add(Flatten{});
  model.add(std::move(first), norm, Activation{ActivationFunction::relu});
  if constexpr (kConvolution) model.add(Flatten{});
  model.add(Dense{.units = 10, .name = "head"});
  return model;
}

void add_biases(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  const BatchNormalization norm{.momentum = 0.9, .name = "norm"};
  for (const Sequential& model :
       {first_layers("biased_convnet", Conv2D{.filters = 8, .strides = 2, .name = "biased"}, norm),
        first_layers("biased_mlp", Dense{.units = 40, .name = "biased"}, norm)})
    cases.push_back({.code = "redundant-bias",
                     .planted = "a bias right before a normalization",
                     .layers = {"biased"},
                     .severity = Severity::info,
                     .recipe = {.architecture = model.name(), .seed = seed++},
                     .model = model});
}

void add_decays(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "mlp"}) {
    const Recipe recipe{.architecture = architecture, .seed = seed++};
    cases.push_back({.code = "decayed-normalization",
                     .planted = "weight decay of everything",
                     .layers = normalizations_of(recipe),
                     .severity = Severity::info,
                     .recipe = recipe,
                     .plant = [](Patient& p) {
                       p.records.train_loss = 0.5;
                       p.records.weight_decay = 0.01;
                     }});
  }
}

/// A kernel times `by`, and the normalization "norm_1" after it such that it yields what it did.
void shrink(Patient& p, const std::string& layer, double by) {
  const std::vector<LayerStatistics> statistics = moving_statistics(p.network());
  const std::vector<double>& variance = std::ranges::find(statistics, "norm_1", &LayerStatistics::layer)->variance;
  const double epsilon = BatchNormalization{}.epsilon;
  p.change("norm_1/gamma", [&](std::span<float> v) {
    for (std::size_t c = 0; c < v.size(); ++c)
      v[c] *= static_cast<float>(std::sqrt((by * by * variance[c] + epsilon) / (variance[c] + epsilon)) / by);
  });
  scale(p, layer + "/kernel", static_cast<float>(by));
  scale(p, "norm_1/moving_mean", static_cast<float>(by));
  scale(p, "norm_1/moving_variance", static_cast<float>(by * by));
}

void add_hazards(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  struct Place {
    std::string architecture, layer, next;
    std::size_t channels, reads;  ///< of the first normalization, and numbers of the next kernel that read one of them
  };
  const std::vector<Place> places = {{"convnet", "conv_1", "conv_2", 8, 16}, {"mlp", "dense_1", "dense_2", 50, 50}};
  for (const Place& place : places)
    cases.push_back({.code = "folding-hazard",
                     .planted = "a kernel twenty times smaller, and its normalization so that nothing changes",
                     .layers = {"norm_1"},
                     .severity = Severity::info,
                     .evidence = "near epsilon",
                     .recipe = {.architecture = place.architecture, .seed = seed++},
                     .plant = [place](Patient& p) { shrink(p, place.layer, 0.05); }});
  for (const Place& place : places)
    cases.push_back({.code = "folding-hazard",
                     .planted = "a channel a hundred times larger, what reads it so much smaller",
                     .layers = {"norm_1"},
                     .severity = Severity::info,
                     .evidence = "largest folded scale",
                     .recipe = {.architecture = place.architecture, .seed = seed++},
                     .plant = [place](Patient& p) {
                       for (const std::string of : {"norm_1/gamma", "norm_1/beta"})
                         scale(p, of, 100, 0, place.channels);
                       p.change(place.next + "/kernel", [&](std::span<float> v) {
                         for (std::size_t row = 0; row < v.size(); row += place.channels * place.reads)
                           for (std::size_t i = 0; i < place.reads; ++i) v[row + i] *= 0.01f;
                       });
                     }});
}

std::vector<Sequential> frozen_models() {
  const BatchNormalization norm{.momentum = 0.9, .trainable = false, .name = "frozen"};
  return {
      first_layers("frozen_convnet",
                   Conv2D{.filters = 8, .strides = 2, .use_bias = false, .trainable = false, .name = "first"}, norm),
      first_layers("frozen_mlp", Dense{.units = 40, .use_bias = false, .trainable = false, .name = "first"}, norm)};
}

void add_frozen(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const Sequential& model : frozen_models())
    cases.push_back({.code = "frozen-statistics",
                     .planted = "a frozen normalization with statistics of other data",
                     .layers = {"frozen"},
                     .companions = {"not-loaded"},  // a kernel that is frozen as it was drawn
                     .recipe = {.architecture = model.name(), .seed = seed++},
                     .model = model,
                     .plant = [](Patient& p) {
                       p.change("frozen/moving_mean", [](std::span<float> v) {
                         for (float& m : v) m = 3 * m + 0.5f;
                       });
                       scale(p, "frozen/moving_variance", 4);
                     }});
  for (const Sequential& model : frozen_models())
    cases.push_back({.code = "frozen-statistics",
                     .planted = "a frozen normalization whose statistics still move",
                     .layers = {"frozen"},
                     .severity = Severity::info,
                     .evidence = "earlier checkpoint",
                     .companions = {"not-loaded"},  // as above
                     .recipe = {.architecture = model.name(), .seed = seed++},
                     .model = model,
                     .plant = [](Patient& p) {
                       p.records.earlier_statistics = moving_statistics(p.network());
                       p.trainer->fit(p.train, {.steps = 40});
                     }});
}

}  // namespace

std::vector<PlantedCase> setting_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 500;
  add_biases(cases, seed);
  add_decays(cases, seed);
  add_hazards(cases, seed);
  add_frozen(cases, seed);
  return cases;
}

std::vector<PlantedCase> axis_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 700;
  for (const auto& [learnt, declared] : {std::pair<std::int64_t, std::int64_t>{1, -1}, {-1, 1}}) {
    const auto cube = [](std::int64_t axis) {
      Sequential model = chain("cube");
      model.add(Conv2D{.filters = 13, .strides = 2, .use_bias = false, .name = "conv"},
                BatchNormalization{.axis = axis, .momentum = 0.9, .name = "norm"}, Activation{ActivationFunction::relu},
                MaxPooling2D{}, Flatten{}, Dense{.units = 10, .name = "head"});
      return model;
    };
    cases.push_back({.code = "wrong-axis",
                     .planted = "equal lengths, another axis declared than learnt",
                     .layers = {"norm"},
                     .recipe = {.architecture = "cube", .seed = seed++},
                     .make = [=](const PlantedCase& c) {
                       const Patient learner = patient_of(c.recipe, cube(learnt));
                       Recipe none = c.recipe;
                       none.steps = 1;
                       Patient p = patient_of(none, cube(declared));
                       for (const WeightInfo& w : learner.trainer->network().weights())
                         p.network().set_weight(w.name, learner.trainer->network().weight(w.name));
                       return p;
                     }});
  }
  return cases;
}

}  // namespace evenkeel::table
