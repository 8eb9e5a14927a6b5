#include "evenkeel/studies/speedup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/text.h"
#include "evenkeel/studies/study_report.h"

namespace evenkeel {
namespace {

constexpr double kSpeedupMomentum = 0.99;

constexpr DescribedKind<SpeedupVariant> kSpeedupVariants[] = {
    {SpeedupVariant::plain, "plain", "no normalization"},
    {SpeedupVariant::batch_norm, "batch_norm", "normalization before every layer, moving statistics updated"},
    {SpeedupVariant::frozen, "frozen", "the same, moving statistics never updated: the bug of the original notebook"},
};

/// The first step whose batch had at most this loss.
std::optional<double> steps_to(const StudyRun& run, double loss) {
  const Series* training = run.find_curve("training_loss");
  for (std::size_t i = 0; training && i < training->y.size(); ++i)
    if (training->y[i] <= loss) return training->x[i];
  return {};
}

/// "after 64 steps", "in 2 of 3 runs after 60 to 70 steps", "not within 400 steps".
std::string reached(const StudyVariant& variant) {
  const auto steps = variant.values("steps_to_loss");
  const std::int64_t all = variant.runs.front().steps;
  if (steps.empty()) return fmt::format("not within {} steps", all);
  const auto [low, high] = std::ranges::minmax(steps);
  std::string when =
      low == high ? fmt::format("after {:g} steps", low) : fmt::format("after {:g} to {:g} steps", low, high);
  if (steps.size() == variant.runs.size()) return when;
  return fmt::format("in {} of {} runs {}, in the others not within {}", steps.size(), variant.runs.size(), when, all);
}

bool is_mended(const StudyVariant& variant) {
  return std::ranges::all_of(variant.runs, [](const StudyRun& run) {
    return run.reestimated_figure("test_accuracy") > run.figure("test_accuracy");
  });
}

/// What re-estimated statistics change in the variants that were evaluated both ways.
std::string repair_text(const StudyResult& result) {
  std::vector<std::string> changes;
  bool all_mended = true;
  for (const StudyVariant& variant : result.variants) {
    const auto repaired = variant.reestimated("test_accuracy");
    if (repaired.empty()) continue;
    changes.push_back(fmt::format("{} instead of {} (`{}`)", value_text(repaired, 3),
                                  value_text(variant.values("test_accuracy"), 3), variant.name));
    all_mended = all_mended && is_mended(variant);
  }
  if (changes.empty()) return {};
  const std::string text =
      " Estimated anew, with the weights as they are, the statistics give a test accuracy of " + join(changes) + '.';
  return text + (all_mended ? " That repairs them in every run." : " That does not repair them in every run.");
}

/// How much of the initial statistics is left, in words and as a formula, and its effect.
std::vector<Part> lag_explained(const StudyResult& result) {
  const auto lagging = std::ranges::find_if(
      result.variants, [](const StudyVariant& v) { return base_name(v) == "batch_norm" && !v.runs.empty(); });
  if (lagging == result.variants.end()) return {};
  const auto steps = static_cast<double>(lagging->runs.front().steps);
  const double left = std::pow(kSpeedupMomentum, steps);
  std::vector<Part> parts;
  parts.emplace_back(Paragraph{fmt::format(
      "`frozen` never updates its moving statistics: they keep their initial 0 and 1. `batch_norm` updates them "
      "with momentum {:g}, so after its {:g} steps a share of {:.2f} of the initial 0 and 1 is still in them; the rest "
      "is an average over batches that earlier weights have seen.{}",
      kSpeedupMomentum, steps, left, repair_text(result))});
  parts.emplace_back(Formula{fmt::format("{:g}^{:g} = {:.3f}", kSpeedupMomentum, steps, left)});
  return parts;
}

}  // namespace

const StudyInfo& SpeedupStudy::about() {
  static const StudyInfo info{
      .name = "speedup",
      .question = "How much faster does a network with batch normalization learn, and does its evaluation keep up?",
      .datasets = {"cifar10", "patches"},
      .sweeps = {"learning_rate"},
      .has_rounds = true,
      .figures = {{"steps_to_loss", "steps to loss", 0},
                  {"final_loss", "last loss"},
                  {"test_accuracy", "test"},
                  {"train_accuracy", "train"},
                  {"test_loss", "test loss"}},
      .comparison = StudyComparison{.figure = "steps_to_loss", .first = "plain", .second = "batch_norm", .margin = 20},
      .published = {{"plain", "steps_to_loss", 370, 370},
                    {"batch_norm", "steps_to_loss", 75, 75},
                    {"frozen", "test_accuracy", 0.1, 0.1},
                    {"plain", "steps_to_loss", 382, 382, "independent"},
                    {"batch_norm", "steps_to_loss", 64, 64, "independent"},
                    {"plain", "test_accuracy", 0.641, 0.641, "independent"},
                    {"batch_norm", "test_accuracy", 0.103, 0.124, "independent"}},
      .quick = std::string(kScaledDown) + ", loss 1.0 as the target instead of 0.2",
      .subject = {"lagging", "never-updated"}};
  return info;
}

SpeedupStudy::Options SpeedupStudy::options_of(const StudySettings& settings) {
  Options options;
  if (settings.quick) {
    scale_down(options);
    options.plain_rounds = 10;
    options.target_loss = 1.0;
  }
  if (settings.rounds) options.plain_rounds = options.other_rounds = *settings.rounds;
  return options;
}

Model speedup_model(SpeedupVariant variant, const std::vector<int>& dense, const Shape& images) {
  Model model(images, std::string("speedup_") + kSpeedupVariants[static_cast<int>(variant)].name);
  std::optional<double> momentum;
  if (variant == SpeedupVariant::batch_norm) momentum = kSpeedupMomentum;
  if (variant == SpeedupVariant::frozen) momentum = 1.0;
  append_convolutions(model, {30, 50, 60}, momentum);
  model.append(Flatten{});
  for (const int units : dense) {
    if (momentum) model.append(BatchNormalization{.momentum = *momentum});
    model.append(Dense{.units = units, .activation = ActivationFunction::relu});
  }
  if (momentum) model.append(BatchNormalization{.momentum = *momentum});
  model.append(Dense{.units = 10});
  return model;
}

SpeedupStudy::SpeedupStudy(const StudySettings& settings, const StudyData& data, const Options& options)
    : settings_(settings),
      options_(options),
      train_(at_most(data.train, options.train_limit)),
      test_(at_most(data.test, options.test_limit)) {}

std::vector<StudyVariant> SpeedupStudy::variants() const {
  return over_sweep(settings_.sweep, [&](std::optional<double>) {
    return variants_of(kSpeedupVariants, [&](SpeedupVariant variant) {
      return speedup_model(variant, options_.dense, train_.sample_shape());
    });
  });
}

Rounds SpeedupStudy::rounds_of(const StudyVariant& variant) const {
  return {.rounds = base_name(variant) == "plain" ? options_.plain_rounds : options_.other_rounds,
          .batch_size = options_.batch_size,
          .learning_rate = variant.setting("learning_rate", options_.learning_rate),
          .train = &train_,
          .test = &test_,
          .reestimate_samples = options_.reestimate_samples};
}

StudyTraining SpeedupStudy::training(const StudyVariant& variant) const { return rounds_training(rounds_of(variant)); }

std::string SpeedupStudy::other_rounds() const {
  const std::string plain = rounds_instead(options_.plain_rounds, Options().plain_rounds),
                    others = rounds_instead(options_.other_rounds, Options().other_rounds);
  std::vector<std::string> parts;
  if (!plain.empty()) parts.push_back(plain + " without normalization");
  if (!others.empty()) parts.push_back(others + " with it");
  return join(parts);
}

std::optional<StudyRun> SpeedupStudy::run(const StudyVariant& variant, StudyContext& context) const {
  auto run = train_rounds(variant, context, rounds_of(variant));
  if (!run) return {};
  if (const auto steps = steps_to(*run, options_.target_loss)) run->figures["steps_to_loss"] = *steps;
  run->figures["final_loss"] = run->find_curve("training_loss")->y.back();
  return run;
}

std::string SpeedupStudy::answer(const StudyResult& result) const {
  const auto name = [](const StudyVariant& variant) { return '`' + base_name(variant) + '`' + setting_text(variant); };
  const std::string steps = of_each(
      result, ", ", [&](const StudyVariant& variant) { return "by " + name(variant) + ' ' + reached(variant); });
  const std::string accuracies = of_each(result, ", ", [&](const StudyVariant& variant) {
    return name(variant) + ' ' + both_text(variant, "test_accuracy", 3);
  });
  return fmt::format("Training loss {:g} was reached {}. Test accuracy: {}.", options_.target_loss, steps, accuracies);
}

void SpeedupStudy::explain(const StudyResult& result, Report& report) const {
  LineChart loss = training_loss_chart(result);
  loss.levels = {{options_.target_loss, "target"}};
  LineChart test_loss = test_loss_chart(result, {{.series = "test_loss"}});
  test_loss.log_y = true;
  add_section(report, "Learning", {loss, test_loss});

  LineChart gap = curves_chart(result, "Distance of the moving statistics from those of the data, worst layer", "step",
                               "KL divergence", {{.series = "statistics_gap"}});
  gap.log_y = true;
  LineChart layers = profile_chart(result, "The same for each layer at the end", "KL divergence", "statistics_gap");
  layers.log_y = true;
  LineChart means = profile_chart(result, "How far each layer's moving mean is from that of the data, at the end",
                                  "standard deviations", "statistics_mean_difference");
  LineChart variances = profile_chart(result, "Moving variance over that of the data, for each layer at the end",
                                      "ratio", "statistics_variance_ratio");
  variances.log_y = true;
  variances.levels = {{1, "the same"}};
  add_section(report, "Evaluation: moving statistics against those of the data",
              {test_accuracy_chart(result), gap, layers, means, variances});
  add_section(report, "Never updated, and updated late", lag_explained(result));
  add_section(report, "Over the learning rate",
              {sweep_chart(result, "Last training loss over the learning rate", {"final_loss", "loss"}),
               sweep_chart(result, "Steps to the target loss", {"steps_to_loss", "steps"})});
}

}  // namespace evenkeel
