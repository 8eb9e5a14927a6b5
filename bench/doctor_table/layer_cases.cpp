#include "cases.h"

namespace evenkeel::table {
namespace {

void add_small_batches(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "mlp", "residual", "deep"}) {
    const Recipe recipe{.architecture = architecture, .seed = seed++};
    cases.push_back({.code = "small-batch",
                     .planted = "batches of 2",
                     .layers = normalizations_of(recipe),
                     .recipe = recipe,
                     .plant = [](Patient& p) { p.records.batch_size = 2; }});
  }
  for (const std::string architecture : {"convnet", "mlp"})
    cases.push_back({.code = "batch-dependence",
                     .planted = "batches of 8",
                     .severity = Severity::info,
                     .companions = {"small-batch"},  // eight are too few, too
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [](Patient& p) { p.records.batch_size = 8; }});
}

/// A sample alone has a single value for the normalization after a Dense: the loss is another one.
void add_evaluation_by_batch(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const bool convolves : {false, true}) {
    Sequential model = chain(convolves ? "convnet_of_the_batch" : "mlp_of_the_batch");
    if (convolves) model.add(Conv2D{.filters = 8, .strides = 2}, Activation{ActivationFunction::relu});
    model.add(Flatten{}, Dense{.units = 32, .use_bias = false},
              BatchNormalization{.moving_statistics = false, .name = "norm"}, Activation{ActivationFunction::relu},
              Dense{.units = 10, .name = "head"});
    cases.push_back({.code = "evaluation-by-batch",
                     .planted = "a normalization without moving statistics",
                     .layers = {"norm"},
                     .recipe = {.architecture = model.name(), .seed = seed++},
                     .model = model});
  }
}

void add_dead_and_constant(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  struct Place {
    std::string architecture, data, layer, beta;
    double share;
  };
  for (const Place& place :
       {Place{"convnet", "strokes", "act_2", "norm_2/beta", 0.5}, Place{"mlp", "strokes", "act_1", "norm_1/beta", 0.5},
        Place{"residual", "patches", "act_4", "norm_4/beta", 0.34}})
    cases.push_back(
        {.code = "dead-channels",
         .planted = place.share == 0.5 ? "beta -1000 in half of a layer" : "beta -1000 in a third of a layer",
         .layers = {place.layer},
         .companions = {"stale-statistics"},  // of the next layer, which reads zeros
         .recipe = {.architecture = place.architecture, .data = place.data, .seed = seed++},
         .plant = [place](Patient& p) { fill_first(p, place.beta, place.share, -1e3f); }});
  cases.push_back({.code = "constant-output",
                   .planted = "an output layer of zeros",
                   .layers = {"head"},
                   .severity = Severity::error,
                   .recipe = {.architecture = "deep", .seed = seed++},
                   .plant = [](Patient& p) { fill_first(p, "head/kernel", 1, 0); }});
  cases.push_back({.code = "constant-output",
                   .planted = "gamma 0 in half of a layer",
                   .layers = {"norm_1"},
                   // Of the later layers, which read constants; and where beta is negative, relu cuts these off.
                   .companions = {"stale-statistics", "dead-channels"},
                   .recipe = {.architecture = "convnet", .seed = seed++},
                   .plant = [](Patient& p) { fill_first(p, "norm_1/gamma", 0.5, 0); }});
}

void add_saturated(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const auto& [f, name] :
       {std::pair(ActivationFunction::sigmoid, "sigmoids"), std::pair(ActivationFunction::tanh, "tanhs")}) {
    Sequential model = chain(name);
    model.add(Flatten{}, Dense{.units = 40, .activation = f, .name = "hidden"}, Dense{.units = 10, .name = "head"});
    cases.push_back({.code = "saturation",
                     .planted = "a bias of 50",
                     .layers = {"hidden"},
                     .companions = {"constant-output"},  // all units are at one end for every sample
                     .recipe = {.architecture = name, .seed = seed++},
                     .model = model,
                     .plant = [](Patient& p) { fill_first(p, "hidden/bias", 1, 50); }});
  }
}

void add_not_loaded(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  const std::vector<std::pair<std::string, std::string>> kernels = {
      {"convnet", "conv_2"}, {"mlp", "dense_2"}, {"residual", "dense"}, {"pooled", "dense"}};
  for (const auto& [architecture, layer] : kernels)
    cases.push_back({.code = "not-loaded",
                     .planted = "a layer as another seed draws it",
                     .layers = {layer},
                     // The later layers have statistics of another kernel.
                     .companions = {"stale-statistics", "lagging"},
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [layer = layer](Patient& p) { draw_anew(p, layer); }});
}

Sequential convolutions(const std::string& name, int layers, double deviation) {
  Sequential model = chain(name);
  for (int i = 0; i < layers; ++i)
    model.add(Conv2D{.filters = 6,
                     .strides = i == 0 ? 2 : 1,
                     .padding = Padding::same,
                     .activation = ActivationFunction::relu,
                     .kernel_initializer = Initializer::truncated_normal(deviation)});
  model.add(Flatten{}, Dense{.units = 10, .name = "head"});
  return model;
}

void add_depths(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  Sequential sigmoids = chain("ten_sigmoids");
  sigmoids.add(Flatten{});
  for (int i = 0; i < 10; ++i) sigmoids.add(Dense{.units = 24, .activation = ActivationFunction::sigmoid});
  sigmoids.add(Dense{.units = 10, .name = "head"});
  cases.push_back({.code = "vanishing-gradient",
                   .planted = "ten layers of sigmoids",
                   .layers = {"dense", "head"},
                   .companions = {"constant-output"},  // it does not learn: it answers all alike
                   .recipe = {.architecture = "ten_sigmoids", .seed = seed++},
                   .model = sigmoids});
  cases.push_back({.code = "vanishing-gradient",
                   .planted = "nine convolutions drawn far too small",
                   .layers = {"conv2d", "head"},
                   // What is next to nothing is next to constant; and a kernel that happens to be negative is dead.
                   .companions = {"constant-output", "dead-channels"},
                   .recipe = {.architecture = "thin_convolutions", .seed = seed++, .steps = 1},
                   .model = convolutions("thin_convolutions", 9, 0.01)});
  cases.push_back({.code = "exploding-gradient",
                   .planted = "eight convolutions drawn far too large",
                   .layers = {"conv2d", "head"},
                   .companions = {"near-guessing"},  // it is not trained
                   .recipe = {.architecture = "loud_convolutions", .seed = seed++, .steps = 1},
                   .model = convolutions("loud_convolutions", 8, 2)});
}

}  // namespace

std::vector<PlantedCase> layer_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 400;
  add_small_batches(cases, seed);
  add_dead_and_constant(cases, seed);
  add_saturated(cases, seed);
  add_not_loaded(cases, seed);
  add_depths(cases, seed);
  add_evaluation_by_batch(cases, seed);
  return cases;
}

}  // namespace evenkeel::table
