#include "evenkeel/studies/run_study.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "evenkeel/distributed/thread_group.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/runs/open_model.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/speedup.h"
#include "evenkeel/studies/study_json.h"
#include "tests/studies/study_test.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

class RunStudy : public testing::Test {
 protected:
  RunStudy() : data_{.train = make_strokes(false, 100), .test = make_strokes(true, 40)} {}

  StudyResult run(Watcher& watcher, bool resume = false, std::vector<std::uint64_t> seeds = {0, 1},
                  const std::string& out = "out") {
    const PlacementStudy study({}, data_, {.epochs = 2, .batch_size = 25});
    return run_study(study, {}, data_,
                     {.seeds = std::move(seeds), .compute = {.threads = 1}, .out = folder_ / out, .resume = resume},
                     watcher, watcher.stop.get_token());
  }
  std::string text(const std::string& file) const {
    std::ifstream in(folder_ / file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TestFolder folder_;
  StudyData data_;
};

TEST_F(RunStudy, TrainsEveryVariantWithTheFirstSeedBeforeTheNext) {
  Watcher watcher;
  const StudyResult result = run(watcher);
  EXPECT_EQ(watcher.begun, std::vector<std::string>({"before", "after", "none", "before", "after", "none"}));
  for (const StudyVariant& variant : result.variants) {
    ASSERT_EQ(variant.runs.size(), 2u);
    EXPECT_EQ(variant.runs[1].seed, 1u);
    EXPECT_EQ(variant.runs[0].steps, 8);
  }
}

TEST_F(RunStudy, LeavesARunFolderPerRunThatCanBeEvaluated) {
  Watcher watcher;
  run(watcher);
  for (const char* name : {"before-seed0", "after-seed1"}) {
    const OpenedModel model = open_model(folder_ / "out" / name);
    EXPECT_EQ(model.weights, folder_ / "out" / name / "weights.safetensors");
    EXPECT_TRUE(read_run(folder_ / "out" / name).finished);
  }
}

TEST_F(RunStudy, InterruptedAtAnyRunEndsWithTheSameNumbersWhenResumed) {
  Watcher whole_watcher;
  const StudyResult whole = run(whole_watcher, false, {0}, "whole");
  for (const std::int64_t stop_after : {3, 8, 13, 23}) {
    const std::string out = "stopped-" + std::to_string(stop_after);
    Watcher first, second;
    first.stop_after = stop_after;
    run(first, false, {0}, out);
    const StudyResult resumed = run(second, true, {0}, out);
    EXPECT_EQ(second.kept, stop_after >= 16 ? 2 : stop_after >= 8 ? 1 : 0);
    for (std::size_t v = 0; v < 3; ++v)
      EXPECT_EQ(figures_text(resumed.variants[v].runs.at(0)), figures_text(whole.variants[v].runs.at(0)));
  }
}

TEST_F(RunStudy, WritesOverProcessesWhatOneProcessWrites) {
  Watcher alone;
  const StudyResult one = run(alone, false, {0, 1}, "one");
  StudyResult several;
  ThreadGroup::run(3, [&](Communicator& among) {
    const PlacementStudy study({}, data_, {.epochs = 2, .batch_size = 25});
    Watcher watcher;
    const StudyResult result =
        run_study(study, {}, data_,
                  {.seeds = {0, 1}, .compute = {.threads = 1}, .out = folder_ / "several", .among = &among}, watcher);
    EXPECT_EQ(watcher.begun.size(), 2u);  // of six
    if (among.is_first())
      several = result;
    else
      EXPECT_TRUE(result.variants[0].runs.empty());
  });
  for (std::size_t v = 0; v < 3; ++v)
    for (std::size_t r = 0; r < 2; ++r)
      EXPECT_EQ(figures_text(several.variants[v].runs.at(r)), figures_text(one.variants[v].runs.at(r)));
  for (const char* file : {"study.json", "before-seed0/weights.safetensors", "none-seed1/result.json"})
    EXPECT_FALSE(text(std::string("several/") + file).empty()) << file;
  EXPECT_EQ(text("several/before-seed0/weights.safetensors"), text("one/before-seed0/weights.safetensors"));
}

TEST_F(RunStudy, ResumedWithOtherDataIsRefused) {
  Watcher watcher;
  run(watcher);
  data_.train = make_strokes(false, 100, 7);
  EXPECT_SAYS(error_of([&] { run(watcher, true); }), "the settings and data that the study began with");
}

TEST_F(RunStudy, ADamagedResultIsNamed) {
  Watcher watcher;
  run(watcher);
  std::ofstream(folder_ / "out" / "after-seed0" / "result.json") << "{\"half\": ";
  EXPECT_SAYS(error_of([&] { run(watcher, true); }), "after-seed0/result.json");
}

TEST_F(RunStudy, StopsBeforeItBegins) {
  Watcher watcher;
  watcher.stop.request_stop();
  const StudyResult result = run(watcher);
  for (const StudyVariant& variant : result.variants) EXPECT_TRUE(variant.runs.empty());
}

TEST_F(RunStudy, ItsJsonReadsBack) {
  Watcher watcher;
  const StudyResult result = run(watcher);
  const std::string written = json_of(result).dump();
  const StudyResult read = study_result_of(nlohmann::ordered_json::parse(written), "here");
  EXPECT_EQ(json_of(read).dump(), written);
  EXPECT_EQ(nlohmann::ordered_json::parse(text("out/study.json")), json_of(result));
}

TEST(StudyJson, KeepsWhatTheDoctorFoundAndReestimated) {
  const PlacementStudy study({}, {.train = make_strokes(false, 50), .test = make_strokes(true, 10)}, {});
  StudyResult result = made_result(study, "test_accuracy", {{0.5, 0.25}});
  add_reestimated(result, "before", "test_accuracy", {0.75});
  add_finding(result, "before", "lagging", Severity::warning);
  const auto json = json_of(result);
  EXPECT_EQ(json["variants"][0]["reestimated"]["test_accuracy"], 0.5);  // the other run as it is
  EXPECT_EQ(json["variants"][0]["runs"][0]["findings"][0]["severity"], "warning");
  const StudyResult read = study_result_of(json, "here");
  EXPECT_EQ(json_of(read), json);
  EXPECT_EQ(read.variants[0].runs[1].findings.at(0).cause, "the cause of lagging");
}

TEST(StudyJson, WithoutFindingsIsThatOfAnEarlierVersion) {
  const SpeedupStudy study({}, {.train = make_strokes(false, 50), .test = make_strokes(true, 10)}, {});
  StudyResult result = made_result(study, "test_accuracy", {{0.6}, {0.1}});
  add_figure(result, "batch_norm", "reestimated_accuracy", {0.4});
  result.variants[1].runs[0].curve("reestimated_loss").y = {1.9, 1.5};
  auto json = json_of(result);
  for (auto& variant : json["variants"])
    for (auto& run : variant["runs"]) {
      run.erase("reestimated");
      run.erase("findings");
    }
  const StudyResult read = study_result_of(json, "here");
  EXPECT_EQ(read.variants[1].runs[0].reestimated, (Figures{{"test_accuracy", 0.4}, {"test_loss", 1.5}}));
  EXPECT_TRUE(read.variants[0].runs[0].reestimated.empty());
}

TEST(StudyJson, OfSomethingElseIsRefusedByName) {
  EXPECT_SAYS(error_of([] { study_result_of({{"study", "depth"}}, "runs/x/study.json"); }), "runs/x/study.json");
}

TEST(StudyJson, HasTheMeanOverTheSeedsOfEveryFigure) {
  const PlacementStudy study({}, {.train = make_strokes(false, 50), .test = make_strokes(true, 10)}, {});
  const auto json = json_of(made_result(study, "test_accuracy", {{0.5, 0.75}}));
  EXPECT_EQ(json["variants"][0]["name"], "before");
  EXPECT_EQ(json["variants"][0]["test_accuracy"], 0.625);
}

TEST(StudyJson, HasNoMeanWhereARunLacksTheFigureOrHasNoNumberForIt) {
  const PlacementStudy study({}, {.train = make_strokes(false, 50), .test = make_strokes(true, 10)}, {});
  StudyResult result = made_result(study, "test_accuracy", {{0.5, 0.75}, {0.5, std::nan("")}, {0.5, 0.75}});
  result.variants[2].runs[1].figures.clear();
  const auto json = json_of(result);
  EXPECT_TRUE(json["variants"][0]["test_accuracy"].is_number());
  EXPECT_TRUE(json["variants"][1]["test_accuracy"].is_null());
  EXPECT_TRUE(json["variants"][2]["test_accuracy"].is_null());
}

TEST(MakeStudy, RefusesSweptValuesThatAreNoNumbersAboveZeroOrNamedTwice) {
  const StudyData data{.train = make_strokes(false, 100), .test = make_strokes(true, 40)};
  const auto refusal = [&](const std::vector<double>& values) {
    return error_of([&] { make_study("placement", {.sweep = StudySweep{"learning_rate", values}}, data); });
  };
  for (const double bad : {-1.0, 0.0, std::nan(""), HUGE_VAL})
    EXPECT_SAYS(refusal({0.001, bad}), "learning_rate: expected numbers above 0");
  EXPECT_SAYS(refusal({0.001, 0.01, 0.001}), "expected every value once, received 0.001 twice");
  EXPECT_SAYS(refusal({0.01, 0.01 + 1e-12}), "0.01 twice");  // they would share a folder
  EXPECT_SAYS(refusal({}), "expected values, received none");
}

TEST(MakeStudy, RefusesWhatItDoesNotKnow) {
  const StudyData data{.train = make_strokes(false, 100), .test = make_strokes(true, 40)};
  EXPECT_SAYS(error_of([&] { make_study("deep", {}, data); }), "depth");
  EXPECT_SAYS(error_of([&] { make_study("dropout", {.sweep = StudySweep{"rate", {0.1}}}, data); }), "no sweep");
  EXPECT_SAYS(error_of([&] { make_study("placement", {.sweep = StudySweep{"rate", {0.1}}}, data); }), "learning_rate");
}

}  // namespace
}  // namespace evenkeel
