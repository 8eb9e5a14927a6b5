#include <algorithm>
#include <array>
#include <cmath>

#include "cases.h"

namespace evenkeel::table {
namespace {

/// What a defect leaves in the statistics of the layers behind it is true as well.
const std::set<std::string> kBehind = {"stale-statistics", "lagging", "dead-channels", "constant-output",
                                       "overfitting"};

void add(std::vector<PlantedCase>& cases, std::string code, std::string planted, std::string layer, Recipe recipe,
         std::function<void(Patient&)> plant) {
  cases.push_back({.code = std::move(code),
                   .planted = std::move(planted),
                   .layer = std::move(layer),
                   .acceptable = kBehind,
                   .recipe = std::move(recipe),
                   .make = [plant = std::move(plant)](const Recipe& r) {
                     Patient p = patient_of(r);
                     plant(p);
                     return p;
                   }});
}

/// A model of its own in place of the recipe's.
void add_model(
    std::vector<PlantedCase>& cases, std::string code, std::string planted, std::string layer, Recipe recipe,
    const Model& model, std::function<void(Patient&)> plant = [](Patient&) {}) {
  recipe.architecture = model.name();
  cases.push_back({.code = std::move(code),
                   .planted = std::move(planted),
                   .layer = std::move(layer),
                   .acceptable = kBehind,
                   .recipe = std::move(recipe),
                   .make = [model, plant = std::move(plant)](const Recipe& r) {
                     Patient p = patient_of(r, model);
                     plant(p);
                     return p;
                   }});
}

Sequential chain(const std::string& name) {
  Sequential model({28, 28, 1}, name);
  model.add(Rescaling{.scale = 1 / 255.0, .name = "rescaling"});
  return model;
}

void map_pixels(Patient& p, const std::function<float(float)>& f) {
  p.change_data([&](Tensor& x) {
    for (float& v : x.as<float>()) v = f(v);
  });
}

void fill_first(Patient& p, const std::string& tensor, double share, float value) {
  p.change(tensor, [&](std::span<float> v) {
    std::fill_n(v.begin(), static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(v.size()))), value);
  });
}

}  // namespace

std::vector<PlantedCase> layer_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 400;
  for (const std::string architecture : {"convnet", "mlp", "residual", "deep"})
    add(cases, "small-batch", "batches of 2", "", {.architecture = architecture, .seed = seed++},
        [](Patient& p) { p.records.batch_size = 2; });
  for (const std::string architecture : {"convnet", "mlp"})
    add(cases, "batch-dependence", "batches of 8", "", {.architecture = architecture, .seed = seed++},
        [](Patient& p) { p.records.batch_size = 8; });
  for (PlantedCase& c : cases) c.acceptable.insert("small-batch");
  add(cases, "dead-channels", "beta -1000 in half of a layer", "act_2", {.architecture = "convnet", .seed = seed++},
      [](Patient& p) { fill_first(p, "norm_2/beta", 0.5, -1e3f); });
  add(cases, "dead-channels", "beta -1000 in half of a layer", "act_1", {.architecture = "mlp", .seed = seed++},
      [](Patient& p) { fill_first(p, "norm_1/beta", 0.5, -1e3f); });
  add(cases, "dead-channels", "beta -1000 in a third of a layer", "act_4",
      {.architecture = "residual", .data = "patches", .seed = seed++},
      [](Patient& p) { fill_first(p, "norm_4/beta", 0.34, -1e3f); });
  add(cases, "constant-output", "an output layer of zeros", "head", {.architecture = "deep", .seed = seed++},
      [](Patient& p) { fill_first(p, "head/kernel", 1, 0); });
  add(cases, "constant-output", "gamma 0 in half of a layer", "norm_1", {.architecture = "convnet", .seed = seed++},
      [](Patient& p) { fill_first(p, "norm_1/gamma", 0.5, 0); });
  for (const auto& [f, name] : {std::pair(sigmoid, "sigmoids"), std::pair(evenkeel::tanh, "tanhs")}) {
    Sequential model = chain(name);
    model.add(Flatten{}, Dense{.units = 40, .activation = f, .name = "hidden"}, Dense{.units = 10, .name = "head"});
    add_model(cases, "saturation", "a bias of 50", "hidden", {.seed = seed++}, model,
              [](Patient& p) { fill_first(p, "hidden/bias", 1, 50); });
  }
  const std::vector<std::pair<std::string, std::string>> kernels = {
      {"convnet", "conv_2"}, {"mlp", "dense_2"}, {"residual", "dense"}, {"pooled", "dense"}};
  for (const auto& [architecture, layer] : kernels)
    add(cases, "not-loaded", "a layer as another seed draws it", layer, {.architecture = architecture, .seed = seed++},
        [layer = layer](Patient& p) {
          const Network fresh(p.network().model(), {.seed = 77, .threads = 1});
          for (const WeightInfo& w : fresh.weights())
            if (w.name.starts_with(layer + '/')) p.network().set_weight(w.name, fresh.weight(w.name));
        });
  Sequential sigmoids = chain("ten_sigmoids");
  sigmoids.add(Flatten{});
  for (int i = 0; i < 10; ++i) sigmoids.add(Dense{.units = 24, .activation = sigmoid});
  sigmoids.add(Dense{.units = 10, .name = "head"});
  add_model(cases, "vanishing-gradient", "ten layers of sigmoids", "", {.seed = seed++}, sigmoids);
  Sequential thin = chain("thin_convolutions");
  for (int i = 0; i < 9; ++i)
    thin.add(Conv2D{.filters = 6,
                    .strides = i == 0 ? 2 : 1,
                    .padding = Padding::same,
                    .activation = relu,
                    .kernel_initializer = Initializer::truncated_normal(0.01)});
  thin.add(Flatten{}, Dense{.units = 10, .name = "head"});
  add_model(cases, "vanishing-gradient", "nine convolutions drawn far too small", "", {.seed = seed++, .steps = 1},
            thin);
  Sequential loud = chain("loud_convolutions");
  for (int i = 0; i < 8; ++i)
    loud.add(Conv2D{.filters = 6,
                    .strides = i == 0 ? 2 : 1,
                    .padding = Padding::same,
                    .activation = relu,
                    .kernel_initializer = Initializer::truncated_normal(2)});
  loud.add(Flatten{}, Dense{.units = 10, .name = "head"});
  add_model(cases, "exploding-gradient", "eight convolutions drawn far too large", "", {.seed = seed++, .steps = 1},
            loud);
  return cases;
}

std::vector<PlantedCase> setting_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 500;
  for (const bool convolution : {true, false}) {
    Sequential model = chain(convolution ? "biased_convnet" : "biased_mlp");
    if (convolution)
      model.add(Conv2D{.filters = 8, .strides = 2, .name = "biased"});
    else
      model.add(Flatten{}, Dense{.units = 40, .name = "biased"});
    model.add(BatchNormalization{.momentum = 0.9, .name = "norm"}, Activation{relu});
    if (convolution) model.add(Flatten{});
    model.add(Dense{.units = 10, .name = "head"});
    add_model(cases, "redundant-bias", "a bias right before a normalization", "biased", {.seed = seed++}, model);
  }
  for (const std::string architecture : {"convnet", "mlp"})
    add(cases, "decayed-normalization", "weight decay of everything", "",
        {.architecture = architecture, .seed = seed++}, [](Patient& p) {
          p.records.train_loss = 0.5;
          p.records.weight_decay = 0.01;
        });
  const std::vector<std::pair<std::string, std::string>> layers = {{"convnet", "conv_1"}, {"mlp", "dense_1"}};
  for (const auto& [architecture, layer] : layers)
    add(cases, "folding-hazard", "a kernel a hundred times smaller, its statistics with it", "norm_1",
        {.architecture = architecture, .seed = seed++}, [layer = layer](Patient& p) {
          const auto scale = [&](const std::string& tensor, float by) {
            p.change(tensor, [by](std::span<float> v) {
              for (float& w : v) w *= by;
            });
          };
          scale(layer + "/kernel", 0.01f);
          scale("norm_1/moving_mean", 0.01f);
          scale("norm_1/moving_variance", 1e-4f);
        });
  for (const bool convolution : {true, false}) {
    Sequential model = chain(convolution ? "frozen_convnet" : "frozen_mlp");
    if (convolution)
      model.add(Conv2D{.filters = 8, .strides = 2, .use_bias = false, .trainable = false, .name = "first"});
    else
      model.add(Flatten{}, Dense{.units = 40, .use_bias = false, .trainable = false, .name = "first"});
    model.add(BatchNormalization{.momentum = 0.9, .trainable = false, .name = "frozen"}, Activation{relu});
    if (convolution) model.add(Flatten{});
    model.add(Dense{.units = 10, .name = "head"});
    add_model(cases, "frozen-statistics", "a frozen normalization with statistics of other data", "frozen",
              {.seed = seed++}, model, [](Patient& p) {
                p.change("frozen/moving_mean", [](std::span<float> v) {
                  for (float& m : v) m = 3 * m + 0.5f;
                });
                p.change("frozen/moving_variance", [](std::span<float> v) {
                  for (float& m : v) m *= 4;
                });
              });
    cases.back().acceptable.insert("not-loaded");  // a kernel that is frozen as it was drawn
  }
  return cases;
}

std::vector<PlantedCase> axis_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 700;
  for (const auto& [learnt, declared] : {std::pair<std::int64_t, std::int64_t>{1, -1}, {-1, 1}}) {
    const auto cube = [](std::int64_t axis) {
      Sequential model = chain("cube");
      model.add(Conv2D{.filters = 13, .strides = 2, .use_bias = false, .name = "conv"},
                BatchNormalization{.axis = axis, .momentum = 0.9, .name = "norm"}, Activation{relu}, MaxPooling2D{},
                Flatten{}, Dense{.units = 10, .name = "head"});
      return model;
    };
    cases.push_back({.code = "wrong-axis",
                     .planted = "equal lengths, another axis declared than learnt",
                     .layer = "norm",
                     .acceptable = kBehind,
                     .recipe = {.architecture = "cube", .seed = seed++},
                     .make = [=](const Recipe& r) {
                       const Patient learner = patient_of(r, cube(learnt));
                       Recipe none = r;
                       none.steps = 1;
                       Patient p = patient_of(none, cube(declared));
                       for (const WeightInfo& w : learner.trainer->network().weights())
                         p.network().set_weight(w.name, learner.trainer->network().weight(w.name));
                       return p;
                     }});
  }
  return cases;
}

std::vector<PlantedCase> data_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 600;
  struct Preparation {
    const char* planted;
    std::function<float(float)> of;
  };
  const std::vector<Preparation> preparations = {
      {"pixels divided by 255", [](float v) { return v / 255; }},
      {"pixels from -1 to 1", [](float v) { return v / 127.5f - 1; }},
      {"pixels inverted", [](float v) { return 255 - v; }},
      {"pixels standardized", [](float v) { return (v - 40) / 75; }},
  };
  const std::array<std::string, 4> architectures = {"convnet", "mlp", "residual", "pooled"};
  for (std::size_t i = 0; i < preparations.size(); ++i) {
    const auto plant = [of = preparations[i].of](Patient& p) { map_pixels(p, of); };
    add(cases, "input-mismatch", preparations[i].planted, "", {.architecture = architectures[i], .seed = seed++},
        plant);
    add(cases, "input-mismatch", preparations[i].planted, "",
        {.architecture = architectures[(i + 1) % 4], .data = "mnist", .seed = seed++}, plant);
  }
  for (const std::string architecture : {"convnet", "mlp", "deep"})
    add(cases, "class-order", "labels in another order", "", {.architecture = architecture, .seed = seed++},
        [](Patient& p) {
          Tensor y = Tensor::copy_of(p.test.y());
          for (std::int32_t& label : y.as<std::int32_t>()) label = (label * 3 + 1) % 10;
          p.test =
              Dataset({.name = "reordered", .x = Tensor::copy_of(p.test.x()), .y = std::move(y), .class_names = {}});
        });
  for (const bool convolution : {true, false}) {
    Sequential model = chain(convolution ? "twice_convnet" : "twice_mlp");
    if (convolution)
      model.add(Conv2D{.filters = 8, .strides = 2, .use_bias = false}, BatchNormalization{.momentum = 0.9},
                Activation{relu}, Flatten{});
    else
      model.add(Flatten{}, Dense{.units = 40, .activation = relu});
    model.add(Dense{.units = 10, .activation = softmax, .name = "head"},
              Activation{.activation = softmax, .name = "again"});
    add_model(cases, "double-softmax", "a softmax of a softmax", "", {.seed = seed++}, model);
  }
  for (const std::string architecture : {"convnet", "mlp"}) {
    const Recipe recipe{.architecture = architecture, .seed = seed++, .steps = 1};
    add(cases, "overfitting", "100 epochs of 600 samples", "", recipe, [](Patient& p) {
      p.train = p.train.range(0, 600);
      p.trainer->fit(p.train, {.epochs = 100});
    });
  }
  return cases;
}

}  // namespace evenkeel::table
