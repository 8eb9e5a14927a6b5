#include "patient.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "evenkeel/base/error.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/diagnose/measure/sample_scores.h"
#include "families.h"

namespace evenkeel::table {
namespace {

constexpr std::int64_t kTrain = 12000, kTest = 2000;

struct Sets {
  Dataset train, test;
};

/// Those samples of a set for which `keep(index, label)` holds.
Dataset kept_of(const Dataset& set, const std::function<bool(std::int64_t, std::int32_t)>& keep) {
  const auto labels = set.y().as<std::int32_t>();
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (keep(static_cast<std::int64_t>(i), labels[i])) rows.push_back(static_cast<std::uint32_t>(i));
  return selected(set, rows, set.name());
}

Dataset with_x(const Dataset& set, Tensor x) {
  return Dataset(
      {.name = set.name(), .x = std::move(x), .y = Tensor::copy_of(set.y()), .class_names = set.class_names()});
}

/// Every value v of [0, 255] becomes one whose logarithm is noisy: most are small, a few are large.
Dataset long_tailed(const Dataset& set, std::uint64_t seed) {
  Tensor x = converted(set.x(), DType::float32);
  const auto values = x.as<float>();
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, 0.7f);
  for (float& v : values) v = std::min(4000.0f, v * std::exp(normal(random)));
  return with_x(set, std::move(x));
}

Dataset noisy(const Dataset& set, std::uint64_t seed) {
  Tensor x = converted(set.x(), DType::float32);
  const auto values = x.as<float>();
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, 100);
  for (float& v : values) v = std::clamp(v + normal(random), 0.0f, 255.0f);
  return with_x(set, std::move(x));
}

Dataset conditioned(const Dataset& set, const std::string& condition, bool train) {
  if (condition == "small") return train ? set.range(0, 1500) : set;
  // Class c keeps one sample in 1, 1.46, 2.1, ... 30: as many per class in both sets, in proportion.
  if (condition == "imbalanced")
    return kept_of(set, [](std::int64_t i, std::int32_t label) {
      return static_cast<double>(i * 7919 % 1000) < 1000 * std::pow(30.0, -label / 9.0);
    });
  if (condition == "half") return kept_of(set, [](std::int64_t, std::int32_t label) { return label % 2 == 0; });
  if (condition == "long-tailed") return long_tailed(set, train ? 1 : 2);
  if (condition == "hard") return noisy(set, train ? 3 : 4);
  return set;
}

const Sets& sets_of(const std::string& name, const std::string& condition) {
  static std::map<std::pair<std::string, std::string>, Sets> all;
  const auto found = all.find({name, condition});
  if (found != all.end()) return found->second;
  const std::string train = name + ":train[:" + std::to_string(kTrain) + ']';
  const std::string test = name + ":test[:" + std::to_string(kTest) + ']';
  return all
      .emplace(std::pair(name, condition), Sets{conditioned(load_dataset(train, Split::train), condition, true),
                                                conditioned(load_dataset(test, Split::test), condition, false)})
      .first->second;
}

Shape input_of(const Recipe& recipe) { return recipe.data == "patches" ? Shape{32, 32, 3} : Shape{28, 28, 1}; }

BatchNormalization norm(const Recipe& recipe, const std::string& name) {
  return {.momentum = recipe.momentum, .name = name};
}

void add_head(Model& model, const Recipe& recipe, std::int64_t units) {
  if (recipe.dropout > 0) model.append(Dropout{.rate = recipe.dropout, .name = "drop"});
  model.append(Dense{.units = units, .use_bias = false, .name = "dense"});
  model.append(norm(recipe, "norm_last"));
  model.append(Activation{.activation = ActivationFunction::relu, .name = "act_last"});
  model.append(Dense{.units = 10, .name = "head"});
}

void add_block(Model& model, const Recipe& recipe, const std::string& n, std::int64_t filters, std::int64_t stride) {
  model.append(
      Conv2D{.filters = filters, .strides = stride, .padding = Padding::same, .use_bias = false, .name = "conv_" + n});
  model.append(norm(recipe, "norm_" + n));
  model.append(Activation{.activation = ActivationFunction::relu, .name = "act_" + n});
}

void build(const std::string& architecture, Model& model, const Recipe& recipe) {
  if (architecture == "convnet") {
    add_block(model, recipe, "1", 8, 2);
    add_block(model, recipe, "2", 16, 2);
    model.append(Flatten{});
    add_head(model, recipe, 40);
  } else if (architecture == "pooled") {
    for (const std::string n : {"1", "2"}) {
      model.append(Conv2D{.filters = n == "1" ? 6 : 12,
                          .padding = Padding::same,
                          .activation = ActivationFunction::elu,
                          .name = "conv_" + n});
      model.append(norm(recipe, "norm_" + n));
      model.append(MaxPooling2D{.pool_size = 2, .name = "pool_" + n});
    }
    model.append(Flatten{});
    add_head(model, recipe, 30);
  } else if (architecture == "residual") {
    add_block(model, recipe, "1", 8, 2);
    add_block(model, recipe, "2", 8, 1);
    model.append(Conv2D{.filters = 8, .padding = Padding::same, .use_bias = false, .name = "conv_3"});
    model.append(norm(recipe, "norm_3"));
    model.append(Add{.name = "sum"}, {"norm_3", "act_1"});
    model.append(Activation{.activation = ActivationFunction::relu, .name = "act_3"});
    add_block(model, recipe, "4", 12, 2);
    model.append(Flatten{});
    add_head(model, recipe, 30);
  } else if (architecture == "mlp") {
    model.append(Flatten{});
    for (const std::string n : {"1", "2"}) {
      model.append(Dense{.units = 50, .use_bias = false, .name = "dense_" + n});
      model.append(norm(recipe, "norm_" + n));
      model.append(Activation{.activation = ActivationFunction::relu, .name = "act_" + n});
    }
    add_head(model, recipe, 30);
  } else if (architecture == "deep") {
    for (int i = 1; i <= 6; ++i) add_block(model, recipe, std::to_string(i), 4 + 2 * i, i % 3 == 1 ? 2 : 1);
    model.append(GlobalAveragePooling2D{.name = "average"});
    add_head(model, recipe, 24);
  } else if (architecture == "plain") {
    model.append(Flatten{});
    for (const std::string n : {"1", "2"})
      model.append(Dense{.units = 32, .activation = ActivationFunction::relu, .name = "dense_" + n});
    model.append(Dense{.units = 10, .name = "head"});
  } else if (architecture == "bare") {
    for (const std::string n : {"1", "2"})
      model.append(Conv2D{.filters = n == "1" ? 8 : 12,
                          .strides = 2,
                          .padding = Padding::same,
                          .activation = ActivationFunction::relu,
                          .name = "conv_" + n});
    model.append(Flatten{});
    model.append(Dense{.units = 32, .activation = ActivationFunction::relu, .name = "dense"});
    model.append(Dense{.units = 10, .name = "head"});
  } else if (!build_family(model, recipe)) {
    throw Error{{.where = "doctor table", .expected = "a known architecture", .received = architecture}};
  }
}

}  // namespace

std::string Recipe::text() const {
  return architecture + " on " + data + (condition.empty() ? "" : " (" + condition + ")") + ", seed " +
         std::to_string(seed) + (precision == Precision::bfloat16 ? ", bfloat16" : "");
}

Model model_of(const Recipe& recipe) {
  Model model(input_of(recipe), recipe.architecture);
  model.append(Rescaling{.scale = 1 / 255.0, .name = "rescaling"});
  build(recipe.architecture, model, recipe);
  return model;
}

Model model_without_rescaling(const Recipe& recipe) {
  Model model(input_of(recipe), recipe.architecture);
  build(recipe.architecture, model, recipe);
  return model;
}

Diagnosis Patient::diagnosed() { return diagnose(network(), {.data = test, .train_data = train, .records = records}); }

bool has_mnist() {
  static const bool has = [] {
    try {
      load_dataset("mnist:test[:1]", Split::test);
      return true;
    } catch (const Error&) {
      return false;
    }
  }();
  return has;
}

Patient untrained(const Recipe& recipe, const Model& model) {
  const Sets& sets = sets_of(recipe.data == "mnist" && !has_mnist() ? "strokes" : recipe.data, recipe.condition);
  return {.trainer = std::make_unique<Trainer>(
              model, TrainerOptions{.optimizer = Adam{.learning_rate = recipe.learning_rate},
                                    .batch_size = recipe.batch_size,
                                    .seed = recipe.seed,
                                    .compute = {.threads = 1, .precision = recipe.precision, .force_precision = true}}),
          .train = sets.train,
          .test = sets.test,
          .records = {}};
}

Patient patient_of(const Recipe& recipe) { return patient_of(recipe, model_of(recipe)); }

Patient patient_of(const Recipe& recipe, const Model& model) {
  Patient patient = untrained(recipe, model);
  patient.fit(recipe);
  return patient;
}

}  // namespace evenkeel::table
