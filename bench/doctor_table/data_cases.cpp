#include <algorithm>
#include <array>

#include "cases.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"

namespace evenkeel::table {
namespace {

void map_pixels(Patient& p, const std::function<float(float)>& f) {
  p.change_data([&](Tensor& x) {
    for (float& v : x.as<float>()) v = f(v);
  });
}

/// Data prepared otherwise than those that it was trained on, one way or the other.
void add_ranges(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  struct Preparation {
    std::string planted;
    std::function<float(float)> of;
    std::string correction;
  };
  const std::vector<Preparation> preparations = {
      {"pixels divided by 255", [](float v) { return v / 255; }, "multiplied by 255"},
      {"pixels from -1 to 1", [](float v) { return v / 127.5f - 1; }, "plus 1, times 127.5"},
      {"pixels inverted", [](float v) { return 255 - v; }, "subtracted from 255"},
      {"pixels standardized", [](float v) { return (v - 40) / 75; }, ""},
  };
  const std::array<std::string, 4> architectures = {"convnet", "mlp", "residual", "pooled"};
  for (std::size_t i = 0; i < preparations.size(); ++i)
    for (const std::string data : {"strokes", "mnist"})
      cases.push_back(
          {.code = "input-mismatch",
           .planted = preparations[i].planted,
           .severity = Severity::error,
           .cause = preparations[i].correction,
           .recipe = {.architecture = architectures[(i + (data == "mnist" ? 1 : 0)) % 4], .data = data, .seed = seed++},
           .plant = [of = preparations[i].of](Patient& p) { map_pixels(p, of); }});
}

void add_layouts(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  // Nothing in the patches depends on which channel is which, so only what has been learnt can show the order.
  for (const bool tinted : {true, false})
    for (const std::string architecture : {"convnet", "residual"})
      cases.push_back(
          {.code = "input-mismatch",
           .planted = tinted ? "BGR for RGB, in reddish light" : "BGR for RGB",
           .severity = Severity::error,
           .cause = "channels in reverse order",
           // Within 2000 steps they overfit some patches.
           .companions = tinted ? std::set<std::string>{} : std::set<std::string>{"overfitting"},
           .recipe = {.architecture = architecture, .data = "patches", .seed = seed++, .steps = tinted ? 800 : 2000},
           .make = [tinted](const PlantedCase& c) {
             Patient p = untrained(c.recipe, model_of(c.recipe));
             const InputHypothesis light{.name = {}, .correction = {}, .scale = {1, 0.7, 0.5}, .offset = {0, 0, 0}};
             if (tinted) {
               p.train = corrected(p.train, light);
               p.test = corrected(p.test, light);
             }
             p.fit(c.recipe);
             p.test = corrected(p.test, {.name = {}, .correction = {}, .reverse_channels = true});
             return p;
           }});
  for (const auto& [architecture, data] :
       {std::pair<std::string, std::string>{"convnet", "mnist"}, {"mlp", "strokes"}, {"pooled", "strokes"}})
    cases.push_back(
        {.code = "input-mismatch",
         .planted = "height and width exchanged",
         .severity = Severity::error,
         .cause = "height and width exchanged",
         .recipe = {.architecture = architecture, .data = data, .seed = seed++},
         .plant = [](Patient& p) { p.test = corrected(p.test, {.name = {}, .correction = {}, .transpose = true}); }});
}

/// Trained on prepared data, evaluated on the data as they come.
void add_forgotten(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  const auto add = [&](const std::string& planted, const std::string& correction, const Recipe& recipe, bool rescales,
                       const std::function<InputHypothesis(const Dataset&)>& preparation) {
    cases.push_back({.code = "input-mismatch",
                     .planted = planted,
                     .severity = Severity::error,
                     .cause = correction,
                     .recipe = recipe,
                     .make = [=](const PlantedCase& c) {
                       Patient p =
                           untrained(c.recipe, rescales ? model_of(c.recipe) : model_without_rescaling(c.recipe));
                       p.train = corrected(p.train, preparation(p.train));
                       p.fit(c.recipe);
                       return p;
                     }});
  };
  for (const auto& [architecture, data] :
       {std::pair<std::string, std::string>{"convnet", "strokes"}, {"mlp", "mnist"}, {"residual", "patches"}})
    add("division by 255 forgotten", "divided by 255", {.architecture = architecture, .data = data, .seed = seed++},
        false, [](const Dataset&) {
          return InputHypothesis{.name = {}, .correction = {}, .scale = {1 / 255.0}, .offset = {0.0}};
        });
  for (const std::string architecture : {"convnet", "mlp"})
    add("channel means not subtracted", "", {.architecture = architecture, .data = "patches", .seed = seed++}, true,
        [](const Dataset& train) {
          InputHypothesis h{.name = {}, .correction = {}};
          for (const double mean : channel_moments(train).mean) {
            h.scale.push_back(1);
            h.offset.push_back(-mean);
          }
          return h;
        });
}

void add_classes(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "mlp", "deep"})
    cases.push_back(
        {.code = "class-order",
         .planted = "labels in another order",
         .layers = {"head"},
         .severity = Severity::error,
         .recipe = {.architecture = architecture, .seed = seed++},
         .plant = [](Patient& p) {
           Tensor y = Tensor::copy_of(p.test.y());
           for (std::int32_t& label : y.as<std::int32_t>()) label = (label * 3 + 1) % 10;
           p.test =
               Dataset({.name = "reordered", .x = Tensor::copy_of(p.test.x()), .y = std::move(y), .class_names = {}});
         }});
  for (const bool convolution : {true, false}) {
    Sequential model = chain(convolution ? "twice_convnet" : "twice_mlp");
    if (convolution)
      model.add(Conv2D{.filters = 8, .strides = 2, .use_bias = false});
    else
      model.add(Flatten{}, Dense{.units = 40, .use_bias = false});
    model.add(BatchNormalization{.momentum = 0.9}, Activation{ActivationFunction::relu});
    if (convolution) model.add(Flatten{});
    model.add(Dense{.units = 10, .activation = ActivationFunction::softmax, .name = "head"},
              Activation{.activation = ActivationFunction::softmax, .name = "again"});
    cases.push_back({.code = "double-softmax",
                     .planted = "a softmax of a softmax",
                     .layers = {"head", "again"},
                     .recipe = {.architecture = model.name(), .seed = seed++},
                     .model = model});
  }
}

void add_overfitting(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string architecture : {"convnet", "mlp"})
    cases.push_back({.code = "overfitting",
                     .planted = "100 epochs of 600 samples",
                     .recipe = {.architecture = architecture, .seed = seed++, .steps = 1},
                     .plant = [](Patient& p) {
                       p.train = p.train.range(0, 600);
                       p.trainer->fit(p.train, {.epochs = 100});
                     }});
  for (const std::string architecture : {"pooled", "deep"})
    cases.push_back({.code = "overfitting",
                     .planted = "a validation loss on record that rose from 0.4 to 0.9",
                     .evidence = "recorded validation loss",
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [](Patient& p) {
                       p.records.train_loss = 0.1;
                       p.records.validation_loss = 0.9;
                       p.records.best_validation_loss = 0.4;
                     }});
}

}  // namespace

std::vector<PlantedCase> data_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 600;
  add_ranges(cases, seed);
  add_layouts(cases, seed);
  add_forgotten(cases, seed);
  add_classes(cases, seed);
  add_overfitting(cases, seed);
  return cases;
}

}  // namespace evenkeel::table
