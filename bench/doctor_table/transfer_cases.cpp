#include <algorithm>

#include "cases.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"

// What differs between the program that trained and the one that evaluates: several steps of the preparation, the
// layout of the weights, single samples, and classes that one of them does not have.

namespace evenkeel::table {
namespace {

InputHypothesis unit() { return {.name = {}, .correction = {}, .scale = {1 / 255.0}, .offset = {0.0}}; }

void add_pairs(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const auto& [architecture, data] : {std::pair<std::string, std::string>{"convnet", "strokes"},
                                           {"mlp", "mnist"},
                                           {"bare", "strokes"},
                                           {"residual", "mnist"}})
    cases.push_back({.code = "input-mismatch",
                     .planted = "pixels divided by 255, height and width exchanged",
                     .severity = Severity::error,
                     .cause = "height and width exchanged",
                     .recipe = {.architecture = architecture, .data = data, .seed = seed++},
                     .plant = [](Patient& p) {
                       InputHypothesis both = unit();
                       both.transpose = true;
                       p.test = corrected(p.test, both);
                     }});
  for (const std::string architecture : {"convnet", "residual", "pooled"})
    cases.push_back(
        {.code = "input-mismatch",
         .planted = "pixels divided by 255, BGR for RGB, in reddish light",
         .severity = Severity::error,
         .cause = "channels in reverse order",
         .recipe = {.architecture = architecture, .data = "patches", .seed = seed++, .steps = 800},
         .make = [](const PlantedCase& c) {
           Patient p = untrained(c.recipe, model_of(c.recipe));
           const InputHypothesis light{.name = {}, .correction = {}, .scale = {1, 0.7, 0.5}, .offset = {0, 0, 0}};
           p.train = corrected(p.train, light);
           p.test = corrected(p.test, light);
           p.fit(c.recipe);
           InputHypothesis both = unit();
           both.reverse_channels = true;
           p.test = corrected(p.test, both);
           return p;
         }});
}

/// The rows of the dense layer after Flatten as a program has them that keeps channels first.
void store_channels_first(Patient& p) {
  const Model& model = p.network().model();
  const int flatten = model.find("dense") - 1;
  const int before = model.nodes()[static_cast<std::size_t>(flatten)].inputs.front();
  const Shape image = compile(model, {.batch_size = 1}).layer_outputs[static_cast<std::size_t>(before)];
  p.change("dense/kernel", [&](auto values) {
    const std::vector<float> rows(values.begin(), values.end());
    const std::size_t width = rows.size() / static_cast<std::size_t>(image.size());
    const auto pixels = static_cast<std::size_t>(image[0] * image[1]), channels = static_cast<std::size_t>(image[2]);
    for (std::size_t pixel = 0; pixel < pixels; ++pixel)
      for (std::size_t c = 0; c < channels; ++c)
        std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>((pixel * channels + c) * width), width,
                    values.begin() + static_cast<std::ptrdiff_t>((c * pixels + pixel) * width));
  });
}

void add_weight_layouts(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "residual", "pooled", "bare"})
    cases.push_back({.code = "weight-layout",
                     .planted = "rows after Flatten with channels first",
                     .layers = {"dense"},
                     .severity = Severity::error,
                     .cause = "(channel, height, width)",
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = store_channels_first});
  for (const auto& [architecture, layers] :
       {std::pair<std::string, std::set<std::string>>{"convnet", {"conv_1", "conv_2"}},
        {"residual", {"conv_1", "conv_2", "conv_3", "conv_4"}},
        {"bare", {"conv_1", "conv_2"}}})
    cases.push_back({.code = "weight-layout",
                     .planted = "kernels turned by 180 degrees",
                     .layers = layers,
                     .severity = Severity::error,
                     .cause = "turned by 180 degrees",
                     .recipe = {.architecture = architecture, .data = "mnist", .seed = seed++},
                     .plant = turn_kernels});
}

void add_unusual_samples(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "mlp", "residual"})
    cases.push_back({.code = "unusual-samples",
                     .planted = "one training sample in 200 a hundred times as large",
                     .severity = Severity::error,
                     .cause = "were not prepared as the others",
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .make = [](const PlantedCase& c) {
                       Patient p = untrained(c.recipe, model_of(c.recipe));
                       Tensor x = converted(p.train.x(), DType::float32);
                       const auto size = static_cast<std::size_t>(p.train.sample_shape().size());
                       for (std::size_t i = 7; i < static_cast<std::size_t>(p.train.size()); i += 200)
                         for (float& v : x.as<float>().subspan(i * size, size)) v *= 100;
                       p.train = Dataset({.name = "some unprepared",
                                          .x = std::move(x),
                                          .y = Tensor::copy_of(p.train.y()),
                                          .class_names = p.train.class_names()});
                       p.fit(c.recipe);
                       return p;
                     }});
}

/// A folder of class 4 is missing where the data are read: those after it move down.
void add_open_chains(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "mlp", "deep"})
    cases.push_back({.code = "class-order",
                     .planted = "a class is missing and later ones have moved down",
                     .layers = {"head"},
                     .severity = Severity::error,
                     .cause = "4 -> 5",
                     .companions = {"missing-classes"},
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [](Patient& p) {
                       const auto labels = p.test.y().as<std::int32_t>();
                       std::vector<std::uint32_t> rows;
                       for (std::size_t i = 0; i < labels.size(); ++i)
                         if (labels[i] != 4) rows.push_back(static_cast<std::uint32_t>(i));
                       const Dataset kept = selected(p.test, rows, "a class missing");
                       Tensor y = Tensor::copy_of(kept.y());
                       for (std::int32_t& label : y.as<std::int32_t>()) label -= label > 4 ? 1 : 0;
                       p.test = Dataset(
                           {.name = kept.name(), .x = Tensor::copy_of(kept.x()), .y = std::move(y), .class_names = {}});
                     }});
}

}  // namespace

std::vector<PlantedCase> transfer_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 1400;
  add_pairs(cases, seed);
  add_weight_layouts(cases, seed);
  add_unusual_samples(cases, seed);
  add_open_chains(cases, seed);
  return cases;
}

}  // namespace evenkeel::table
