#include "evenkeel/studies/placement.h"

#include <fmt/format.h>

#include "evenkeel/studies/measure.h"
#include "evenkeel/studies/study_report.h"

namespace evenkeel {
namespace {

constexpr DescribedKind<PlacementVariant> kPlacementVariants[] = {
    {PlacementVariant::before, "before", "convolution, normalization, elu, pool"},
    {PlacementVariant::after, "after", "convolution, elu, normalization, pool"},
    {PlacementVariant::none, "none", "convolution with a bias, elu, pool"},
};

}  // namespace

const StudyInfo& PlacementStudy::about() {
  static const StudyInfo info{
      .name = "placement",
      .question = "Does batch normalization belong before the activation or after it, and what does it bring?",
      .datasets = {"cifar10", "patches"},
      .sweeps = {"learning_rate"},
      .figures = {{"test_accuracy", "test"},
                  {"train_accuracy", "train"},
                  {"test_loss", "test loss"},
                  {"train_loss", "train loss"}},
      .comparison = StudyComparison{.figure = "test_accuracy", .first = "before", .second = "after"},
      .published = {{"before", "test_accuracy", 0.759, 0.759},
                    {"after", "test_accuracy", 0.758, 0.758},
                    {"before", "train_accuracy", 0.836, 0.836},
                    {"after", "train_accuracy", 0.869, 0.869},
                    {"before", "test_accuracy", 0.728, 0.748, "independent"},
                    {"after", "test_accuracy", 0.741, 0.748, "independent"},
                    {"before", "train_accuracy", 0.806, 0.823, "independent"},
                    {"after", "train_accuracy", 0.852, 0.854, "independent"}},
      .quick =
          "2 epochs of the first 30,000 training images in batches of 50 instead of 10 of all in batches of 250, "
          "accuracies over 2,000 test images"};
  return info;
}

PlacementStudy::Options PlacementStudy::options_of(const StudySettings& settings) {
  Options options;
  if (settings.quick) {
    // Small batches, for 1,200 updates. Normalization is ahead after about 600, and by then moving statistics are near
    // the data's.
    options.batch_size = 50;
    options.epochs = 2;
    options.train_limit = 30000;
    options.test_limit = 2000;
  }
  return options;
}

Model placement_model(PlacementVariant variant, const Rescaling& preprocessing, const Shape& images) {
  Model model(images, std::string("placement_") + kPlacementVariants[static_cast<int>(variant)].name);
  const BatchNormalization normalization{.unbiased_moving_variance = true};
  model.append(preprocessing);
  for (const int filters : {16, 32, 64}) {
    model.append(Conv2D{
        .filters = filters, .kernel_size = 3, .padding = Padding::same, .use_bias = variant == PlacementVariant::none});
    if (variant == PlacementVariant::before) model.append(normalization);
    model.append(Activation{ActivationFunction::elu});
    if (variant == PlacementVariant::after) model.append(normalization);
    model.append(MaxPooling2D{.pool_size = 2, .padding = Padding::same});
  }
  model.append(Dropout{.rate = 0.3});
  model.append(Flatten{});
  model.append(Dense{.units = 512, .activation = ActivationFunction::elu});
  model.append(Dropout{.rate = 0.3});
  model.append(Dense{.units = 10});
  return model;
}

PlacementStudy::PlacementStudy(const StudySettings& settings, const StudyData& data, const Options& options)
    : settings_(settings),
      options_(options),
      train_(at_most(data.train, options.train_limit)),
      test_(at_most(data.test, options.test_limit)) {}

std::vector<StudyVariant> PlacementStudy::variants() const {
  const Rescaling preprocessing = standardizing(train_);
  return over_sweep(settings_.sweep, [&](std::optional<double>) {
    return variants_of(kPlacementVariants, [&](PlacementVariant variant) {
      return placement_model(variant, preprocessing, train_.sample_shape());
    });
  });
}

StudyTraining PlacementStudy::training(const StudyVariant& variant) const {
  return {.trainer = {.loss = SoftmaxCrossEntropy{},
                      .optimizer = Adam{.learning_rate = variant.setting("learning_rate", options_.learning_rate)},
                      .batch_size = options_.batch_size},
          .data = &train_,
          .epochs = options_.epochs};
}

std::optional<StudyRun> PlacementStudy::run(const StudyVariant& variant, StudyContext& context) const {
  const std::int64_t per_epoch = batches_per_epoch(train_.size(), {.batch_size = options_.batch_size});
  const auto after_step = [&](const StepEnd& step, Trainer& trainer, StudyRun& run) {
    add_metrics(run, "training", static_cast<double>(step.step), step.batch);
    if (step.step_in_epoch != per_epoch) return;
    const Metrics test = trainer.evaluate(test_).metrics;
    add_metrics(run, "test", static_cast<double>(step.step), test);
    context.observer().line(
        fmt::format("  epoch {:>2}: training {}; test {}", step.epoch, to_text(step.epoch_so_far), to_text(test)));
  };
  StudyTraining training = this->training(variant);
  training.after_step = after_step;
  training.figures = [&](Trainer& trainer) {
    return evaluate_all(trainer, {{.what = "test", .data = test_}, {.what = "train", .data = train_}});
  };
  auto trained = context.train(variant, training);
  if (!trained) return {};
  return std::move(trained->run);
}

std::string PlacementStudy::answer(const StudyResult& result) const {
  return "Test accuracy: " +
         of_each(result, "; ",
                 [](const StudyVariant& variant) {
                   const std::string place = base_name(variant);
                   return fmt::format(
                       "{}{} {}",
                       place == "none" ? "without normalization" : "normalization " + place + " the activation",
                       setting_text(variant), both_text(variant, "test_accuracy", 3));
                 }) +
         '.';
}

void PlacementStudy::explain(const StudyResult& result, Report& report) const {
  const LineChart accuracy =
      curves_chart(result, "Accuracy on test data", "step", "accuracy", {{.series = "test_accuracy"}});
  const LineChart loss = curves_chart(result, "Loss on test data", "step", "cross-entropy", {{.series = "test_loss"}});
  // A chart of their own: single batches scatter so much that they would hide the curves of the test data.
  LineChart training =
      curves_chart(result, "Accuracy of each training batch", "step", "accuracy", {{.series = "training_accuracy"}});
  training.caption = "Measured during training, with dropout, so it may be below the test accuracy.";
  add_section(report, "Learning", {accuracy, loss, training});
  add_section(report, "Over the learning rate",
              {sweep_chart(result, "Test accuracy over the learning rate", {"test_accuracy", "test accuracy"})});
}

}  // namespace evenkeel
