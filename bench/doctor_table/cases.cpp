#include "cases.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "evenkeel/base/cpu.h"

namespace evenkeel::table {

std::vector<PlantedCase> all_cases(std::uint64_t shift) {
  std::vector<PlantedCase> all;
  for (const auto cases : {statistics_cases, number_cases, layer_cases, setting_cases, graph_cases, axis_cases,
                           data_cases, floor_cases, transfer_cases, family_cases})
    std::ranges::move(cases(), std::back_inserter(all));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].recipe.seed += shift;
    if (i % 3 == 2 && Machine::here().has_bfloat16()) all[i].recipe.precision = Precision::bfloat16;
  }
  return all;
}

std::vector<Recipe> healthy_recipes(std::uint64_t shift) {
  std::vector<Recipe> recipes;
  std::uint64_t seed = 100 + shift;
  for (const std::string architecture : {"convnet", "pooled", "residual", "mlp", "deep"})
    for (const std::string data : {"strokes", "patches", "mnist"})
      for (const Precision precision : {Precision::float32, Precision::bfloat16})
        for (int i = 0; i < 3; ++i)
          recipes.push_back({.architecture = architecture,
                             .data = data,
                             .seed = seed++,
                             .precision = precision,
                             .dropout = i == 2 ? 0.1 : 0});
  // What is unusual and no defect.
  for (const std::string condition : {"small", "imbalanced", "half", "long-tailed", "hard"})
    for (const std::string architecture : {"convnet", "residual", "mlp", "plain", "bare", "pooled"})
      for (const std::string data : {"strokes", "mnist"})
        recipes.push_back({.architecture = architecture,
                           .data = data,
                           .condition = condition,
                           .seed = seed++,
                           .steps = condition == "small"        ? 60
                                    : condition == "imbalanced" ? 120
                                                                : 240});
  int i = 0;
  for (const std::string architecture : {"basic", "inverted", "squeezed", "concatenated"})
    for (const std::string condition : {"", "", "", "small", "hard"})
      for (const std::string data : {"strokes", "patches"})
        recipes.push_back({.architecture = architecture,
                           .data = data,
                           .condition = condition,
                           .seed = seed++,
                           .precision = ++i % 2 ? Precision::float32 : Precision::bfloat16,
                           .dropout = i % 3 ? 0 : 0.1,
                           .steps = condition == "small" ? 60 : 240});
  return recipes;
}

std::set<std::string> normalizations_of(const Recipe& recipe) {
  std::set<std::string> names;
  for (const Normalization& n : normalizations(model_of(recipe))) names.insert(n.name);
  return names;
}

Sequential chain(const std::string& name) {
  Sequential model({28, 28, 1}, name);
  model.add(Rescaling{.scale = 1 / 255.0, .name = "rescaling"});
  return model;
}

void forget(Patient& patient, const std::string& layer) {
  patient.change(layer + "/moving_mean", [](std::span<float> v) { std::ranges::fill(v, 0.0f); });
  patient.change(layer + "/moving_variance", [](std::span<float> v) { std::ranges::fill(v, 1.0f); });
}

void shift_means(Patient& patient, const std::string& layer) {
  const std::vector<LayerStatistics> statistics = moving_statistics(patient.network());
  const LayerStatistics& of = *std::ranges::find(statistics, layer, &LayerStatistics::layer);
  patient.change(layer + "/moving_mean", [&](std::span<float> v) {
    for (std::size_t c = 0; c < v.size(); ++c) v[c] += static_cast<float>((c % 2 ? -2 : 2) * std::sqrt(of.variance[c]));
  });
}

void draw_anew(Patient& patient, const std::string& layer) {
  const Network fresh(patient.network().model(), {.seed = 77, .compute = {.threads = 1}});
  for (const WeightInfo& w : fresh.weights())
    if (w.name.starts_with(layer + '/')) patient.network().set_weight(w.name, fresh.weight(w.name));
}

void turn_kernels(Patient& p) {
  for (const WeightInfo& weight : p.network().weights()) {
    if (weight.shape.rank() != 4) continue;
    const auto pixels = static_cast<std::size_t>(weight.shape[0] * weight.shape[1]);
    p.change(weight.name, [&](auto values) {
      const std::vector<float> old(values.begin(), values.end());
      const std::size_t size = old.size() / pixels;
      for (std::size_t i = 0; i < pixels; ++i)
        std::copy_n(old.begin() + static_cast<std::ptrdiff_t>(i * size), size,
                    values.begin() + static_cast<std::ptrdiff_t>((pixels - 1 - i) * size));
    });
  }
}

void fill_first(Patient& patient, const std::string& tensor, double share, float value) {
  patient.change(tensor, [&](std::span<float> v) {
    std::fill_n(v.begin(), static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(v.size()))), value);
  });
}

void scale(Patient& patient, const std::string& tensor, float by, std::size_t first, std::size_t step) {
  patient.change(tensor, [&](std::span<float> v) {
    for (std::size_t i = first; i < v.size(); i += step) v[i] *= by;
  });
}

}  // namespace evenkeel::table
