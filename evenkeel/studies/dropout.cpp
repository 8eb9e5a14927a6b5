#include "evenkeel/studies/dropout.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/studies/study_report.h"

namespace evenkeel {
namespace {

constexpr double kDropoutMomentum = 0.75;
constexpr double kRates[] = {0.4, 0.5};

constexpr DescribedKind<DropoutVariant> kDropoutVariants[] = {
    {DropoutVariant::with_batch_norm, "with_batch_norm",
     "normalization after the dense layers, the second one after a dropout"},
    {DropoutVariant::without_batch_norm, "without_batch_norm", "no normalization after the dense layers"},
    {DropoutVariant::dropout_last, "dropout_last", "normalization as in the first, dropout only after the last one"},
};

}  // namespace

const StudyInfo& DropoutStudy::about() {
  static const StudyInfo info{
      .name = "dropout",
      .question = "Do dropout and batch normalization work well together?",
      .datasets = {"cifar10", "patches"},
      .sweeps = {},
      .has_rounds = true,
      .figures = {{"test_accuracy", "test"},
                  {"train_accuracy", "train"},
                  {"test_loss", "test loss"},
                  {"best_test_loss", "lowest"},
                  {"best_test_loss_step", "at step", 0},
                  {"variance_ratio", "variance ratio", 3}},
      .comparison =
          StudyComparison{.figure = "test_accuracy", .first = "without_batch_norm", .second = "with_batch_norm"},
      .published = {{"with_batch_norm", "test_accuracy", 0.629, 0.629},
                    {"without_batch_norm", "test_accuracy", 0.632, 0.632},
                    {"with_batch_norm", "best_test_loss_step", 60, 60},
                    {"without_batch_norm", "best_test_loss_step", 100, 100},
                    {"with_batch_norm", "best_test_loss", 1.197, 1.197, "independent"},
                    {"without_batch_norm", "best_test_loss", 1.137, 1.137, "independent"}},
      .quick = kScaledDown,
      .subject = {"variance-shift"}};
  return info;
}

DropoutStudy::Options DropoutStudy::options_of(const StudySettings& settings) {
  Options options;
  if (settings.quick) {
    scale_down(options);
    options.rounds = 3;
  }
  options.rounds = settings.rounds.value_or(options.rounds);
  return options;
}

Model dropout_model(DropoutVariant variant, const std::array<int, 2>& dense, const Shape& images) {
  Model model(images, std::string("dropout_") + kDropoutVariants[static_cast<int>(variant)].name);
  append_convolutions(model, {30, 50, 60}, kDropoutMomentum);
  model.append(Flatten{});
  model.append(BatchNormalization{.momentum = kDropoutMomentum});
  for (std::size_t i = 0; i < dense.size(); ++i) {
    const bool last = i + 1 == dense.size();
    model.append(Dense{.units = dense[i], .activation = ActivationFunction::relu});
    if (variant != DropoutVariant::without_batch_norm) model.append(BatchNormalization{.momentum = kDropoutMomentum});
    if (variant != DropoutVariant::dropout_last || last) model.append(Dropout{.rate = kRates[i]});
  }
  model.append(Dense{.units = 10});
  return model;
}

DropoutStudy::DropoutStudy(const StudySettings&, const StudyData& data, const Options& options)
    : options_(options),
      train_(at_most(data.train, options.train_limit)),
      test_(at_most(data.test, options.test_limit)) {}

std::vector<StudyVariant> DropoutStudy::variants() const {
  return variants_of(kDropoutVariants, [&](DropoutVariant variant) {
    return dropout_model(variant, options_.dense, train_.sample_shape());
  });
}

Rounds DropoutStudy::rounds_of(const StudyVariant&) const {
  return {.rounds = options_.rounds,
          .batch_size = options_.batch_size,
          .learning_rate = options_.learning_rate,
          .train = &train_,
          .test = &test_,
          .reestimate_samples = options_.reestimate_samples};
}

StudyTraining DropoutStudy::training(const StudyVariant& variant) const { return rounds_training(rounds_of(variant)); }

std::string DropoutStudy::other_rounds() const { return rounds_instead(options_.rounds, Options().rounds); }

std::optional<StudyRun> DropoutStudy::run(const StudyVariant& variant, StudyContext& context) const {
  const auto measure_shift = [&](Trainer& trainer, StudyRun& run) {
    const Dataset sample = at_most(train_, options_.reestimate_samples);
    run.profiles.push_back(variance_ratios(trainer, sample));
    // The layer with the largest shift.
    run.figures["variance_ratio"] = *std::ranges::min_element(run.profiles.back().values);
  };
  return train_rounds(variant, context, rounds_of(variant), measure_shift);
}

std::string DropoutStudy::answer(const StudyResult& result) const {
  return of_each(result, "; ",
                 [](const StudyVariant& variant) {
                   return fmt::format(
                       "`{}`: test accuracy {}, the variance at the input of a normalization {} of that in training",
                       variant.name, both_text(variant, "test_accuracy", 3),
                       value_text(variant.values("variance_ratio"), 2));
                 }) +
         '.';
}

void DropoutStudy::explain(const StudyResult& result, Report& report) const {
  const LineChart loss = test_loss_chart(
      result, {{.series = "test_loss"}, {.series = "reestimated_loss", .suffix = ", re-estimated", .dashed = true}});
  add_section(report, "Learning", {test_accuracy_chart(result), loss, training_loss_chart(result)});

  LineChart ratio =
      profile_chart(result, "Variance of each normalization's input: evaluation / training", "ratio", "variance_ratio");
  ratio.levels = {{1, "the same"}};
  ratio.caption =
      "Dropout adds variance in training and none in evaluation; the normalization after it has learned the larger "
      "one. Below 1 its output comes out too small.";
  add_section(report, "The shift, layer by layer", {ratio});
}

}  // namespace evenkeel
