#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// A trained run, and what it predicts.
class Expect : public App {
 protected:
  Expect() {
    train("run");
    run({"predict", "run", "--data", "data.npz", "--output", "outputs.npz"});
  }
  nlohmann::json expectation(const std::string& data) {
    return run_json({"doctor", "run", "--data", data, "--expect", "outputs.npz"}).at("expectation");
  }
};

TEST_F(Expect, OutputsOfTheSameNetworkAreEqual) { EXPECT_EQ(expectation("data.npz").at("equal"), true); }

TEST_F(Expect, AnotherPreparationIsExplained) {
  write_data("inverted.npz", 40, [](Tensor& x, Tensor&) {
    for (std::uint8_t& pixel : x.as<std::uint8_t>()) pixel = static_cast<std::uint8_t>(255 - pixel);
  });
  const auto e = expectation("inverted.npz");
  EXPECT_EQ(e.at("equal"), false);
  EXPECT_SAYS(e.at("explanation").get<std::string>(), "subtracted from 255");
  EXPECT_GT(e.at("difference").get<double>(), 1e-3);
}

TEST_F(Expect, ADifferenceIsExitCode1WithStrict) {
  write_data("inverted.npz", 40, [](Tensor& x, Tensor&) {
    for (std::uint8_t& pixel : x.as<std::uint8_t>()) pixel = static_cast<std::uint8_t>(255 - pixel);
  });
  EXPECT_EQ(run({"doctor", "run", "--data", "inverted.npz", "--expect", "outputs.npz", "--strict"}).code, 1);
}

TEST_F(Expect, NeedsNoLabels) {
  Tensor x = formats::read_npz(folder_ / "data.npz").at("x").clone();
  formats::write_npz(folder_ / "unlabelled.npz", {{"x", x}});
  EXPECT_EQ(expectation("unlabelled.npz").at("equal"), true);
  EXPECT_SAYS(run({"doctor", "run", "--data", "unlabelled.npz", "--expect", "outputs.npz"}).out,
              "Nothing else was checked: the data have no labels or targets.");
}

TEST_F(Expect, AFileWithoutOutputsIsRefused) {
  EXPECT_SAYS(refusal({"doctor", "run", "--data", "data.npz", "--expect", "data.npz"}), "outputs");
}

using TrainWithDoctor = App;

TEST_F(TrainWithDoctor, WarnsOfANumberThatIsNone) {
  const auto result = run({"train", "model.toml", "--data", "data.npz", "--learning-rate", "1e30", "--epochs", "3",
                           "--doctor", "--out", "run", "--json"});
  EXPECT_SAYS(result.err, "not-finite");
  const auto findings = nlohmann::json::parse(result.out).at("findings");
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].at("severity"), "error");
}

TEST_F(TrainWithDoctor, EndsWithTheSameWeights) {
  train("a");
  run({"train", "model.toml", "--data", "data.npz", "--doctor", "--out", "b", "--threads", "1"});
  EXPECT_EQ(read("a/weights.safetensors"), read("b/weights.safetensors"));
}

}  // namespace
}  // namespace evenkeel
