#include <algorithm>

#include "cases.h"

// Networks that do not work at all, or never for one class, or not as their run wrote down.

namespace evenkeel::table {
namespace {

const std::vector<std::string> kThree = {"convnet", "mlp", "residual"};

/// The samples of these classes, sorted by class.
Dataset sorted_part(const Dataset& data, std::int32_t first, std::int32_t end) {
  const auto labels = data.y().as<std::int32_t>();
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= first && labels[i] < end) rows.push_back(static_cast<std::uint32_t>(i));
  std::ranges::stable_sort(rows, {}, [&](std::uint32_t row) { return labels[row]; });
  return selected(data, rows, data.name() + ", sorted");
}

Dataset with_labels_of_others(const Dataset& data) {
  Tensor y = Tensor::copy_of(data.y());
  std::ranges::rotate(y.as<std::int32_t>(), y.as<std::int32_t>().begin() + 17);
  return Dataset({.name = data.name(), .x = Tensor::copy_of(data.x()), .y = std::move(y), .class_names = {}});
}

void add_guessing(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "pooled", "residual", "mlp", "deep"})
    cases.push_back({.code = "near-guessing",
                     .planted = "trained on the labels of other samples",
                     .severity = Severity::error,
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .make = [](const PlantedCase& c) {
                       Patient p = untrained(c.recipe, model_of(c.recipe));
                       p.train = with_labels_of_others(p.train);
                       p.fit(c.recipe);
                       return p;
                     }});
}

void add_lost(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kThree)
    cases.push_back({.code = "lost-classes",
                     .planted = "an output far below the others",
                     .layers = {"head"},
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [](Patient& p) { p.change("head/bias", [](std::span<float> v) { v[4] = -60; }); }});
}

void add_missing(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kThree)
    for (const std::int32_t cut : {6, 9})
      cases.push_back({.code = "missing-classes",
                       .planted = "sorted by class and cut",
                       .severity = Severity::error,
                       .recipe = {.architecture = architecture, .seed = seed++},
                       .make = [cut](const PlantedCase& c) {
                         Patient p = untrained(c.recipe, model_of(c.recipe));
                         p.train = sorted_part(p.train, 0, cut);
                         p.test = sorted_part(p.test, cut - 2, 10);
                         p.fit(c.recipe);
                         return p;
                       }});
}

void add_records(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kThree)
    cases.push_back({.code = "record-differs",
                     .planted = "the last layer is another network's",
                     .severity = Severity::error,
                     .companions = {"near-guessing", "lost-classes"},
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [](Patient& p) {
                       Evidence evidence(p.network(), {.data = p.test, .samples = 0});
                       p.records.validation_scores = {.fingerprint = p.test.fingerprint(),
                                                      .loss = {evidence.evaluation().mean_loss().value},
                                                      .accuracy = {evidence.evaluation().accuracy()->value}};
                       p.change("head/kernel", [](std::span<float> v) { std::ranges::rotate(v, v.begin() + 37); });
                     }});
}

void add_batches_of_one(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kThree) {
    const Recipe recipe{.architecture = architecture, .seed = seed++, .steps = 600, .batch_size = 1};
    PlantedCase c{.code = "small-batch",
                  .planted = "batches of one sample after a dense layer",
                  .layers = {"norm_last"},
                  .severity = Severity::error,
                  .companions = {"not-loaded"},  // nothing reached its kernels
                  .recipe = recipe,
                  .plant = [](Patient& p) {
                    p.records.batch_size = 1;
                    p.records.updates = 600;
                  }};
    if (architecture == "mlp") c.layers = {"norm_1", "norm_2", "norm_last"};
    cases.push_back(std::move(c));
  }
}

void add_few_samples(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kThree) {
    Recipe recipe{.architecture = architecture, .seed = seed++, .momentum = 0.99, .steps = 35};
    cases.push_back({.code = "lagging",
                     .planted = "35 updates at momentum 0.99 on 200 samples",
                     .layers = normalizations_of(recipe),
                     .some_suffice_because = "how far statistics are from 0 and 1 is not planted",
                     .companions = {"overfitting", "near-guessing"},
                     .recipe = recipe,
                     .make = [](const PlantedCase& c) {
                       Patient p = untrained(c.recipe, model_of(c.recipe));
                       p.train = p.train.range(0, 200);
                       p.fit(c.recipe);
                       p.records.updates = 35;
                       return p;
                     }});
  }
}

}  // namespace

std::vector<PlantedCase> floor_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 800;
  add_guessing(cases, seed);
  add_lost(cases, seed);
  add_missing(cases, seed);
  add_records(cases, seed);
  add_batches_of_one(cases, seed);
  add_few_samples(cases, seed);
  return cases;
}

}  // namespace evenkeel::table
