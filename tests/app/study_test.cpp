#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// The smallest study there is, once for all tests: three variants of 20 steps.
class StudyProgram : public App {
 protected:
  static std::vector<std::string> study(const std::string& out) {
    return {"study", "speedup", "--quick", "--rounds", "1", "--data", "patches", "--threads", "1", "--out", out};
  }
};

TEST_F(StudyProgram, LeavesRunsAReportAndJsonThatResumeAndReportReadAgain) {
  const nlohmann::json first = run_json(study("s"));
  EXPECT_EQ(first["study"], "speedup");
  ASSERT_EQ(first["variants"].size(), 3u);
  for (const auto& variant : first["variants"]) {
    EXPECT_TRUE(variant["test_accuracy"].is_number());
    EXPECT_EQ(variant["steps"], 20);
  }
  for (const char* file : {"s/study.json", "s/report.html", "s/report.json", "s/report.csv",
                           "s/plain-seed0/weights.safetensors", "s/frozen-seed0/result.json"})
    EXPECT_TRUE(exists(file)) << file;
  EXPECT_EQ(nlohmann::json::parse(read("s/study.json")), first);

  auto again = study("s");
  again.emplace_back("--resume");
  const nlohmann::json kept = run_json(again);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(kept["variants"][i]["runs"], first["variants"][i]["runs"]);

  const auto report = run({"report", "s", "--out", "again.html"});
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_SAYS(report.out, "Training loss 1 was");
  EXPECT_SAYS(read("again.html"), "Evaluation: moving statistics against");
}

TEST_F(StudyProgram, RefusesWhatAStudyDoesNotHave) {
  EXPECT_SAYS(refusal({"study", "deep"}), "depth");
  EXPECT_SAYS(refusal({"study", "dropout", "--data", "patches", "--sweep", "rate=0.1"}), "no sweep");
  EXPECT_SAYS(refusal({"study", "depth", "--data", "strokes", "--depth", "4,x"}), "NAME=VALUE");
  EXPECT_SAYS(refusal({"study", "speedup", "--data", "patches", "--sweep", "learning_rate=0.001,-1"}), "above 0");
  EXPECT_SAYS(refusal({"study", "depth", "--data", "strokes", "--depth", "4,4"}), "every value once");
  EXPECT_SAYS(refusal({"study", "depth", "--resume"}), "--out DIR");
  EXPECT_SAYS(refusal({"study", "depth", "--data", "strokes", "--rounds", "3"}), "no rounds");
  EXPECT_SAYS(refusal({"study", "speedup", "--rounds", "0"}), "at least 1, received 0");
  EXPECT_SAYS(refusal({"study", "depth", "--data", "no-such-set"}), "no-such-set");
}

TEST_F(StudyProgram, RefusesBeforeItRunsAnythingWhatIsOneStudysWhereAllAreAskedFor) {
  for (const auto& flag :
       {std::vector<std::string>{"--sweep", "learning_rate=0.1"}, {"--depth", "4,8"}, {"--rounds", "2"}})
    EXPECT_SAYS(refusal({"study", "all", "--quick", "--out", "all", flag[0], flag[1]}),
                flag[0] + ": expected a single study");
  EXPECT_FALSE(exists("all"));
}

}  // namespace
}  // namespace evenkeel
