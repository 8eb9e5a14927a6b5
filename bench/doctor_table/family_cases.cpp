#include "cases.h"

// What is in known families of networks and not in the other architectures: shortcuts with a convolution, depthwise
// layers, relu6, bottlenecks without an activation, gates, outputs that are appended to inputs.

namespace evenkeel::table {
namespace {

const std::vector<std::string> kFamilies = {"basic", "inverted", "squeezed", "concatenated"};

struct Place {
  std::string architecture, layer;
};

void add_statistics(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const Place& place : {Place{"basic", "norm_3b"},          // in front of a sum
                             Place{"basic", "norm_3s"},          // of a shortcut
                             Place{"inverted", "norm_2b"},       // after a depthwise convolution
                             Place{"inverted", "norm_3c"},       // of a bottleneck
                             Place{"squeezed", "norm_3b"},       // in front of a gate
                             Place{"squeezed", "norm_4c"},       // in front of stochastic depth
                             Place{"concatenated", "norm_3a"},   // of what was appended
                             Place{"concatenated", "norm_5b"}})  // between two convolutions
    for (const std::string data : {"strokes", "patches"})
      cases.push_back({.code = "stale-statistics",
                       .planted = "one layer's moving means two deviations off",
                       .layers = {place.layer},
                       .recipe = {.architecture = place.architecture, .data = data, .seed = seed++},
                       .plant = [layer = place.layer](Patient& p) { shift_means(p, layer); }});
  for (const Place& place : {Place{"basic", "norm_2a"}, Place{"inverted", "norm_3b"}, Place{"squeezed", "norm_2b"},
                             Place{"concatenated", "norm_transition"}})
    cases.push_back({.code = "never-updated",
                     .planted = "one layer's statistics 0 and 1",
                     .layers = {place.layer},
                     .recipe = {.architecture = place.architecture, .seed = seed++},
                     .plant = [layer = place.layer](Patient& p) { forget(p, layer); }});
}

void add_trainings(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kFamilies) {
    const Recipe late{.architecture = architecture, .seed = seed++, .momentum = 0.99, .steps = 60};
    cases.push_back({.code = "lagging",
                     .planted = "60 updates at momentum 0.99",
                     .layers = normalizations_of(late),
                     .some_suffice_because = "how far statistics are from 0 and 1 is not planted",
                     .recipe = late});
    const Recipe inverted{.architecture = architecture, .seed = seed++, .momentum = 0.01};
    cases.push_back({.code = "momentum-inverted",
                     .planted = "momentum 0.01",
                     .layers = normalizations_of(inverted),
                     .recipe = inverted});
    cases.push_back({.code = "variance-shift",
                     .planted = "dropout 0.7 in front of the last normalization",
                     .layers = {"norm_last"},
                     .recipe = {.architecture = architecture, .seed = seed++, .dropout = 0.7}});
    const Recipe small{.architecture = architecture, .seed = seed++};
    cases.push_back({.code = "small-batch",
                     .planted = "batches of 2",
                     .layers = normalizations_of(small),
                     .recipe = small,
                     .plant = [](Patient& p) { p.records.batch_size = 2; }});
  }
}

void add_channels(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  struct Channels {
    std::string architecture, code, planted, layer, tensor;
    float value;
    std::set<std::string> companions;
  };
  const std::set<std::string> next = {"stale-statistics"};  // of the next layers, which read constants
  const std::set<std::string> at_end = {"stale-statistics", "constant-output"};  // all at one end for every sample
  for (const Channels& c :
       {Channels{"basic", "dead-channels", "beta -1000 in half of a layer", "act_3a", "norm_3a/beta", -1e3f, next},
        Channels{"inverted", "dead-channels", "beta -1000 in half of a layer", "act_3b", "norm_3b/beta", -1e3f, next},
        Channels{"concatenated", "dead-channels", "beta -1000 in half of a layer", "act_6b", "norm_6b/beta", -1e3f,
                 next},
        Channels{"inverted", "saturation", "beta 100 in half of a layer", "act_4b", "norm_4b/beta", 100, at_end},
        Channels{"squeezed", "saturation", "a bias of 50 in half of a gate", "gate_3", "gate_3/bias", 50, at_end}})
    cases.push_back({.code = c.code,
                     .planted = c.planted,
                     .layers = {c.layer},
                     .companions = c.companions,
                     .recipe = {.architecture = c.architecture, .seed = seed++},
                     .plant = [c](Patient& p) { fill_first(p, c.tensor, 0.5, c.value); }});
}

void add_preparations(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const std::string& architecture : kFamilies) {
    cases.push_back({.code = "input-mismatch",
                     .planted = "pixels divided by 255",
                     .severity = Severity::error,
                     .cause = "multiplied by 255",
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = [](Patient& p) {
                       p.change_data([](Tensor& x) {
                         for (float& v : x.as<float>()) v /= 255;
                       });
                     }});
    cases.push_back({.code = "input-mismatch",
                     .planted = "pixels inverted",
                     .severity = Severity::error,
                     .cause = "subtracted from 255",
                     .recipe = {.architecture = architecture, .data = "mnist", .seed = seed++},
                     .plant = [](Patient& p) {
                       p.change_data([](Tensor& x) {
                         for (float& v : x.as<float>()) v = 255 - v;
                       });
                     }});
  }
}

void add_weights(std::vector<PlantedCase>& cases, std::uint64_t& seed) {
  for (const auto& [architecture, layers] :
       {std::pair<std::string, std::set<std::string>>{
            "basic", {"conv_1", "conv_2a", "conv_2b", "conv_3a", "conv_3b", "conv_4a", "conv_4b"}},
        {"inverted", {"conv_1", "conv_2b", "conv_3b", "conv_4b"}}})
    cases.push_back({.code = "weight-layout",
                     .planted = "kernels turned by 180 degrees",
                     .layers = layers,
                     .severity = Severity::error,
                     .cause = "turned by 180 degrees",
                     .recipe = {.architecture = architecture, .seed = seed++},
                     .plant = turn_kernels});
  for (const Place& place : {Place{"basic", "conv_4a"}, Place{"inverted", "conv_4a"}, Place{"concatenated", "conv_6c"}})
    cases.push_back({.code = "not-loaded",
                     .planted = "a layer as another seed draws it",
                     .layers = {place.layer},
                     .companions = {"stale-statistics", "lagging"},  // of later layers
                     .recipe = {.architecture = place.architecture, .seed = seed++},
                     .plant = [layer = place.layer](Patient& p) { draw_anew(p, layer); }});
}

}  // namespace

std::vector<PlantedCase> family_cases() {
  std::vector<PlantedCase> cases;
  std::uint64_t seed = 1700;
  add_statistics(cases, seed);
  add_trainings(cases, seed);
  add_channels(cases, seed);
  add_preparations(cases, seed);
  add_weights(cases, seed);
  return cases;
}

}  // namespace evenkeel::table
