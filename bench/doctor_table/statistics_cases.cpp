#include <algorithm>
#include <cmath>
#include <limits>

#include "cases.h"

namespace evenkeel::table {
namespace {

void forget(Patient& p, const std::string& layer) {
  p.change(layer + "/moving_mean", [](std::span<float> v) { std::ranges::fill(v, 0.0f); });
  p.change(layer + "/moving_variance", [](std::span<float> v) { std::ranges::fill(v, 1.0f); });
}

/// The weights move on while the statistics stay: further steps, then the old statistics.
Patient moved_on(const Recipe& recipe) {
  Patient p = patient_of(recipe);
  const std::vector<LayerStatistics> old = moving_statistics(p.network());
  // A second trainer goes on from these weights at a higher rate.
  Trainer on(p.network().model(), {.optimizer = Adam{.learning_rate = 2e-2}, .batch_size = 50, .seed = recipe.seed});
  for (const WeightInfo& w : p.network().weights()) on.network().set_weight(w.name, p.network().weight(w.name));
  on.fit(p.train, {.steps = 200});
  for (const WeightInfo& w : p.network().weights()) p.network().set_weight(w.name, on.network().weight(w.name));
  set_moving_statistics(p.network(), old);
  return p;
}

/// The mean of the weights of an early and a late moment, as weight averaging makes it, with the late statistics.
Patient averaged(const Recipe& recipe) {
  Recipe early = recipe;
  early.steps = recipe.steps / 8;
  const Patient before = patient_of(early);
  Patient p = patient_of(recipe);
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

}  // namespace

std::vector<PlantedCase> statistics_cases() {
  std::vector<PlantedCase> cases;
  const std::vector<std::pair<std::string, std::string>> places = {
      {"convnet", "norm_1"}, {"pooled", "norm_2"}, {"residual", "norm_4"}, {"mlp", "norm_1"}, {"deep", "norm_3"}};
  std::uint64_t seed = 200;
  for (const auto& [architecture, layer] : places)
    cases.push_back({.code = "never-updated",
                     .planted = "one layer's statistics 0 and 1",
                     .layer = layer,
                     .recipe = {.architecture = architecture, .data = seed % 2 ? "patches" : "strokes", .seed = seed++},
                     .make = [layer = layer](const Recipe& r) {
                       Patient p = patient_of(r);
                       forget(p, layer);
                       return p;
                     }});
  for (const std::string architecture : {"convnet", "mlp", "residual"})
    cases.push_back({.code = "never-updated",
                     .planted = "momentum 1 throughout training",
                     .layer = architecture == "mlp" ? "norm_1" : "norm_1",
                     .recipe = {.architecture = architecture, .seed = seed++, .momentum = 1}});
  for (const std::string architecture : {"convnet", "pooled", "mlp", "residual", "deep"})
    cases.push_back({.code = "lagging",
                     .planted = "60 updates at momentum 0.99",
                     .acceptable = {},
                     .recipe = {.architecture = architecture,
                                .data = seed % 2 ? "patches" : "strokes",
                                .seed = seed++,
                                .momentum = 0.99,
                                .steps = 60}});
  for (const std::string architecture : {"convnet", "mlp", "deep"})
    cases.push_back({.code = "momentum-inverted",
                     .planted = "momentum 0.01",
                     .layer = "norm_1",
                     .recipe = {.architecture = architecture, .seed = seed++, .momentum = 0.01}});
  for (const std::string architecture : {"convnet", "pooled", "mlp", "residual"})
    cases.push_back({.code = "variance-shift",
                     .planted = "dropout 0.7 in front of the last normalization",
                     .layer = "norm_last",
                     .recipe = {.architecture = architecture, .seed = seed++, .dropout = 0.7}});
  for (const std::string architecture : {"convnet", "mlp", "residual"})
    cases.push_back({.code = "stale-statistics",
                     .planted = "200 steps on at ten times the rate, the old statistics",
                     .acceptable = {"lagging"},
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .make = moved_on});
  for (const auto& [architecture, layer] : places)
    cases.push_back({.code = "stale-statistics",
                     .planted = "one layer's moving means two deviations off",
                     .layer = layer,
                     .recipe = {.architecture = architecture, .data = seed % 2 ? "patches" : "strokes", .seed = seed++},
                     .make = [layer = layer](const Recipe& r) {
                       Patient p = patient_of(r);
                       const std::vector<LayerStatistics> statistics = moving_statistics(p.network());
                       const auto& of = *std::ranges::find(statistics, layer, &LayerStatistics::layer);
                       p.change(layer + "/moving_mean", [&](std::span<float> v) {
                         for (std::size_t c = 0; c < v.size(); ++c)
                           v[c] += static_cast<float>((c % 2 ? -2 : 2) * std::sqrt(of.variance[c]));
                       });
                       return p;
                     }});
  for (const std::string architecture : {"convnet", "pooled", "mlp", "residual"})
    cases.push_back({.code = "averaged-weights",
                     .planted = "the mean of two moments' weights, the later one's statistics",
                     .acceptable = {"stale-statistics"},
                     .recipe = {.architecture = architecture, .data = seed % 2 ? "patches" : "strokes", .seed = seed++},
                     .make = averaged});
  return cases;
}

std::vector<PlantedCase> number_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 300;
  const auto plant = [&](const std::string& code, const std::string& planted, const std::string& architecture,
                         const std::string& layer, const std::string& tensor, float value,
                         std::set<std::string> acceptable = {}) {
    cases.push_back({.code = code,
                     .planted = planted,
                     .layer = layer,
                     .acceptable = std::move(acceptable),
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .make = [=](const Recipe& r) {
                       Patient p = patient_of(r);
                       p.change(layer + '/' + tensor, [&](std::span<float> v) { v[v.size() / 2] = value; });
                       return p;
                     }});
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::set<std::string> substituted = {"stale-statistics"};  // a channel that reads 0 has other statistics
  plant("not-finite", "a NaN in a kernel", "convnet", "conv_2", "kernel", nan, substituted);
  plant("not-finite", "a NaN in a gamma", "mlp", "norm_1", "gamma", nan, substituted);
  plant("not-finite", "an infinite moving mean", "residual", "norm_2", "moving_mean",
        std::numeric_limits<float>::infinity(), substituted);
  plant("bad-variance", "a negative moving variance", "deep", "norm_3", "moving_variance", -0.3f, substituted);
  plant("bad-variance", "a negative moving variance", "pooled", "norm_1", "moving_variance", -2.0f, substituted);
  plant("extreme-gamma", "a gamma of 1e5", "convnet", "norm_1", "gamma", 1e5f, substituted);
  plant("extreme-gamma", "a denormal gamma", "mlp", "norm_2", "gamma", 1e-39f, substituted);
  return cases;
}

}  // namespace evenkeel::table
