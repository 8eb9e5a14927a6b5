#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

class Bench : public App {
 protected:
  nlohmann::json measure(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"bench", "model.toml", "--steps", "2", "--threads", "1"});
    return run_json(more);
  }
};

TEST_F(Bench, TellsWhatMachinesReadOfAModel) {
  const auto result = measure();
  EXPECT_EQ(result.at("workload"), "small");
  EXPECT_EQ(result.at("precision"), "float32");
  EXPECT_EQ(result.at("threads"), 1);
  EXPECT_EQ(result.at("batch_size"), 8);
  for (const char* key : {"step_ms", "images_per_s", "peak_share", "evaluate_ms", "peak_gflops", "arena_bytes",
                          "resident_bytes", "flops", "bytes"})
    EXPECT_GT(result.at(key).get<double>(), 0) << key;
}

TEST_F(Bench, MeasuresPredictionsOfBatchesAndOfSingleSamples) {
  const auto result = measure({"--predict"});
  EXPECT_EQ(result.at("batch_size"), 8);
  for (const char* key : {"predict_ms", "predict_one_ms", "images_per_s"}) EXPECT_GT(result.at(key).get<double>(), 0);
  EXPECT_FALSE(result.contains("step_ms"));
}

TEST_F(Bench, TellsHowEachOpStands) {
  for (const auto& op : measure().at("ops"))
    if (!op.at("kernel").get<std::string>().empty()) {
      EXPECT_TRUE(op.at("bound_by") == "arithmetic" || op.at("bound_by") == "memory") << op;
    }
}

TEST_F(Bench, TakesAnotherBatch) { EXPECT_EQ(measure({"--batch-size", "3"}).at("batch_size"), 3); }

TEST_F(Bench, KnowsItsWorkloadsWithoutAnyFile) {
  const auto result = run_json({"bench", "--workload", "W3", "--batch-size", "2", "--steps", "1", "--threads", "1"});
  EXPECT_EQ(result.at("workload"), "W3");
}

TEST_F(Bench, WithoutAModelMeasuresAllWorkloads) {
  const auto result = run_json({"bench", "--batch-size", "2", "--steps", "1", "--threads", "1"});
  EXPECT_EQ(result.at("workloads").size(), 3u);
}

TEST_F(Bench, PrintsATable) {
  const auto result = run({"bench", "model.toml", "--steps", "1", "--threads", "1"});
  EXPECT_SAYS(result.out, "images/s");
  EXPECT_SAYS(result.out, "small");
}

TEST_F(Bench, DrawsAPicture) {
  measure({"--svg", "time.svg"});
  EXPECT_TRUE(read("time.svg").starts_with("<svg"));
}

TEST_F(Bench, RefusesAWorkloadBesideAModel) {
  EXPECT_SAYS(refusal({"bench", "model.toml", "--workload", "W1"}), "--workload");
}

TEST_F(Bench, NamesTheWorkloadsThereAre) { EXPECT_SAYS(refusal({"bench", "--workload", "W9"}), "W1"); }

TEST_F(Bench, RefusesABatchThatDoesNotFitIntoMemory) {
  EXPECT_SAYS(failure(3, {"bench", "model.toml", "--batch-size", "10000000000"}), "bytes needed");
}

}  // namespace
}  // namespace evenkeel
