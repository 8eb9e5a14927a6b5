#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

/// The samples of these classes, of others.
Dataset of_classes(const Dataset& data, std::int32_t first, std::int32_t end, bool sorted = false) {
  std::vector<std::uint32_t> rows;
  const auto labels = data.y().as<std::int32_t>();
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= first && labels[i] < end) rows.push_back(static_cast<std::uint32_t>(i));
  if (sorted) std::ranges::stable_sort(rows, {}, [&](std::uint32_t i) { return labels[i]; });
  return selected(data, rows, data.name());
}

std::unique_ptr<Trainer> trained_on(const Model& model, const Dataset& data) {
  auto trainer = std::make_unique<Trainer>(
      model, TrainerOptions{.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
  trainer->fit(data, {.steps = 120});
  return trainer;
}

TEST(MissingClasses, AreTheCauseWhereTrainingNeverSawWhatTheDataHave) {
  for (const Sequential& model : small_models()) {
    const Dataset train = of_classes(small_data().train, 0, 7, true), rest = of_classes(small_data().test, 5, 10, true);
    const auto trainer = trained_on(model, train);
    const Diagnosis d =
        diagnose(trainer->network(), {.data = rest, .train_data = train, .records = {.batch_size = 50}});
    const Finding* found = finding_of(d, "missing-classes");
    ASSERT_TRUE(found) << told(d);
    EXPECT_EQ(found->severity, Severity::error);
    EXPECT_EQ(found->certainty.level, Confidence::sure);
    EXPECT_SAYS(found->cause, "no sample of class 7 (");
    EXPECT_SAYS(found->cause, ", which 3");
    EXPECT_SAYS(found->cause, "sorted by class");
    EXPECT_LT(found->cost->accuracy->value, -0.2);
    for (const char* not_that : {"overfitting", "class-order", "small-batch"})
      EXPECT_FALSE(finding_of(d, not_that)) << not_that << '\n' << told(d);
    EXPECT_EQ(d.cells.gap, FourCells::Gap::other_data);
  }
}

TEST(MissingClasses, ExplainAlsoDataOfOneUnknownClass) {
  const Dataset train = of_classes(small_data().train, 0, 9), rest = one_class(small_data().test, 9);
  const auto trainer = trained_on(small_mlp(), train);
  const Diagnosis d = diagnose(trainer->network(), {.data = rest, .train_data = train});
  EXPECT_EQ(summary_of(d.findings.front()), "missing-classes error") << told(d);
  EXPECT_FALSE(finding_of(d, "overfitting")) << told(d);
}

TEST(MissingClasses, AreGoodToKnowWhereTheDataHaveFewerThanTraining) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    const Diagnosis d =
        diagnose(trainer->network(), {.data = of_classes(small_data().test, 0, 5), .train_data = small_data().train});
    ASSERT_TRUE(finding_of(d, "missing-classes")) << told(d);
    EXPECT_EQ(finding_of(d, "missing-classes")->severity, Severity::info);
    EXPECT_EQ(alarms(d), 0) << told(d);
  }
}

TEST(MissingClasses, AreNotThereWhereBothSetsHaveAll) {
  EXPECT_EQ(summaries_of(judged(missing_classes, trained(small_mlp(), 20)->network())), Summaries());
}

TEST(MissingClasses, AreThoseThatHaveANameAndNoSample) {
  const Dataset some = of_classes(small_data().test, 0, 9);
  const Dataset named({.name = "named",
                       .x = Tensor::copy_of(some.x()),
                       .y = Tensor::copy_of(some.y()),
                       .class_names = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}});
  const auto findings = judged_on(missing_classes, trained(small_mlp(), 20)->network(), {.data = named});
  ASSERT_EQ(summaries_of(findings), Summaries{"missing-classes info"});
  EXPECT_SAYS(findings[0].cause, "\"j\"");
}

}  // namespace
}  // namespace evenkeel
