#include "evenkeel/diagnose/diagnosis.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"

namespace evenkeel {
namespace {

using ::testing::ElementsAre;

TEST(MostDistant, TakesWhatIsNoNumberForFarthest) {
  std::vector<StatisticsGap> gaps(5);
  for (std::size_t i = 0; i < gaps.size(); ++i) gaps[i].distance = static_cast<double>(i);
  gaps[1].distance = NAN;
  EXPECT_THAT(most_distant(gaps, 2), ElementsAre(1, 4));
}

/// What nothing was recorded for is not checked, and each rule says what it misses.
TEST(Diagnosis, SaysWhatCouldNotBeChecked) {
  const auto trainer = trained(small_mlp());
  const Diagnosis d = diagnosed(trainer->network(), {.train_loss = 0.1});
  EXPECT_SAYS(unchecked_reason(d, "earlier checkpoint"), "no earlier checkpoint");
  EXPECT_SAYS(unchecked_reason(d, "validation loss of the run"), "validation loss");
  EXPECT_SAYS(unchecked_reason(d, "weight decay"), "no weight decay");
  EXPECT_SAYS(unchecked_reason(d, "batch size"), "no batch size");
  EXPECT_SAYS(unchecked_reason(d, "did not shuffle"), "whether training shuffled is not known");
  EXPECT_SAYS(unchecked_reason(d, "first weights"), "not known to be averages");
}

TEST(Diagnosis, ChecksAllThatTheRecordsTell) {
  const auto trainer = trained(small_mlp());
  const Diagnosis d = diagnosed(trainer->network(), {.updates = 120,
                                                     .batch_size = 50,
                                                     .shuffled = true,
                                                     .train_loss = 0.1,
                                                     .validation_loss = 0.2,
                                                     .best_validation_loss = 0.2,
                                                     .training_scores = {.fingerprint = "", .loss = {0.1}},
                                                     .earlier_statistics = moving_statistics(trainer->network()),
                                                     .weight_decay = 0});
  for (const auto& [what, why] : d.unchecked) EXPECT_SAYS(why, "not known to be averages");
}

TEST(Diagnosis, SaysWhatTheFileOfTheNetworkCannotTellAndDoesNotJudgeByIt) {
  const auto trainer = trained(small_convnet(0.99), 60);
  const std::string lost = "The file has no momentum of normalizations: 0.99 was taken.";
  const Diagnosis d = diagnosed(trainer->network(), {.updates = {}, .lost = {lost}});
  EXPECT_THAT(d.notes, ElementsAre(lost));
  EXPECT_SAYS(unchecked_reason(d, "number of updates"), "no number of updates");
  const Finding* lagging = finding_of(d, "lagging");
  ASSERT_TRUE(lagging) << told(d);
  EXPECT_SAYS(lagging->cause, "of their initial values: too few updates for their momentum");
  EXPECT_EQ(lagging->cause.find("0.99"), std::string::npos);
  EXPECT_EQ(lagging->remedy.keras, "");
  ASSERT_EQ(lagging->certainty.unseen.size(), 1u);
  EXPECT_SAYS(lagging->certainty.unseen[0], "the momentum");
  EXPECT_SAYS(unchecked_reason(diagnosed(trainer->network(), {.updates = 60, .lost = {lost}}), "number of updates"),
              "does not tell the momentum");
}

TEST(Diagnosis, NotesEachSetThatIsOfOneClass) {
  const auto trainer = trained(small_mlp(), 20);
  const Diagnosis d = diagnose(
      trainer->network(), {.data = one_class(small_data().test, 3), .train_data = one_class(small_data().train, 3)});
  ASSERT_EQ(d.notes.size(), 2U);
  EXPECT_SAYS(d.notes[0], "of class 3: scores are");
  EXPECT_SAYS(d.notes[1], "of class 3: statistics are");
}

}  // namespace
}  // namespace evenkeel
