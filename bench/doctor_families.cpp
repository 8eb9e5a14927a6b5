// `make doctor-families`: whether the doctor names the layer with wrong moving statistics in every family of known
// networks (`evenkeel model`), and what it says of the same network without a defect. Prints the table of
// docs/architectures.md; exit 1 if a layer is not named.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/data/patches.h"
#include "evenkeel/data/resize.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {
namespace {

struct Family {
  std::string name;
  std::int64_t side = 32;  ///< of the images
};

/// One of each family; ResNet's three kinds of blocks.
const std::vector<Family> kFamilies = {{"vgg11_bn"},
                                       {"resnet18"},
                                       {"resnet50_v2"},
                                       {"resnext50_32x4d"},
                                       {"wide_resnet28_10", 8},
                                       {"densenet121"},
                                       {"squeezenet1_1"},
                                       {"googlenet"},
                                       {"inception_v3", 75},
                                       {"shufflenet_v2_x0_5"},
                                       {"mobilenet_v1"},
                                       {"mobilenet_v2"},
                                       {"mobilenet_v3_small"},
                                       {"efficientnet_b0"},
                                       {"regnet_y_400mf"},
                                       {"mnasnet0_5"},
                                       {"convnext_tiny"},
                                       {"unet"}};

/// Each training sample is seen once, so that nothing overfits.
constexpr std::int64_t kClasses = 6, kTrain = 1920, kTest = 300, kSteps = 60;

/// Patches in light of their class's colour, so that few steps suffice to learn them.
Dataset coloured(bool test, std::int64_t samples, std::int64_t side) {
  Dataset patches = resized(make_patches(test, samples), side, side);
  Tensor x = converted(patches.x(), DType::float32), y = Tensor::copy_of(patches.y());
  const auto pixels = x.as<float>();
  const auto labels = y.as<std::int32_t>();
  const std::size_t size = pixels.size() / labels.size();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] %= static_cast<std::int32_t>(kClasses);
    for (std::size_t j = 0; j < size; ++j)
      if ((labels[i] + 1) >> (j % 3) & 1) pixels[i * size + j] *= 0.1f;
  }
  return Dataset({.name = "coloured", .x = std::move(x), .y = std::move(y), .class_names = {}});
}

Model model_of(const Family& family) {
  Model model =
      make_architecture(family.name, {.input = Shape{family.side, family.side, 3}, .classes = kClasses}).model;
  if (model.nodes().back().layer.traits().linear->window)
    model.append(GlobalAveragePooling2D{});  // U-Net: of all pixels
  return model;
}

/// The normalization in the middle of those that follow a depthwise or grouped convolution; without one, of all.
std::string layer_to_spoil(const Model& model) {
  std::vector<std::string> all, grouped;
  for (const Normalization& n : normalizations(model)) {
    all.push_back(n.name);
    const int before = model.nodes()[static_cast<std::size_t>(n.layer)].inputs.front();
    if (before < 0) continue;
    const auto linear = model.nodes()[static_cast<std::size_t>(before)].layer.traits().linear;
    if (linear && linear->groups != 1) grouped.push_back(n.name);
  }
  const std::vector<std::string>& from = grouped.empty() ? all : grouped;
  return from.empty() ? "" : from[from.size() / 2];
}

/// Moves moving means two deviations away, up and down in turn.
void spoil(Network& network, const std::string& layer) {
  std::vector<LayerStatistics> statistics = moving_statistics(network);
  LayerStatistics& of = *std::ranges::find(statistics, layer, &LayerStatistics::layer);
  for (std::size_t c = 0; c < of.mean.size(); ++c) of.mean[c] += (c % 2 ? -2 : 2) * std::sqrt(of.variance[c]);
  set_moving_statistics(network, statistics);
}

std::string text_of(const Finding& f) {
  return fmt::format("{} {}{} ({})", name_of(f.severity), f.code,
                     f.layers.empty() ? "" : " of " + layers_text(f.layers), name_of(f.certainty.level));
}

/// The first error or warning; empty without one.
std::string first_alarm(const Diagnosis& d) {
  const bool has = !d.findings.empty() && d.findings.front().severity > Severity::info;
  return has ? text_of(d.findings.front()) : "";
}

/// Prints a row. Returns whether the first finding names the layer, and no other; without normalizations, whether there
/// is no finding about statistics.
bool judge(const Family& family) {
  const auto start = std::chrono::steady_clock::now();
  const Dataset train = coloured(false, kTrain, family.side), test = coloured(true, kTest, family.side);
  const Model model = model_of(family);
  // One thread: such small images leave two waiting for each other.
  Trainer trainer(model,
                  {.optimizer = Adam{.learning_rate = 1e-3}, .batch_size = 32, .seed = 1, .compute = {.threads = 1}});
  trainer.fit(train, {.steps = kSteps});
  Network& network = trainer.network();
  reestimate_statistics(network, train);
  const Diagnosis healthy = diagnose(network, {.data = test, .train_data = train, .samples = 400});
  const std::string layer = layer_to_spoil(model);
  std::string said = "-";
  bool named = true;
  if (!layer.empty()) {
    spoil(network, layer);
    const Diagnosis spoilt = diagnose(network, {.data = test, .train_data = train, .samples = 400});
    said = first_alarm(spoilt);
    named = !said.empty() && spoilt.findings.front().code == "stale-statistics" &&
            spoilt.findings.front().layers == std::vector<std::string>{layer};
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const std::string before = first_alarm(healthy);
  fmt::print("| `{}` | {} | {:.2f} | {} | {} | {} | {} |\n", family.name, normalizations(model).size(),
             healthy.cells.evaluation.accuracy->value, before.empty() ? "nothing" : before,
             layer.empty() ? "-" : '`' + layer + '`', said, named ? "yes" : "NO");
  fmt::print(stderr, "{}: {:.0f} s\n", family.name, seconds.count());
  std::fflush(stdout);
  return named;
}

int run(const std::set<std::string>& only) {
  fmt::print(
      "| network | normalizations | accuracy | said of it | spoilt | said then, first | named |\n"
      "|---|---|---|---|---|---|---|\n");
  bool all = true;
  for (const Family& family : kFamilies)
    if (only.empty() || only.contains(family.name)) all = judge(family) && all;
  return all ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel

/// doctor_families [NAME ...]
int main(int count, char** words) {
  try {
    return evenkeel::run({words + 1, words + count});
  } catch (const evenkeel::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
