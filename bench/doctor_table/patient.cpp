#include "patient.h"

#include <map>

#include "evenkeel/base/error.h"
#include "evenkeel/data/sources.h"

namespace evenkeel::table {
namespace {

constexpr std::int64_t kTrain = 12000, kTest = 2000;

struct Sets {
  Dataset train, test;
};

const Sets& sets_of(const std::string& name) {
  static std::map<std::string, Sets> all;
  const auto found = all.find(name);
  if (found != all.end()) return found->second;
  const std::string train = name + ":train[:" + std::to_string(kTrain) + ']';
  const std::string test = name + ":test[:" + std::to_string(kTest) + ']';
  return all.emplace(name, Sets{load_dataset(train, Split::train), load_dataset(test, Split::test)}).first->second;
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
  } else {
    throw Error{{.where = "doctor table", .expected = "a known architecture", .received = architecture}};
  }
}

}  // namespace

std::string Recipe::text() const {
  return architecture + " on " + data + ", seed " + std::to_string(seed) +
         (precision == Precision::bfloat16 ? ", bfloat16" : "");
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
  const Sets& sets = sets_of(recipe.data == "mnist" && !has_mnist() ? "strokes" : recipe.data);
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
