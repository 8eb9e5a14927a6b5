#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/data/patches.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/train/trainer.h"

// Small networks that have learned something, to plant defects in. Each trains in about a second.

namespace evenkeel {
using namespace activations;

/// Two convolutions and two dense layers with normalization, on strokes (28x28x1).
inline Sequential small_convnet(double momentum = 0.9, double dropout_rate = 0) {
  Sequential model({28, 28, 1}, "small_convnet");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .use_bias = false, .name = "conv_1"},
            BatchNormalization{.momentum = momentum, .name = "norm_1"}, Activation{relu},
            Conv2D{.filters = 12, .strides = 2, .use_bias = false, .name = "conv_2"},
            BatchNormalization{.momentum = momentum, .name = "norm_2"}, Activation{relu}, Flatten{});
  if (dropout_rate > 0) model.add(Dropout{.rate = dropout_rate, .name = "drop"});
  model.add(Dense{.units = 32, .use_bias = false, .name = "dense_1"},
            BatchNormalization{.momentum = momentum, .name = "norm_3"}, Activation{relu},
            Dense{.units = 10, .name = "head"});
  return model;
}

/// Dense layers alone, with normalization in front of each: another architecture to plant a defect in.
inline Sequential small_mlp(double momentum = 0.9) {
  Sequential model({28, 28, 1}, "small_mlp");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 48, .activation = elu, .name = "dense_1"},
            BatchNormalization{.momentum = momentum, .name = "norm_1"},
            Dense{.units = 32, .activation = elu, .name = "dense_2"},
            BatchNormalization{.momentum = momentum, .name = "norm_2"}, Dense{.units = 10, .name = "head"});
  return model;
}

/// Strokes: 6,000 to train on, an epoch of 120 steps, and 1,000 others.
struct SmallData {
  Dataset train = make_strokes(false, 6000), test = make_strokes(true, 1000);
};
inline const SmallData& small_data() {
  static const SmallData data;
  return data;
}

/// Trained for so many steps of 50 samples.
inline std::unique_ptr<Trainer> trained(const Model& model, std::int64_t steps = 120, std::uint64_t seed = 0,
                                        Precision precision = Precision::float32) {
  auto trainer = std::make_unique<Trainer>(
      model, TrainerOptions{.optimizer = Adam{.learning_rate = 2e-3},
                            .batch_size = 50,
                            .seed = seed,
                            .compute = {.threads = 1, .precision = precision, .force_precision = true}});
  trainer->fit(small_data().train, {.steps = steps});
  return trainer;
}

/// What the doctor says of it, with training data and test data.
inline Diagnosis diagnosed(Network& network, Records records = {}) {
  return diagnose(network,
                  {.data = small_data().test, .train_data = small_data().train, .records = std::move(records)});
}

/// Why something was not checked, the rule being told by a word of what it checks; empty where it was.
inline std::string unchecked_reason(const Diagnosis& diagnosis, std::string_view word) {
  for (const auto& [what, why] : diagnosis.unchecked)
    if (what.find(word) != std::string::npos) return why;
  return {};
}

/// How many findings are more than information.
inline std::ptrdiff_t alarms(const Diagnosis& diagnosis) {
  return std::ranges::count_if(diagnosis.findings, [](const Finding& f) { return f.severity > Severity::info; });
}

/// The samples of one class.
inline Dataset one_class(const Dataset& data, std::int32_t label) {
  std::vector<std::uint32_t> rows;
  const auto labels = data.y().as<std::int32_t>();
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] == label) rows.push_back(static_cast<std::uint32_t>(i));
  return selected(data, rows, data.name());
}

/// What was found and how far every layer's statistics are: for the messages of tests.
inline std::string told(const Diagnosis& diagnosis) {
  std::string text;
  for (const Finding& f : diagnosis.findings)
    text += std::string(name_of(f.severity)) + ' ' + f.code + ' ' + layers_text(f.layers) + ": " + f.cause + '\n';
  for (const StatisticsGap& gap : diagnosis.gaps) text += gap.layer + " distance " + figure(gap.distance) + '\n';
  return text + diagnosis.cells.verdict;
}

inline const Finding* finding_of(const Diagnosis& diagnosis, const std::string& code) {
  for (const Finding& finding : diagnosis.findings)
    if (finding.code == code) return &finding;
  return nullptr;
}

}  // namespace evenkeel
