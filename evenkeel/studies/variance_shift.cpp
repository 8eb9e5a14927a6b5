#include "evenkeel/studies/variance_shift.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/base/number.h"
#include "evenkeel/base/philox.h"
#include "evenkeel/diagnose/measure/normalizations.h"
#include "evenkeel/diagnose/measure/variance_shift.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/studies/measure.h"
#include "evenkeel/studies/study_report.h"

namespace evenkeel {
namespace {

/// The noise before a variant's normalization.
std::optional<NoiseTraits> noise_of(const Model& model) {
  for (const auto& node : model.nodes())
    if (auto noise = node.layer.traits().noise) return noise;
  return {};
}

Dataset row_of_ones(std::int64_t features) {
  return Dataset({.name = "a row of ones",
                  .x = Tensor::of<float>({1, features}, std::vector<float>(static_cast<std::size_t>(features), 1.f)),
                  .y = {},
                  .class_names = {}});
}

std::vector<double> values_of(TensorView view) {
  const auto values = view.as<float>();
  return {values.begin(), values.end()};
}

/// The moments of each column of [rows, columns], in double.
struct ColumnMoments {
  std::vector<double> mean, variance;
};
ColumnMoments moments_of(TensorView view) {
  const auto columns = static_cast<std::size_t>(view.shape[1]), rows = static_cast<std::size_t>(view.shape[0]);
  const auto values = view.as<float>();
  ColumnMoments m{.mean = std::vector<double>(columns), .variance = std::vector<double>(columns)};
  for (std::size_t i = 0; i < values.size(); ++i) m.mean[i % columns] += values[i] / static_cast<double>(rows);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double d = values[i] - m.mean[i % columns];
    m.variance[i % columns] += d * d / static_cast<double>(rows);
  }
  return m;
}

/// The samples with noise, as in training.
Tensor in_training(const Model& model, const Dataset& data, const StudyContext& context) {
  Network network(model, context.network_options());
  return predict(network, data, {.batch_size = data.size(), .mode = Mode::train}).outputs;
}

/// Adds a profile over the features, its mean as a figure, and a line for the observer.
void tell(const std::string& name, const std::string& said, const std::vector<double>& values, StudyRun& run,
          const StudyContext& context) {
  std::vector<std::string> features;
  for (std::size_t i = 0; i < values.size(); ++i) features.push_back(std::to_string(i));
  run.profiles.push_back({.name = name, .layers = features, .values = values});
  run.figures[name] = mean_of(values);
  std::vector<Number> numbers;
  for (const double value : values) numbers.push_back({value});
  context.observer().line(fmt::format("  {:<34} {:.4f}", said, fmt::join(numbers, " ")));
}

/// A tensor of the one normalization, by its name or its values.
std::string name_of_weight(const Trainer& trainer, const char* tensor) {
  return normalizations(trainer.network().model()).at(0).name + '/' + tensor;
}
std::vector<double> weight(const Trainer& trainer, const char* tensor) {
  return values_of(trainer.network().weight(name_of_weight(trainer, tensor)));
}

/// Records the normalization's tensors, as the notebook prints them.
void tell_normalization(const std::string& when, const Trainer& trainer, StudyRun& run, const StudyContext& context) {
  for (const char* tensor : {"gamma", "beta", "moving_mean", "moving_variance"})
    tell(when.empty() ? std::string(tensor) : fmt::format("{}_{}", tensor, when),
         fmt::format("{} {}", tensor, when.empty() ? "after" : when), weight(trainer, tensor), run, context);
}

Model feature_model(const std::string& name, std::int64_t features, std::optional<Layer> disturbance,
                    bool normalization = true) {
  Model model({features}, name);
  if (disturbance) model.append(*disturbance);
  if (normalization) model.append(BatchNormalization{.unbiased_moving_variance = true});
  return model;
}

/// Three blocks of convolution, normalization, relu, noise, pooling. Noise reaches each normalization except the first,
/// through the convolution before it.
Model network_model(const std::string& name, const Rescaling& preprocessing, const Shape& images,
                    const Layer& disturbance) {
  Model model(images, name);
  model.append(preprocessing);
  for (const int filters : {16, 32, 64}) {
    model.append(Conv2D{.filters = filters, .kernel_size = 3, .padding = Padding::same, .use_bias = false});
    model.append(BatchNormalization{});
    model.append(Activation{ActivationFunction::relu});
    model.append(disturbance);
    model.append(MaxPooling2D{.pool_size = 2});
  }
  model.append(Flatten{});
  model.append(Dense{.units = 128, .use_bias = false});
  model.append(BatchNormalization{});
  model.append(Activation{ActivationFunction::relu});
  model.append(disturbance);
  model.append(Dense{.units = 10});
  return model;
}

bool is_network(const StudyVariant& variant) { return variant.model.input_shape().rank() == 3; }

double largest_deviation(const StudyRun& run) {
  const Profile *found = run.find_profile("moving_variance"), *predicted = run.find_profile("predicted_variance");
  double largest = 0;
  for (std::size_t i = 0; found && predicted && i < found->values.size(); ++i) {
    const double deviation = std::abs(found->values[i] / predicted->values[i] - 1);
    if (!(deviation <= largest)) largest = deviation;  // NaN, too
  }
  return largest;
}

void check_sweep(const std::optional<StudySweep>& sweep) {
  if (!sweep) return;
  for (const double value : sweep->values)
    if (!(value > 0 && (sweep->name == "beta" ? value < 10 : value <= 1)))
      throw Error{{.where = "study variance-shift: " + sweep->name,
                   .expected = sweep->name == "beta" ? "a number above 0 and below 10" : "a number above 0, at most 1",
                   .received = fmt::format("{:g}", value)}};
}

}  // namespace

const StudyInfo& VarianceShiftStudy::about() {
  static const StudyInfo info{
      .name = "variance-shift",
      .question = "What does dropout do to the statistics that a batch normalization after it learns?",
      .datasets = {"cifar10", "patches"},
      .sweeps = {"keep", "beta"},
      .figures = {{"gamma", "gamma", 3},
                  {"moving_variance", "variance found", 3},
                  {"predicted_variance", "predicted", 3},
                  {"ones", "ones become", 3},
                  {"restored_variance", "restored", 3},
                  {"ones_restored", "ones then", 3},
                  {"variance_ratio", "variance ratio", 3}},
      // 2 % of the variance that dropout leads to.
      .comparison =
          StudyComparison{
              .figure = "moving_variance", .first = "dropout_batch_norm", .second = "uout_batch_norm", .margin = 0.225},
      .published = {{"batch_norm", "gamma", 1.93, 1.97},
                    {"batch_norm", "moving_variance", 3.87, 4.17},
                    {"batch_norm", "ones", 1.06, 1.16},
                    {"dropout_batch_norm", "moving_variance", 11.15, 11.24},
                    {"dropout_batch_norm", "predicted_variance", 11.19, 11.38},
                    {"dropout_batch_norm", "gamma", 1.15, 1.21},
                    {"dropout_batch_norm", "ones", 3.54, 3.64},
                    {"dropout_batch_norm", "restored_variance", 3.73, 3.98},
                    {"dropout_batch_norm", "ones_restored", 2.45, 2.69},
                    {"batch_norm", "gamma", 1.92, 1.95, "independent"},
                    {"batch_norm", "moving_variance", 3.81, 3.99, "independent"},
                    {"batch_norm", "ones", 1.02, 1.08, "independent"},
                    {"dropout_batch_norm", "moving_variance", 11.10, 11.41, "independent"},
                    {"dropout_batch_norm", "predicted_variance", 11.11, 11.31, "independent"},
                    {"dropout_batch_norm", "gamma", 1.15, 1.17, "independent"},
                    {"dropout_batch_norm", "ones", 3.57, 3.64, "independent"},
                    {"dropout_batch_norm", "restored_variance", 3.78, 4.14, "independent"},
                    {"dropout_batch_norm", "ones_restored", 2.55, 2.73, "independent"}},
      .quick =
          "five values of keep instead of ten, and 100 steps of the convolutional network instead of 400; the "
          "rest is whole",
      .quick_is_comparable = true,
      .subject = {"variance-shift"}};
  return info;
}

VarianceShiftStudy::Options VarianceShiftStudy::options_of(const StudySettings& settings) {
  Options options;
  if (settings.quick) {
    options.keeps = {0.5, 0.6, 0.7, 0.8, 0.9};
    options.network_steps = 100;
  }
  return options;
}

VarianceShiftStudy::VarianceShiftStudy(const StudySettings& settings, const StudyData& data, const Options& options)
    : settings_(settings), options_(options), images_(at_most(data.train, options.network_samples)) {
  check_sweep(settings.sweep);
  if (settings.sweep && settings.sweep->name == "keep") options_.keeps = settings.sweep->values;
}

Dataset VarianceShiftStudy::samples(std::uint64_t seed) const {
  const Shape shape{options_.samples, options_.features};
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(shape.size()));
  RandomStream random({.seed = seed, .purpose = Purpose::study});
  for (std::int64_t i = 0; i < shape.size(); ++i)
    values.push_back(static_cast<float>(options_.mean + options_.deviation * random.normal()));
  return Dataset({.name = fmt::format("{} samples of N({:g}, {:g})", shape[0], options_.mean, options_.deviation),
                  .x = Tensor::of<float>(shape, values),
                  .y = Tensor::of<float>(shape, values),
                  .class_names = {}});
}

std::vector<StudyVariant> VarianceShiftStudy::variants() const {
  const std::int64_t features = options_.features;
  const double beta = uout_beta_for_dropout(options_.rate);
  const Layer dropout = Dropout{.rate = options_.rate}, uout = Uout{.beta = beta};
  std::vector<StudyVariant> all = {
      make_variant("dropout", fmt::format("Dropout {:g} alone", options_.rate),
                   feature_model("dropout", features, dropout, false)),
      make_variant("batch_norm", "normalization alone, fitted to reproduce its input",
                   feature_model("batch_norm", features, {})),
      make_variant("dropout_batch_norm", fmt::format("Dropout {:g} before the normalization", options_.rate),
                   feature_model("dropout_batch_norm", features, dropout)),
      make_variant("uout_batch_norm", fmt::format("Uout {:.3f} in its place: the same added variance", beta),
                   feature_model("uout_batch_norm", features, uout))};
  const auto swept = [&](const char* name, const char* key, double value, const Layer& layer) {
    StudyVariant variant =
        make_variant(fmt::format("{}@{}={:g}", name, key, value), fmt::format("the same with {} {:g}", key, value),
                     feature_model(name, features, layer));
    variant.settings[key] = value;
    all.push_back(std::move(variant));
  };
  for (const double keep : options_.keeps) swept("dropout_batch_norm", "keep", keep, Dropout{.rate = 1 - keep});
  if (settings_.sweep && settings_.sweep->name == "beta")
    for (const double value : settings_.sweep->values) swept("uout_batch_norm", "beta", value, Uout{.beta = value});

  const Rescaling preprocessing = standardizing(images_);
  const Layer strong = Dropout{.rate = options_.network_rate};
  const Layer as_strong = Uout{.beta = uout_beta_for_dropout(options_.network_rate)};
  all.push_back(make_variant("network_dropout",
                             fmt::format("a convolutional network with Dropout {:g}", options_.network_rate),
                             network_model("network_dropout", preprocessing, images_.sample_shape(), strong)));
  all.push_back(make_variant("network_uout", "the same with Uout of the same added variance",
                             network_model("network_uout", preprocessing, images_.sample_shape(), as_strong)));
  return all;
}

StudyTraining VarianceShiftStudy::training(const StudyVariant& variant) const {
  const Adam adam{.learning_rate = options_.learning_rate};
  if (is_network(variant))
    return {.trainer = {.loss = SoftmaxCrossEntropy{}, .optimizer = adam, .batch_size = options_.network_batch},
            .data = &images_,
            .steps = options_.network_steps};
  const bool alone = !noise_of(variant.model);
  return {.trainer = {.loss = MeanSquaredError{}, .optimizer = adam, .batch_size = options_.batch_size},
          .epochs = !variant.settings.empty() ? options_.sweep_epochs
                    : alone                   ? options_.alone_epochs
                                              : options_.epochs};
}

std::optional<StudyRun> VarianceShiftStudy::run(const StudyVariant& variant, StudyContext& context) const {
  if (context.is_stopped()) return {};
  if (is_network(variant)) return run_network(variant, context);
  if (variant.parameters == 0) return run_dropout(variant, context);
  return run_normalization(variant, context);
}

std::optional<StudyRun> VarianceShiftStudy::run_dropout(const StudyVariant& variant, StudyContext& context) const {
  StudyRun run{.seed = context.seed()};
  context.observer().line(summary(variant.model));
  Network network(variant.model, context.network_options());
  const Dataset ones = row_of_ones(options_.features);
  tell("ones", "a row of ones in evaluation", values_of(predict(network, ones).outputs), run, context);
  tell("ones_training", "in training", values_of(predict(network, ones, {.mode = Mode::train}).outputs), run, context);
  const Dataset data = samples(context.seed());
  const ColumnMoments plain = moments_of(data.x()), disturbed = moments_of(in_training(variant.model, data, context));
  const double keep = 1 - options_.rate;
  std::vector<double> predicted;
  for (std::size_t i = 0; i < plain.mean.size(); ++i)
    predicted.push_back(variance_behind_dropout(plain.mean[i], plain.variance[i], keep));
  context.observer().line(fmt::format("  kept elements are multiplied by    {:.4f}", 1 / keep));
  tell("data_variance", "variance of the data", plain.variance, run, context);
  tell("moving_variance", "after dropout, in training", disturbed.variance, run, context);
  tell("predicted_variance", "predicted", predicted, run, context);
  context.leave_model(variant);
  return run;
}

std::optional<StudyRun> VarianceShiftStudy::run_normalization(const StudyVariant& variant,
                                                              StudyContext& context) const {
  const Dataset data = samples(context.seed());
  const std::optional<NoiseTraits> noise = noise_of(variant.model);
  const bool swept = !variant.settings.empty();
  if (!swept) context.observer().line(summary(variant.model));
  const bool alone = !noise;
  StudyTraining training = this->training(variant);
  training.data = &data;
  training.before = [&](Trainer& trainer, StudyRun& run) {
    if (!swept) tell_normalization("before", trainer, run, context);
  };
  auto trained = context.train(variant, training);
  if (!trained) return {};
  auto& [trainer, run] = *trained;
  const ColumnMoments plain = moments_of(data.x());
  const auto mean = weight(*trainer, "moving_mean"), variance = weight(*trainer, "moving_variance");
  std::vector<double> predicted, restored;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    predicted.push_back(noise ? variance_behind(*noise, plain.mean[i], plain.variance[i]) : plain.variance[i]);
    restored.push_back(noise ? variance_before(*noise, mean[i], variance[i]) : variance[i]);
  }
  if (swept)
    tell("moving_variance", "moving_variance after", variance, run, context);
  else
    tell_normalization("", *trainer, run, context);
  tell("predicted_variance", "predicted training variance", predicted, run, context);
  run.figures["largest_deviation"] = largest_deviation(run);
  // A sweep is about the variance alone, and ends before gamma has settled.
  if (swept) return std::move(run);

  const Dataset ones = row_of_ones(options_.features);
  tell("ones", "a row of ones becomes", values_of(trainer->predict(ones).outputs), run, context);
  if (alone) return std::move(run);
  tell("restored_variance", "restored variance", restored, run, context);
  trainer->network().set_weight(
      name_of_weight(*trainer, "moving_variance"),
      Tensor::of<float>({options_.features}, std::vector<float>(restored.begin(), restored.end())));
  tell("ones_restored", "a row of ones then becomes", values_of(trainer->predict(ones).outputs), run, context);
  return std::move(run);
}

std::optional<StudyRun> VarianceShiftStudy::run_network(const StudyVariant& variant, StudyContext& context) const {
  const Dataset measured = at_most(images_, options_.network_measured);
  StudyTraining training = this->training(variant);
  std::vector<Profile> measured_ratios;
  training.figures = [&](Trainer& trainer) -> Figures {
    measured_ratios.push_back(variance_ratios(trainer, measured));
    return {{"variance_ratio", *std::ranges::min_element(measured_ratios.back().values)}};
  };
  auto trained = context.train(variant, training);
  if (!trained) return {};
  StudyRun& run = trained->run;
  const Profile& ratios = measured_ratios.front();  // as the network is
  for (std::size_t i = 0; i < ratios.layers.size(); ++i)
    context.observer().line(
        fmt::format("  {:<24} Var_test / Var_train {:.4f}", ratios.layers[i], Number{ratios.values[i]}));
  run.profiles.push_back(ratios);
  return std::move(run);
}

}  // namespace evenkeel
