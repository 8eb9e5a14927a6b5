#include <algorithm>
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

// Forced, so that it runs, slowly, on processors without bfloat16 too.
class PrecisionFlag : public App {
 protected:
  std::vector<std::string> with(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--precision", "bfloat16", "--force", "--threads", "1"});
    return arguments;
  }
  void train_in_bfloat16() {
    const auto result = run(with({"train", "model.toml", "--data", "data.npz", "--out", "run"}));
    ASSERT_EQ(result.code, 0) << result.err;
  }
};

TEST_F(PrecisionFlag, IsRecordedWithTheRun) {
  train_in_bfloat16();
  EXPECT_EQ(nlohmann::json::parse(read("run/run.json"))["precision"], "bfloat16");
  EXPECT_SAYS(read("run/model.toml"), "precision = \"bfloat16\"");
}

TEST_F(PrecisionFlag, CannotChangeWhenARunGoesOn) {
  train_in_bfloat16();
  EXPECT_SAYS(refusal({"train", "run", "--resume", "--epochs", "2", "--precision", "float32", "--threads", "1"}),
              "precision bfloat16 as before");
}

TEST_F(PrecisionFlag, GoesForEvaluationAndPrediction) {
  train("run");
  const auto exact = run_json({"evaluate", "run", "--data", "data.npz", "--threads", "1"}),
             narrow = run_json(with({"evaluate", "run", "--data", "data.npz"}));
  EXPECT_NE(narrow["loss"], exact["loss"]);
  EXPECT_NEAR(narrow["loss"].get<double>(), exact["loss"].get<double>(), 0.05);
  EXPECT_EQ(run_json(with({"predict", "run", "--data", "data.npz"}))["samples"], 40);
}

TEST_F(PrecisionFlag, ShowsInThePlanAsCastsOfTheKernels) {
  const auto casts = [this](std::vector<std::string> command) {
    const auto plan = run_json(std::move(command));
    return std::ranges::count_if(plan["lines"], [](const auto& line) { return line["op"] == "cast"; });
  };
  EXPECT_GE(casts(with({"plan", "model.toml"})), 3);  // two kernels and the outputs
  EXPECT_EQ(casts({"plan", "model.toml"}), 0);
}

TEST_F(PrecisionFlag, IsRecordedWithAStudy) {
  const auto result =
      run_json(with({"study", "speedup", "--quick", "--rounds", "1", "--data", "patches", "--out", "s"}));
  EXPECT_EQ(result["precision"], "bfloat16");
  EXPECT_SAYS(refusal({"study", "speedup", "--quick", "--rounds", "1", "--data", "patches", "--out", "s", "--resume",
                       "--threads", "1"}),
              "bfloat16");
}

}  // namespace
}  // namespace evenkeel
