#include <algorithm>
#include <cmath>
#include <limits>

#include "cases.h"

namespace evenkeel::table {
namespace {

/// The weights move on while the statistics stay: further steps, then the old statistics.
Patient moved_on(const PlantedCase& c) {
  Patient p = patient_of(c.recipe);
  const std::vector<LayerStatistics> old = moving_statistics(p.network());
  // A second trainer goes on from these weights at a higher rate.
  Trainer on(
      p.network().model(),
      {.optimizer = Adam{.learning_rate = 2e-2}, .batch_size = 50, .seed = c.recipe.seed, .compute = {.threads = 1}});
  for (const WeightInfo& w : p.network().weights()) on.network().set_weight(w.name, p.network().weight(w.name));
  on.fit(p.train, {.steps = 200});
  for (const WeightInfo& w : p.network().weights()) p.network().set_weight(w.name, on.network().weight(w.name));
  set_moving_statistics(p.network(), old);
  return p;
}

/// The mean of the weights of an early and a late moment, as weight averaging makes it, with the late statistics.
Patient averaged(const PlantedCase& c) {
  Recipe early = c.recipe;
  early.steps = c.recipe.steps / 8;
  const Patient before = patient_of(early);
  Patient p = patient_of(c.recipe);
  const auto raw = std::make_shared<NamedTensors>();
  for (const WeightInfo& w : p.network().weights()) {
    raw->emplace_back(w.name, Tensor::copy_of(p.network().weight(w.name)));
    const auto others = before.trainer->network().weight(w.name).as<float>();
    if (w.trainable)
      p.change(w.name, [&](std::span<float> v) {
        for (std::size_t i = 0; i < v.size(); ++i) v[i] = (v[i] + others[i]) / 2;
      });
  }
  p.records.raw_weights = raw;
  return p;
}

struct Place {
  std::string architecture, layer;
};
const std::vector<Place> kPlaces = {
    {"convnet", "norm_1"}, {"pooled", "norm_2"}, {"residual", "norm_4"}, {"mlp", "norm_1"}, {"deep", "norm_3"}};

/// Odd seeds have the other data.
Recipe recipe_of(const std::string& architecture, std::uint64_t seed) {
  return {.architecture = architecture, .data = seed % 2 ? "patches" : "strokes", .seed = seed};
}

void add_never_updated(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const Place& place : kPlaces)
    cases.push_back({.code = "never-updated",
                     .planted = "one layer's statistics 0 and 1",
                     .layers = {place.layer},
                     .companions = {"near-guessing"},  // a multilayer perceptron learns next to nothing of the patches
                     .recipe = recipe_of(place.architecture, seed++),
                     .plant = [layer = place.layer](Patient& p) { forget(p, layer); }});
  for (const std::string architecture : {"convnet", "mlp", "residual"}) {
    const Recipe recipe{.architecture = architecture, .seed = seed++, .momentum = 1};
    cases.push_back({.code = "never-updated",
                     .planted = "momentum 1 throughout training",
                     .layers = normalizations_of(recipe),
                     .recipe = recipe});
  }
}

void add_momenta(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "pooled", "mlp", "residual", "deep"}) {
    Recipe recipe = recipe_of(architecture, seed++);
    recipe.momentum = 0.99;
    recipe.steps = 60;
    cases.push_back({.code = "lagging",
                     .planted = "60 updates at momentum 0.99",
                     .layers = normalizations_of(recipe),
                     .recipe = recipe});
  }
  for (const std::string architecture : {"convnet", "mlp", "deep"}) {
    const Recipe recipe{.architecture = architecture, .seed = seed++, .momentum = 0.01};
    cases.push_back({.code = "momentum-inverted",
                     .planted = "momentum 0.01",
                     .layers = normalizations_of(recipe),
                     .recipe = recipe});
  }
}

void add_shifted(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "pooled", "mlp", "residual"})
    cases.push_back({.code = "variance-shift",
                     .planted = "dropout 0.7 in front of the last normalization",
                     .layers = {"norm_last"},
                     .recipe = {.architecture = architecture, .seed = seed++, .dropout = 0.7}});
}

void add_stale(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "mlp", "residual"}) {
    const Recipe recipe{.architecture = architecture, .seed = seed++};
    cases.push_back({.code = "stale-statistics",
                     .planted = "200 steps on at ten times the rate, the old statistics",
                     .layers = normalizations_of(recipe),
                     .some_suffice_because = "how far each layer's weights move is not planted",
                     .recipe = recipe,
                     .make = moved_on});
  }
  for (const Place& place : kPlaces)
    cases.push_back({.code = "stale-statistics",
                     .planted = "one layer's moving means two deviations off",
                     .layers = {place.layer},
                     .recipe = recipe_of(place.architecture, seed++),
                     .plant = [layer = place.layer](Patient& p) { shift_means(p, layer); }});
  for (const std::string architecture : {"convnet", "pooled", "mlp", "residual"}) {
    const Recipe recipe = recipe_of(architecture, seed++);
    cases.push_back({.code = "averaged-weights",
                     .planted = "the mean of two moments' weights, the later one's statistics",
                     .layers = normalizations_of(recipe),
                     .some_suffice_because = "how far each layer's average is from its weights is not planted",
                     .companions = {"stale-statistics"},  // of a layer whose own were near the bound before
                     .recipe = recipe,
                     .make = averaged});
  }
}

}  // namespace

std::vector<PlantedCase> statistics_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 200;
  add_never_updated(cases, seed);
  add_momenta(cases, seed);
  add_shifted(cases, seed);
  add_stale(cases, seed);
  return cases;
}

std::vector<PlantedCase> number_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 300;
  const auto plant = [&](const std::string& code, const std::string& planted, const std::string& architecture,
                         const std::string& layer, const std::string& tensor, float value,
                         Severity severity = Severity::warning) {
    cases.push_back({.code = code,
                     .planted = planted,
                     .layers = {layer},
                     .severity = severity,
                     .companions = {"stale-statistics"},  // a channel that is substituted has other statistics
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [=](Patient& p) {
                       p.change(layer + '/' + tensor, [&](std::span<float> v) { v[v.size() / 2] = value; });
                     }});
  };
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  plant("not-finite", "a NaN in a kernel", "convnet", "conv_2", "kernel", nan, Severity::error);
  plant("not-finite", "a NaN in a gamma", "mlp", "norm_1", "gamma", nan, Severity::error);
  plant("not-finite", "an infinite moving mean", "residual", "norm_2", "moving_mean", infinity, Severity::error);
  plant("bad-variance", "a negative moving variance", "deep", "norm_3", "moving_variance", -0.3f, Severity::error);
  plant("bad-variance", "a negative moving variance", "pooled", "norm_1", "moving_variance", -2.0f, Severity::error);
  plant("bad-variance", "a moving variance of 0", "convnet", "norm_2", "moving_variance", 0, Severity::info);
  plant("bad-variance", "a moving variance of 0", "deep", "norm_last", "moving_variance", 0, Severity::info);
  plant("extreme-gamma", "a gamma of 1e5", "convnet", "norm_1", "gamma", 1e5f);
  plant("extreme-gamma", "a denormal gamma", "mlp", "norm_2", "gamma", 1e-39f);
  return cases;
}

}  // namespace evenkeel::table
