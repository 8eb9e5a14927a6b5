#include "evenkeel/studies/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/layer_signals.h"

namespace evenkeel {
namespace {

/// Test metrics with re-estimated statistics, and how far the moving ones are from them; the network keeps its own.
void measure_reestimated(double x, Trainer& trainer, const Rounds& rounds, StudyRun& run) {
  const auto gaps = statistics_gap(trainer.network(), at_most(*rounds.train, rounds.reestimate_samples));
  Profile gap = profile_of("statistics_gap", gaps, [](const StatisticsGap& g) { return g.distance; });
  Series& worst = run.curve("statistics_gap");
  worst.x.push_back(x);
  worst.y.push_back(*std::ranges::max_element(gap.values));
  std::erase_if(run.profiles, [](const Profile& p) { return p.name.starts_with("statistics_"); });
  run.profiles.push_back(std::move(gap));
  run.profiles.push_back(
      profile_of("statistics_mean_difference", gaps, [](const StatisticsGap& g) { return g.mean_difference; }));
  run.profiles.push_back(
      profile_of("statistics_variance_ratio", gaps, [](const StatisticsGap& g) { return g.variance_ratio; }));

  const KeptStatistics kept(trainer.network());
  std::vector<LayerStatistics> exact;
  for (const StatisticsGap& g : gaps) exact.push_back(g.data);
  set_moving_statistics(trainer.network(), exact);
  const Metrics metrics = trainer.evaluate(*rounds.test).metrics;
  add_metrics(run, "reestimated", x, metrics);
  run.figures["reestimated_accuracy"] = *metrics.accuracy;
}

}  // namespace

StudyTraining rounds_training(const Rounds& rounds) {
  return {.trainer = {.loss = SoftmaxCrossEntropy{},
                      .optimizer = Adam{.learning_rate = rounds.learning_rate, .epsilon = 1e-8},
                      .batch_size = rounds.batch_size},
          .data = rounds.train,
          .epochs = rounds.rounds * rounds.epochs_per_round,
          .shuffle = false};
}

std::string rounds_instead(std::int64_t rounds, std::int64_t published) {
  if (rounds == published) return {};
  return fmt::format("{} round{} instead of {}", rounds, rounds == 1 ? "" : "s", published);
}

std::optional<StudyRun> train_rounds(const StudyVariant& variant, StudyContext& context, const Rounds& rounds,
                                     const std::function<void(Trainer&, StudyRun&)>& more) {
  const std::int64_t per_round =
      rounds.epochs_per_round * batches_per_epoch(rounds.train->size(), {.batch_size = rounds.batch_size});
  const bool normalizes = !normalizations(variant.model).empty();
  const auto after_step = [&](const StepEnd& step, Trainer& trainer, StudyRun& run) {
    const auto x = static_cast<double>(step.step);
    add_metrics(run, "training", x, step.batch);
    if (static_cast<std::int64_t>(step.step) % per_round != 0) return;
    const Metrics test = trainer.evaluate(*rounds.test).metrics;
    add_metrics(run, "test", x, test);
    if (normalizes && rounds.reestimate_samples > 0) measure_reestimated(x, trainer, rounds, run);
    std::string text = fmt::format("  step {:>4}: training {}; test {}", step.step, to_text(step.batch), to_text(test));
    if (const auto repaired = run.figure("reestimated_accuracy"))
      text += fmt::format("; {:.4f} with re-estimated statistics", *repaired);
    context.observer().line(text);
  };
  StudyTraining training = rounds_training(rounds);
  training.after_step = after_step;
  training.reestimate_samples = rounds.reestimate_samples;
  training.always_reestimates = rounds.reestimate_samples > 0;
  training.figures = [&](Trainer& trainer) {
    return evaluate_all(trainer, {{.what = "test", .data = *rounds.test}, {.what = "train", .data = *rounds.train}});
  };
  auto trained = context.train(variant, training);
  if (!trained) return {};
  auto& [trainer, run] = *trained;
  const Series* loss = run.find_curve("test_loss");
  const auto lowest = std::ranges::min_element(loss->y) - loss->y.begin();
  run.figures["best_test_loss"] = loss->y[static_cast<std::size_t>(lowest)];
  run.figures["best_test_loss_step"] = loss->x[static_cast<std::size_t>(lowest)];
  if (more) more(*trainer, run);
  return std::move(run);
}

LineChart test_accuracy_chart(const StudyResult& result) {
  LineChart chart = curves_chart(
      result, "Accuracy on test data: with moving and with re-estimated statistics", "step", "accuracy",
      {{.series = "test_accuracy"}, {.series = "reestimated_accuracy", .suffix = ", re-estimated", .dashed = true}});
  chart.levels = {{0.1, "chance"}};
  return chart;
}

LineChart test_loss_chart(const StudyResult& result, const std::vector<CurvesOf>& curves) {
  LineChart chart = curves_chart(result, "Loss on test data", "step", "cross-entropy", curves);
  chart.caption = "Where it rises while the training loss falls, the network overfits.";
  return chart;
}

LineChart training_loss_chart(const StudyResult& result) {
  return curves_chart(result, "Training loss of each batch", "step", "cross-entropy", {{.series = "training_loss"}});
}

void append_convolutions(Model& model, const std::vector<int>& filters, std::optional<double> momentum) {
  model.append(Rescaling{.scale = 1.0 / 255.0});
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (momentum) model.append(BatchNormalization{.momentum = *momentum, .unbiased_moving_variance = true});
    model.append(Conv2D{
        .filters = filters[i], .kernel_size = 3, .strides = i == 0 ? 2 : 1, .activation = ActivationFunction::relu});
  }
}

}  // namespace evenkeel
