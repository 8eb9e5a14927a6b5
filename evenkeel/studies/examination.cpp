#include "evenkeel/studies/examination.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/report/run_answer.h"
#include "evenkeel/studies/artifacts.h"
#include "evenkeel/studies/measure.h"

namespace evenkeel {
namespace {

/// As many as the rule about dead channels needs; the other cheap rules need fewer.
constexpr std::int64_t kSample = 1000;

/// "test accuracy 0.4790, test loss 1.5234"
std::string to_text(const Figures& figures) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : figures) parts.push_back(fmt::format("{} {:.4f}", spoken(name), Number{value}));
  return join(parts);
}

/// The figures with re-estimated statistics. Puts the moving ones back.
Figures reestimated_figures(const StudyTraining& training, Trainer& trainer) {
  const KeptStatistics kept(trainer.network());
  reestimate_statistics(trainer.network(), at_most(*training.data, training.reestimate_samples));
  return training.figures(trainer);
}

}  // namespace

void examine(const StudyTraining& training, Trainer& trainer, StudyRun& run, StudyObserver& observer) {
  if (training.figures) {
    const Figures figures = training.figures(trainer);
    observer.line("  at the end: " + to_text(figures));
    run.figures.insert(figures.begin(), figures.end());
  }
  // Also passed as the training data, so that causes can mention them.
  Subject subject{.data = *training.data, .train_data = *training.data, .samples = kSample};
  subject.records.updates = trainer.steps_done();
  subject.records.batch_size = training.trainer.batch_size;
  run.findings = cheap_findings(trainer.network(), std::move(subject));
  for (const Finding& finding : run.findings)
    if (matters(finding))
      observer.line(fmt::format("  doctor: {} ({}): {}", finding.code, name_of(finding.severity), finding.cause));
  const bool reestimates = training.always_reestimates && !normalizations(trainer.network().model()).empty();
  if (!training.figures || !(reestimates || std::ranges::any_of(run.findings, is_of_statistics))) return;
  run.reestimated = reestimated_figures(training, trainer);
  observer.line("  with re-estimated statistics: " + to_text(run.reestimated));
}

}  // namespace evenkeel
