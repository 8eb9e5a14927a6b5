#include <algorithm>
#include <cmath>
#include <numeric>

#include "cases.h"

namespace evenkeel::table {
namespace {

const std::vector<std::string> kArchitectures = {"mlp", "pooled", "residual"};

/// The architecture's model with something after its last layer.
Model ending_in(const Recipe& recipe, const Layer& last) {
  Model model = model_of(recipe);
  model.append(last);
  return model;
}

void add_last_layers(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kArchitectures) {
    const Recipe recipe{.architecture = architecture, .seed = seed++};
    cases.push_back({.code = "activation-before-loss",
                     .planted = "a relu after the logits, and a class below it",
                     .layers = {"last"},
                     .severity = Severity::error,
                     .cause = "never chosen",
                     .companions = {"lost-classes"},
                     .recipe = recipe,
                     .model = ending_in(recipe, Activation{.activation = ActivationFunction::relu, .name = "last"}),
                     .plant = [](Patient& p) { p.change("head/bias", [](auto v) { v[4] = -1e3f; }); }});
  }
  for (const std::string& architecture : kArchitectures) {
    const Recipe recipe{.architecture = architecture, .seed = seed++};
    cases.push_back({.code = "last-dropout",
                     .planted = "dropout of the logits",
                     .layers = {"last"},
                     .recipe = recipe,
                     .model = ending_in(recipe, Dropout{.rate = 0.3, .name = "last"})});
  }
}

/// A first layer, and what is done to it.
Sequential of_layers(const std::string& name, const std::vector<Layer>& layers) {
  Sequential model = chain(name);
  for (const Layer& layer : layers) model.append(layer);
  model.append(Dense{.units = 10, .name = "head"});
  return model;
}

void add_normalizations(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  const auto add = [&](const std::string& code, const std::string& planted, const Sequential& model,
                       std::set<std::string> layers, Severity severity, std::set<std::string> companions = {}) {
    cases.push_back({.code = code,
                     .planted = planted,
                     .layers = std::move(layers),
                     .severity = severity,
                     .companions = std::move(companions),
                     .recipe = {.architecture = model.name(), .seed = seed++},
                     .model = model});
  };
  const Layer whole = Conv2D{.filters = 16, .kernel_size = 28, .name = "whole"};
  const std::set<std::string> of_guessing = {"constant-output", "near-guessing", "lost-classes", "vanishing-gradient",
                                             "never-updated"};
  const std::string one = "normalization-of-one-value";
  add(one, "instance normalization of 1x1",
      of_layers("instance", {whole, InstanceNormalization{.name = "norm"}, Flatten{}}), {"norm"}, Severity::error,
      of_guessing);
  add(one, "a group for each channel of 1x1",
      of_layers("groups", {whole, GroupNormalization{.groups = 16, .name = "norm"}, Flatten{}}), {"norm"},
      Severity::error, of_guessing);
  add(one, "layer normalization of one feature",
      of_layers("feature", {Flatten{}, Dense{.units = 1}, LayerNormalization{.name = "norm"}}), {"norm"},
      Severity::error, of_guessing);
  const Layer norm = BatchNormalization{.momentum = 0.9, .name = "norm"};
  const std::string twice = "nothing-to-normalize";
  add(twice, "a batch normalization twice",
      of_layers("twice_flat",
                {Flatten{}, Dense{.units = 30}, norm, BatchNormalization{.momentum = 0.9, .name = "again"},
                 Activation{ActivationFunction::relu}}),
      {"again"}, Severity::warning);
  add(twice, "a batch normalization twice",
      of_layers("twice_conv",
                {Conv2D{.filters = 8, .strides = 2}, norm, BatchNormalization{.momentum = 0.9, .name = "again"},
                 Activation{ActivationFunction::elu}, Flatten{}}),
      {"again"}, Severity::warning);
  add(twice, "a layer normalization twice",
      of_layers("twice_layer", {Flatten{}, Dense{.units = 30}, LayerNormalization{},
                                LayerNormalization{.name = "again"}, Activation{ActivationFunction::relu}}),
      {"again"}, Severity::warning);
}

void add_softmaxes(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const int filters : {6, 8, 12}) {
    Model model({28, 28, 1}, "attention_" + std::to_string(filters));
    model.append(Rescaling{.scale = 1 / 255.0});
    model.append(Conv2D{.filters = filters, .strides = 3, .name = "trunk"});
    model.append(
        Conv2D{.filters = 1, .kernel_size = 1, .activation = ActivationFunction::softmax, .name = "attention"});
    model.append(Concatenate{}, {"trunk", "attention"});
    model.append(Flatten{});
    model.append(Dense{.units = 10, .name = "head"});
    cases.push_back({.code = "single-output-softmax",
                     .planted = "a softmax over one channel",
                     .layers = {"attention"},
                     .companions = {"constant-output"},
                     .recipe = {.architecture = model.name(), .seed = seed++},
                     .model = model});
  }
}

/// Exchanges two vectors of every normalization.
void exchange(Patient& p, const std::string& a, const std::string& b) {
  for (const Normalization& n : normalizations(p.network().model())) {
    const Tensor of_a = Tensor::copy_of(p.network().weight(n.name + '/' + a));
    p.network().set_weight(n.name + '/' + a, Tensor::copy_of(p.network().weight(n.name + '/' + b)));
    p.network().set_weight(n.name + '/' + b, of_a);
  }
}

void add_swapped(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"gamma", "moving_mean"}, {"gamma", "beta"}, {"moving_mean", "moving_variance"}};
  for (std::size_t i = 0; i < kArchitectures.size(); ++i) {
    const Recipe recipe{.architecture = kArchitectures[i], .seed = seed++};
    cases.push_back({.code = "swapped-vectors",
                     .planted = pairs[i].first + " and " + pairs[i].second + " exchanged",
                     .layers = normalizations_of(recipe),
                     .severity = Severity::error,
                     .companions = {"dead-channels", "constant-output"},
                     .recipe = recipe,
                     .plant = [pair = pairs[i]](Patient& p) { exchange(p, pair.first, pair.second); }});
  }
  for (const auto& [architecture, layer] :
       {std::pair<std::string, std::string>("mlp", "norm_2"), {"deep", "norm_3"}, {"convnet", "norm_last"}})
    cases.push_back({.code = "swapped-vectors",
                     .planted = "the inverse deviation in place of the variance",
                     .layers = {layer},
                     .cause = "inverse deviation",
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [layer = layer](Patient& p) {
                       p.change(layer + "/moving_variance", [](auto v) {
                         for (float& x : v) x = 1 / std::sqrt(x + 1e-3f);
                       });
                     }});
}

Dataset sorted_by_class(const Dataset& data) {
  const auto labels = data.y().as<std::int32_t>();
  std::vector<std::uint32_t> rows(labels.size());
  std::iota(rows.begin(), rows.end(), 0U);
  std::ranges::stable_sort(rows, {}, [&](std::uint32_t row) { return labels[row]; });
  return selected(data, rows, data.name());
}

void add_records(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kArchitectures) {
    const Recipe recipe{.architecture = architecture, .seed = seed++};
    cases.push_back({.code = "averaged-too-briefly",
                     .planted = "ema_momentum 0.999 and 240 updates",
                     .recipe = recipe,
                     .plant = [](Patient& p) {
                       p.records.updates = 240;
                       p.records.ema_momentum = 0.999;
                     }});
    cases.push_back({.code = "unshuffled",
                     .planted = "data sorted by class, in their order",
                     .companions = {"near-guessing", "lost-classes", "stale-statistics", "small-batch", "overfitting"},
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .make = [](const PlantedCase& c) {
                       Patient p = untrained(c.recipe, model_of(c.recipe));
                       p.train = sorted_by_class(p.train);
                       p.trainer->fit(p.train, {.steps = c.recipe.steps, .shuffle = false});
                       p.records.batch_size = c.recipe.batch_size;
                       p.records.shuffled = false;
                       return p;
                     }});
  }
}

}  // namespace

std::vector<PlantedCase> graph_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 800;
  add_last_layers(cases, seed);
  add_normalizations(cases, seed);
  add_softmaxes(cases, seed);
  add_swapped(cases, seed);
  add_records(cases, seed);
  return cases;
}

}  // namespace evenkeel::table
