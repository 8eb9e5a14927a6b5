#include "evenkeel/studies/depth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/data/batches.h"
#include "evenkeel/diagnose/measure/channel_signals.h"
#include "evenkeel/diagnose/measure/layer_signals.h"
#include "evenkeel/nn/tensor_role.h"
#include "evenkeel/studies/measure.h"
#include "evenkeel/studies/study_report.h"

namespace evenkeel {
namespace {

/// A network above this accuracy has learned; with ten classes chance is 0.1.
constexpr double kTrained = 0.5;

constexpr DescribedKind<DepthVariant> kDepthVariants[] = {
    {DepthVariant::plain, "plain", "no normalization"},
    {DepthVariant::batch_norm, "batch_norm", "normalization before every relu"},
    {DepthVariant::batch_norm_parts, "batch_norm_parts", "the same, composed of moments, moving average, scale, shift"},
};

void append_normalization(Model& model, DepthVariant variant, bool of_images) {
  if (variant == DepthVariant::batch_norm)
    model.append(BatchNormalization{.unbiased_moving_variance = of_images});
  else if (variant == DepthVariant::batch_norm_parts)
    model.append(BatchNormalizationFromParts{});
}

/// The profile of gradient norms after so many updates.
std::string gradients_at(std::uint64_t step) { return fmt::format("gradient_norm_step_{}", step); }

/// "trained", "did not train", "trained in 2 of 3 runs". Uses re-estimated statistics if they were measured, because
/// moving ones that lag hide what a network has learned.
std::string trained_text(const StudyVariant& variant) {
  const auto reestimated = variant.reestimated("test_accuracy");
  const auto accuracies = reestimated.empty() ? variant.values("test_accuracy") : reestimated;
  const auto trained = std::ranges::count_if(accuracies, [](double accuracy) { return accuracy > kTrained; });
  const std::size_t runs = variant.runs.size();
  if (trained == std::ssize(variant.runs)) return runs == 1 ? "trained" : fmt::format("trained in all {} runs", runs);
  if (trained == 0) return runs == 1 ? "did not train" : fmt::format("did not train in any of {} runs", runs);
  return fmt::format("trained in {} of {} runs", trained, runs);
}

}  // namespace

const StudyInfo& DepthStudy::about() {
  static const StudyInfo info{
      .name = "depth",
      .question = "Does a deep plain network train, and does batch normalization help?",
      .datasets = {"mnist", "strokes"},
      .sweeps = {"depth"},
      .figures = {{"validation_accuracy", "validation"},
                  {"test_accuracy", "test"},
                  {"train_accuracy", "train"},
                  {"single_accuracy", "one by one"},
                  {"test_loss", "test loss"}},
      .comparison = StudyComparison{.figure = "test_accuracy", .first = "plain", .second = "batch_norm"},
      .published = {{"plain", "test_accuracy", 0.10, 0.12},
                    {"batch_norm", "test_accuracy", 0.90, 0.99},
                    {"batch_norm_parts", "test_accuracy", 0.90, 0.99},
                    {"plain", "test_accuracy", 0.101, 0.101, "independent"},
                    {"batch_norm", "test_accuracy", 0.971, 0.974, "independent"}},
      .quick = "500 batches instead of 800, accuracies and re-estimated statistics over 2,000 images"};
  return info;
}

DepthStudy::Options DepthStudy::options_of(const StudySettings& settings) {
  Options options;
  if (settings.quick) {
    options.steps = 500;
    options.evaluation_limit = 2000;
  }
  return options;
}

Model depth_model(DepthVariant variant, int layers, const Shape& images) {
  const bool plain = variant == DepthVariant::plain;
  const Initializer kernels =
      variant == DepthVariant::batch_norm_parts ? Initializer::truncated_normal(0.05) : Initializer::glorot_uniform();
  Model model(images, std::string("depth_") + kDepthVariants[static_cast<int>(variant)].name);
  model.append(Rescaling{.scale = 1.0 / 255.0});
  for (int i = 1; i <= layers; ++i) {
    model.append(Conv2D{.filters = std::int64_t{4} * i,
                        .kernel_size = 3,
                        .strides = i % 3 == 0 ? 2 : 1,
                        .padding = Padding::same,
                        .use_bias = plain,
                        .kernel_initializer = kernels});
    append_normalization(model, variant, true);
    model.append(Activation{ActivationFunction::relu});
  }
  model.append(Flatten{});
  model.append(Dense{.units = 100, .use_bias = plain});
  append_normalization(model, variant, false);
  model.append(Activation{ActivationFunction::relu});
  model.append(Dense{.units = 10});
  return model;
}

DepthStudy::DepthStudy(const StudySettings& settings, const StudyData& data, const Options& options)
    : settings_(settings), options_(options) {
  if (data.train.size() > 0 && data.train.size() <= options.validation_size)
    throw Error{{.where = "study depth: data \"" + data.train.name() + '"',
                 .expected = fmt::format("more than {} training samples", options.validation_size),
                 .received = std::to_string(data.train.size())}};
  if (settings.sweep)
    for (const double value : settings.sweep->values)
      if (value < 1 || value > 200 || value != std::floor(value))
        throw Error{{.where = "study depth: depth",
                     .expected = "a number of convolutions from 1 to 200",
                     .received = fmt::format("{:g}", value)}};
  if (data.train.size() == 0) return;
  train_ = data.train.range(options.validation_size, data.train.size());
  validation_ = data.train.range(0, options.validation_size);
  test_ = data.test;
}

std::vector<StudyVariant> DepthStudy::variants() const {
  return over_sweep(settings_.sweep, [&](std::optional<double> depth) {
    return variants_of(kDepthVariants, [&](DepthVariant variant) {
      return depth_model(variant, static_cast<int>(depth.value_or(kDepthLayers)), train_.sample_shape());
    });
  });
}

StudyTraining DepthStudy::training(const StudyVariant&) const {
  return {.trainer = {.loss = SigmoidCrossEntropy{},
                      .optimizer = Adam{.learning_rate = options_.learning_rate, .epsilon = 1e-8},
                      .batch_size = options_.batch_size},
          .data = &train_,
          .steps = options_.steps};
}

std::optional<StudyRun> DepthStudy::run(const StudyVariant& variant, StudyContext& context) const {
  // All measurements use the same batch: the first of the training data.
  Batches batches(train_, {.batch_size = options_.batch_size, .shuffle = false});
  const Batch& first = batches.next();
  const auto look_at_gradients = [&](Trainer& trainer, StudyRun& run) {
    auto norms = gradient_norms(trainer.network(), first, trainer.steps_done());
    std::erase_if(norms, [&](const GradientNorm& g) {
      return role_of(trainer.network().model(), g.tensor) != TensorRole::kernel;
    });
    run.profiles.push_back(
        profile_of(gradients_at(trainer.steps_done()), norms, [](const GradientNorm& g) { return g.norm; }));
  };
  const auto after_step = [&](const StepEnd& step, Trainer& trainer, StudyRun& run) {
    if (step.step == options_.late_gradients) look_at_gradients(trainer, run);
    const auto i = static_cast<std::int64_t>(step.step) - 1;  // the batch just trained
    const bool on_validation = i % options_.validation_every == 0;
    if (!on_validation && i % options_.batch_every != 0) return;
    const Metrics metrics = on_validation ? trainer.evaluate(validation_).metrics : trainer.evaluate_batch(*step.data);
    add_metrics(run, on_validation ? "validation" : "batch", static_cast<double>(i), metrics);
    context.observer().line(
        fmt::format("  batch {:>4}: {:<10}  {}", i, on_validation ? "validation" : "training", to_text(metrics)));
  };
  const Dataset train = at_most(train_, options_.evaluation_limit), test = at_most(test_, options_.evaluation_limit);
  StudyTraining training = this->training(variant);
  training.before = look_at_gradients;
  training.after_step = after_step;
  training.reestimate_samples = options_.evaluation_limit;
  training.figures = [&](Trainer& trainer) {
    Figures figures = evaluate_all(trainer, {{.what = "test", .data = test},
                                             {.what = "validation", .data = validation_},
                                             {.what = "train", .data = train}});
    const Dataset singles = at_most(test_, options_.single_images);
    figures["single_accuracy"] = *evaluate(trainer.network(), singles, {.batch_size = 1}).metrics.accuracy;
    return figures;
  };
  auto trained = context.train(variant, training);
  if (!trained) return {};
  auto& [trainer, run] = *trained;
  run.profiles.push_back(profile_of("dead_units", dead_units(trainer->network(), at_most(test_, 1000)),
                                    [](const DeadUnits& d) { return d.fraction(); }));
  return std::move(run);
}

std::string DepthStudy::answer(const StudyResult& result) const {
  return of_each(result, "; ",
                 [](const StudyVariant& variant) {
                   const std::string depth =
                       variant.settings.empty() ? "" : fmt::format("{:g} convolutions, ", variant.setting("depth", 0));
                   const auto again = variant.reestimated("test_accuracy");
                   return fmt::format(
                       "`{}` {} ({}test accuracy {}{})", base_name(variant), trained_text(variant), depth,
                       value_text(variant.values("test_accuracy"), 3),
                       again.empty() ? "" : fmt::format("; {} with re-estimated statistics", value_text(again, 3)));
                 }) +
         '.';
}

void DepthStudy::explain(const StudyResult& result, Report& report) const {
  LineChart accuracy = curves_chart(result, "Accuracy on validation data while training", "batch", "accuracy",
                                    {{.series = "validation_accuracy"}});
  accuracy.levels = {{0.1, "chance"}};
  accuracy.caption =
      "The moving statistics have momentum 0.99: after 100 batches 0.37 of their initial 0 and 1 is still in them. "
      "Until then evaluation may be worse than training.";
  LineChart batch = curves_chart(result, "Accuracy on the batch just trained, in evaluation mode", "batch", "accuracy",
                                 {{.series = "batch_accuracy"}});
  add_section(report, "Learning", {accuracy, batch});

  LineChart first =
      profile_chart(result, "Gradient norm of each kernel before the first update", "L2 norm", gradients_at(0));
  first.log_y = true;
  first.caption = fmt::format("Of the loss on the first {} training images.", options_.batch_size);
  LineChart late = profile_chart(result, fmt::format("The same after {} updates", options_.late_gradients), "L2 norm",
                                 gradients_at(options_.late_gradients));
  late.log_y = true;
  LineChart dead = profile_chart(result, "Share of channels that are 0 for every image, at the end",
                                 "share of the layer", "dead_units");
  dead.caption =
      "A relu that is 0 for every image passes no gradient, so the layers before it learn nothing through it.";
  add_section(report, "Gradients and silent channels, layer by layer", {first, late, dead});
  LineChart sweep = sweep_chart(result, "Test accuracy over depth", {"test_accuracy", "test accuracy"});
  sweep.levels = {{0.1, "chance"}};
  add_section(report, "How deep", {sweep});
}

}  // namespace evenkeel
