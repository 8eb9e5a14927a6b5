#include <algorithm>

#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// A trained network, and the same with statistics that were never updated.
class Doctor : public App {
 protected:
  Doctor() {
    write_data("many.npz", 600);
    write("spoiled.toml", replaced(kSmallModel, "momentum = 0.9", "momentum = 1.0"));
  }
  static std::string replaced(std::string text, const std::string& old, const std::string& by) {
    return text.replace(text.find(old), old.size(), by);
  }
  void train_on_many(const std::string& model, const std::string& out) {
    const auto result = run({"train", model, "--data", "many.npz", "--epochs", "3", "--out", out, "--threads", "1"});
    ASSERT_EQ(result.code, 0) << result.err;
  }
};

TEST_F(Doctor, NamesCodeLayerCauseEvidenceCostAndRemedy) {
  train_on_many("spoiled.toml", "run");
  const auto json = run_json({"doctor", "run", "--data", "many.npz", "--threads", "1"});
  ASSERT_FALSE(json["findings"].empty()) << json.dump(1);
  const auto& finding = json["findings"][0];
  EXPECT_EQ(finding["code"], "never-updated");
  EXPECT_EQ(finding["severity"], "error");
  EXPECT_EQ(finding["layer"], "batch_normalization");
  EXPECT_FALSE(finding["cause"].get<std::string>().empty());
  EXPECT_GT(finding["evidence"][0]["value"].get<double>(), 0.05);
  EXPECT_GT(finding["cost"]["loss"]["value"].get<double>(), 0);
  EXPECT_EQ(finding["remedy"]["command"],
            "evenkeel repair run --data many.npz --fix never-updated --out repaired.safetensors");
  EXPECT_FALSE(finding["remedy"]["keras"].get<std::string>().empty());
  EXPECT_FALSE(finding["remedy"]["pytorch"].get<std::string>().empty());
  EXPECT_EQ(json["cells"]["gap"], "mode");
}

TEST_F(Doctor, AnswersOnAScreen) {
  train_on_many("spoiled.toml", "run");
  const auto result = run({"doctor", "run", "--data", "many.npz", "--threads", "1"});
  EXPECT_SAYS(result.out, "\nerror    never-updated  batch_normalization: ");
  EXPECT_SAYS(result.out, "\n  evenkeel repair run --data many.npz --fix never-updated --out repaired.safetensors\n");
  EXPECT_FALSE(contains(result.out, "PyTorch")) << result.out;
  EXPECT_FALSE(contains(result.out + result.err, "\x1b")) << "colours or a bar where there is no terminal";
  EXPECT_LE(std::ranges::count(result.out, '\n'), 24) << result.out;
}

/// The command that `run` is given, in a terminal of 100 columns.
std::vector<std::string> on_a_terminal(const std::string& environment) {
  return {"sh", "-c", environment + " script -qec \"stty cols 100; $*\" /dev/null", "sh"};
}

TEST_F(Doctor, HasColoursAndABarOnATerminal) {
  train_on_many("spoiled.toml", "run");
  const std::vector<std::string> doctor = {"doctor", "run", "--data", "many.npz", "--threads", "1"};
  const std::string shown = run(doctor, on_a_terminal("NO_COLOR= TERM=xterm")).out;
  EXPECT_SAYS(shown, "\x1b[1;31merror\x1b[0m    never-updated");
  EXPECT_SAYS(shown, "[>                             ] 1/");
  EXPECT_SAYS(shown, "  moving statistics against those of the data");
  for (const char* environment : {"NO_COLOR=1 TERM=xterm", "NO_COLOR= TERM=dumb"})
    EXPECT_FALSE(contains(run(doctor, on_a_terminal(environment)).out, "\x1b[1;31m")) << environment;
}

TEST_F(Doctor, PrintsTheRemedyAsACommandAndForKerasAndForPytorch) {
  train_on_many("spoiled.toml", "run");
  const auto result = run({"doctor", "run", "--data", "many.npz", "--verbose", "--threads", "1"});
  for (const char* part : {"error  never-updated  batch_normalization", "  cost: loss +",
                           "  evenkeel repair run --data many.npz --fix never-updated --out repaired.safetensors\n",
                           "  Keras:\n      for ", "  PyTorch:\n      for m in model.modules():\n",
                           "torch.optim.swa_utils.update_bn(loader, model)\n", "  docs/doctor/never-updated.md\n"})
    EXPECT_SAYS(result.out, part);
  EXPECT_LT(result.out.find("data, evaluation mode"), result.out.find("never-updated"));
}

TEST_F(Doctor, SaysWhereACostWasNotMeasured) {
  write("biased.toml", replaced(kSmallModel, "use_bias = false", "use_bias = true"));
  train_on_many("biased.toml", "run");
  const auto result = run({"doctor", "run", "--data", "many.npz", "--verbose", "--threads", "1"});
  EXPECT_SAYS(result.out, "info  redundant-bias  conv2d");
  EXPECT_SAYS(result.out, "  cost: not measured\n");
}

TEST_F(Doctor, NamesCommandsThatAShellReadsAsTheyAreMeant) {
  train_on_many("spoiled.toml", "my run");
  write("bare.toml", replaced(kSmallModel, "loss = \"sparse_categorical_crossentropy\"\n", ""));
  const auto json = run_json({"doctor", "bare.toml", "--weights", "my run/weights.safetensors", "--data",
                              "many.npz[:599]", "--loss", "sparse_categorical_crossentropy", "--threads", "1"});
  EXPECT_EQ(json["findings"][0]["remedy"]["command"],
            "evenkeel repair bare.toml --weights 'my run/weights.safetensors' --data 'many.npz[:599]' --loss "
            "sparse_categorical_crossentropy --fix never-updated --out repaired.safetensors");
}

TEST_F(Doctor, TakesTheTrainingDataThatTheRunNames) {
  train_on_many("spoiled.toml", "run");
  write_data("fresh.npz", 550);
  const auto json = run_json({"doctor", "run", "--data", "fresh.npz", "--threads", "1"});
  EXPECT_TRUE(json["cells"]["train_data_evaluation"].is_object());
  EXPECT_EQ(
      json["findings"][0]["remedy"]["command"],
      "evenkeel repair run --data many.npz --validation fresh.npz --fix never-updated --out repaired.safetensors");
}

TEST_F(Doctor, LeavesOutTrainingDataThatAreNoLongerWhatTheyWere) {
  train_on_many("model.toml", "run");
  write_data("fresh.npz", 550);
  write_data("many.npz", 601);
  const auto result = run({"doctor", "run", "--data", "fresh.npz", "--json", "--threads", "1"});
  EXPECT_SAYS(result.err, "without training data: those of run are not available");
  EXPECT_TRUE(nlohmann::json::parse(result.out)["cells"]["train_data_evaluation"].is_null());
}

TEST_F(Doctor, KnowsTheBatchSizeOfTheModelFile) {
  train_on_many("model.toml", "run");
  write("small.toml", replaced(kSmallModel, "batch_size = 8", "batch_size = 2"));
  const auto result = run({"doctor", "small.toml", "--weights", "run/weights.safetensors", "--data", "many.npz",
                           "--verbose", "--threads", "1"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_FALSE(contains(result.out, "no batch size is known")) << result.out;
  EXPECT_SAYS(result.out, "training mode, batches of 2");
}

TEST_F(Doctor, ComparesExpectedOutputsWithDataThoughThereIsAValidationSet) {
  train_on_many("model.toml", "run");
  write_data("fresh.npz", 550);
  ASSERT_EQ(run({"predict", "run", "--data", "many.npz", "--output", "expected.npz", "--threads", "1"}).code, 0);
  const auto json = run_json({"doctor", "run", "--data", "many.npz", "--validation", "fresh.npz", "--expect",
                              "expected.npz", "--threads", "1"});
  EXPECT_EQ(json["expectation"]["equal"], true);
  EXPECT_EQ(json["expectation"]["samples"], 600);
}

TEST_F(Doctor, IsStrictOnlyWhenAsked) {
  train_on_many("spoiled.toml", "run");
  EXPECT_EQ(run({"doctor", "run", "--data", "many.npz", "--threads", "1"}).code, 0);
  EXPECT_EQ(run({"doctor", "run", "--data", "many.npz", "--strict", "--threads", "1"}).code, 1);
}

TEST_F(Doctor, SaysThatNothingWasFoundAndWhatWasChecked) {
  train_on_many("model.toml", "run");
  const auto result = run({"doctor", "run", "--data", "many.npz", "--strict", "--threads", "1"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_SAYS(result.out, "Checked with 600 samples: ");
}

TEST_F(Doctor, WritesAPage) {
  train_on_many("spoiled.toml", "run");
  const auto result = run({"doctor", "run", "--data", "many.npz", "--html", "page.html", "--threads", "1"});
  EXPECT_EQ(result.code, 0) << result.err;
  const std::string page = read("page.html");
  EXPECT_SAYS(page, "Moving statistics were never updated");
  EXPECT_SAYS(page, "torch.optim.swa_utils.update_bn(loader, model)");
  EXPECT_SAYS(page, "docs/doctor/never-updated.md");
  EXPECT_SAYS(refusal({"doctor", "run", "--data", "many.npz", "--html", "page.txt"}), ".html");
}

TEST_F(Doctor, RefusesDataThatDoNotFit) {
  train_on_many("model.toml", "run");
  Tensor x({20, 5, 5, 1}, DType::uint8), y({20}, DType::int32);
  std::ranges::fill(x.as<std::uint8_t>(), std::uint8_t{1});
  std::ranges::fill(y.as<std::int32_t>(), 0);
  formats::write_npz(folder_ / "other.npz", {{"x", x.view()}, {"y", y.view()}});
  EXPECT_SAYS(refusal({"doctor", "run", "--data", "other.npz"}), "[N, 6, 6, 1]");
}

TEST_F(Doctor, SaysThatThereIsOneClassOnly) {
  train_on_many("model.toml", "run");
  write_data("one.npz", 600, [](Tensor&, Tensor& y) { std::ranges::fill(y.as<std::int32_t>(), 2); });
  const auto json = run_json({"doctor", "run", "--data", "one.npz", "--threads", "1"});
  EXPECT_EQ(json["notes"][0], "All 600 samples of \"one.npz\" are of class 2: scores are those of this class alone.");
}

TEST_F(Doctor, RefusesAModelWithoutWeights) {
  EXPECT_SAYS(refusal({"doctor", "model.toml", "--data", "many.npz"}), "--weights");
}

TEST_F(Doctor, RefusesAFolderThatIsNoRun) {
  train_on_many("model.toml", "run");
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_SAYS(refusal({"doctor", "run", "--data", "many.npz", "--run", "empty"}), "empty");
}

}  // namespace
}  // namespace evenkeel
