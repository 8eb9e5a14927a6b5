#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

constexpr const char* kTwoInputs = R"(name = "two"
outputs = ["classes", "aux"]

[inputs]
image = [6, 6, 1]
age = [2]

[[layer]]
type = "Conv2D"
name = "conv"
filters = 4
use_bias = false

[[layer]]
type = "BatchNormalization"
name = "norm"
momentum = 0.8

[[layer]]
type = "Flatten"
name = "flat"

[[layer]]
type = "Dense"
name = "aux"
units = 3

[[layer]]
type = "Concatenate"
name = "joined"
inputs = ["flat", "age"]

[[layer]]
type = "Dense"
name = "classes"
units = 3

[training]
loss = "sparse_categorical_crossentropy"
loss_weights = [1, 0.3]
batch_size = 8
)";

class SeveralInputs : public App {
 protected:
  SeveralInputs() {
    write("two.toml", kTwoInputs);
    Tensor image({60, 6, 6, 1}, DType::uint8), age({60, 2}, DType::float32), y({60}, DType::int32);
    for (std::size_t i = 0; i < 60; ++i) {
      y.as<std::int32_t>()[i] = static_cast<std::int32_t>(i * i % 3);
      age.as<float>()[2 * i] = static_cast<float>(i * i % 3);
      for (std::size_t k = 0; k < 36; ++k)
        image.as<std::uint8_t>()[36 * i + k] = static_cast<std::uint8_t>((7 * i + 13 * k) % 50);
    }
    formats::write_npz(folder_ / "two.npz", {{"image", image}, {"age", age}, {"y", y}});
  }
  void train_two() {
    const auto result = run({"train", "two.toml", "--data", "two.npz", "--epochs", "2", "--out", "two", "--quiet"});
    ASSERT_EQ(result.code, 0) << result.err;
  }
};

TEST_F(SeveralInputs, AreTrainedEvaluatedAndDiagnosed) {
  train_two();
  EXPECT_SAYS(read("two/model.toml"), "outputs = [\"classes\", \"aux\"]\n\n[inputs]\nimage = [6, 6, 1]\n");
  EXPECT_EQ(run_json({"evaluate", "two", "--data", "two.npz"}).at("samples"), 60);
  const auto found = run_json({"doctor", "two", "--data", "two.npz"});
  EXPECT_TRUE(found.at("findings").is_array());
  EXPECT_EQ(run({"train", "two", "--resume", "--epochs", "3", "--quiet"}).code, 0);
  EXPECT_EQ(run({"report", "two", "--quiet"}).code, 0);
}

TEST_F(SeveralInputs, AreSummarizedAndPlanned) {
  const auto summary = run_json({"summary", "two.toml"});
  EXPECT_EQ(summary.at("outputs"), (nlohmann::json{"classes", "aux"}));
  EXPECT_EQ(summary.at("layers").at(1).at("name"), "age");
  EXPECT_EQ(run({"plan", "two.toml", "--mode", "evaluate", "--time"}).code, 0);
}

TEST_F(SeveralInputs, AreMissedInDataThatHaveOne) {
  train_two();
  EXPECT_SAYS(refusal({"evaluate", "two", "--data", "data.npz"}),
              "data.npz: expected the arrays image [N, 6, 6, 1], age [N, 2], for the model's inputs, received x, y");
  EXPECT_SAYS(refusal({"train", "two.toml", "--data", "strokes", "--out", "none"}),
              "expected samples for the inputs image, age of the model \"two\", received samples for one input");
}

TEST_F(SeveralInputs, ArePredictedWithTheOtherOutputsUnderTheirNames) {
  train_two();
  EXPECT_EQ(run({"predict", "two", "--data", "two.npz", "--output", "p.npz"}).code, 0);
  const auto arrays = formats::read_npz(folder_ / "p.npz");
  EXPECT_EQ(arrays.at("outputs").shape(), (Shape{60, 3}));
  EXPECT_EQ(arrays.at("classes").shape(), (Shape{60}));
  EXPECT_EQ(arrays.at("aux").shape(), (Shape{60, 3}));
}

class RunCommand : public SeveralInputs {};

TEST_F(RunCommand, WritesAllOutputsByTheNamesOfTheirLayers) {
  train_two();
  const auto result = run_json({"run", "two", "--inputs", "two.npz", "--outputs", "out.npz"});
  EXPECT_EQ(result.at("outputs").at("aux"), (nlohmann::json{60, 3}));
  const auto arrays = formats::read_npz(folder_ / "out.npz");
  EXPECT_EQ(arrays.size(), 2u);
  EXPECT_EQ(run({"predict", "two", "--data", "two.npz", "--output", "p.npz"}).code, 0);
  const auto predicted = formats::read_npz(folder_ / "p.npz");
  for (std::size_t i = 0; i < 180; ++i)
    EXPECT_NEAR(arrays.at("classes").as<float>()[i], predicted.at("outputs").as<float>()[i], 1e-3);
}

TEST_F(RunCommand, TakesOneArrayOfAnyNameAndBothModes) {
  train("run");
  formats::write_npz(folder_ / "any.npz", {{"pictures", Tensor({5, 6, 6, 1}, DType::float32)}});
  const std::vector<std::string> arguments = {"run", "run", "--inputs", "any.npz", "--outputs"};
  for (const std::string mode : {"evaluate", "train"}) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {mode + ".npz", "--mode", mode});
    const auto result = run(all);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_SAYS(result.out, "dense   [5, 3]");
  }
  EXPECT_NE(read("evaluate.npz"), read("train.npz"));
}

TEST_F(RunCommand, SaysWhatIsMissing) {
  train_two();
  EXPECT_SAYS(refusal({"run", "two", "--inputs", "data.npz", "--outputs", "out.npz"}),
              "data.npz: expected image [N, 6, 6, 1], age [N, 2], received x [40, 6, 6, 1], y [40]");
  EXPECT_SAYS(refusal({"run", "two", "--inputs", "data.npy", "--outputs", "out.npz"}), "--inputs");
  EXPECT_SAYS(refusal({"run", "two.toml", "--inputs", "two.npz", "--outputs", "out.npz"}), "--weights FILE");
  EXPECT_FALSE(exists("out.npz"));
}

}  // namespace
}  // namespace evenkeel
