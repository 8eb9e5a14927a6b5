#include <limits>

#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// Everything here ends with exit code 2 and says what is wrong.
class BadInput : public App {
 protected:
  void write_model(const std::string& before, const std::string& after) {
    std::string text = kSmallModel;
    text.replace(text.find(before), before.size(), after);
    write("model.toml", text);
  }
  std::string train_refusal(const std::string& data = "data.npz") {
    return refusal({"train", "model.toml", "--data", data, "--out", "run"});
  }
};

TEST_F(BadInput, AModelFileThatDoesNotExist) { EXPECT_SAYS(refusal({"summary", "no-such.toml"}), "no-such.toml"); }

TEST_F(BadInput, AnInstructionSetThatTheProcessorLacksWhateverTheCommand) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"summary", "model.toml"}, {"plan", "model.toml", "--threads", "2"}, {"data", "list"}, {"study", "depth"}})
    EXPECT_SAYS(refusal(command, {"env", "EVENKEEL_ISA=avx1024"}),
                "EVENKEEL_ISA: expected an instruction set of this processor (sse4");
}

TEST_F(BadInput, AnUnknownLayer) {
  write_model("\"Dropout\"", "\"Dropuot\"");
  EXPECT_SAYS(refusal({"summary", "model.toml"}), "Did you mean \"Dropout\"?");
}

TEST_F(BadInput, AnUnknownKey) {
  write_model("kernel_size", "kernal_size");
  EXPECT_SAYS(refusal({"summary", "model.toml"}), "Did you mean \"kernel_size\"?");
}

TEST_F(BadInput, AnUnknownLoss) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--loss", "binary_crosentropy"}),
              "Did you mean \"binary_crossentropy\"?");
}

TEST_F(BadInput, NoLossToEvaluateBy) {
  train("a");
  write_model("loss = \"sparse_categorical_crossentropy\"\n", "");
  EXPECT_SAYS(refusal({"evaluate", "model.toml", "--weights", "a/weights.safetensors", "--data", "data.npz"}),
              "--loss");
}

TEST_F(BadInput, AnOptimizersFieldThatItDoesNotHave) {
  write_model("learning_rate = 0.01", "momentum = 0.9");
  EXPECT_SAYS(train_refusal(), "\"momentum\"");
}

TEST_F(BadInput, LayersThatDoNotFit) {
  write_model("type = \"Flatten\"", "type = \"Activation\"");
  EXPECT_SAYS(train_refusal(), "dense");
}

TEST_F(BadInput, DataOfAnotherShape) { EXPECT_SAYS(train_refusal("strokes:test[:50]"), "[N, 6, 6, 1]"); }

TEST_F(BadInput, ATruncatedDataFile) {
  write("data.npz", read("data.npz").substr(0, 700));
  EXPECT_SAYS(train_refusal(), "data.npz");
}

TEST_F(BadInput, TruncatedWeights) {
  train("a");
  write("a/weights.safetensors", read("a/weights.safetensors").substr(0, 900));
  EXPECT_SAYS(refusal({"evaluate", "a", "--data", "data.npz"}), "weights.safetensors");
}

TEST_F(BadInput, LabelsOutsideTheClasses) {
  write_data("data.npz", 40, [](Tensor&, Tensor& y) { y.as<std::int32_t>()[7] = 3; });
  EXPECT_SAYS(train_refusal(), "classes");
}

TEST_F(BadInput, NegativeLabels) {
  write_data("data.npz", 40, [](Tensor&, Tensor& y) { y.as<std::int32_t>()[7] = -1; });
  EXPECT_SAYS(train_refusal(), "-1");
}

TEST_F(BadInput, AnEmptySet) {
  write_data("data.npz", 0);
  EXPECT_SAYS(train_refusal(), "data.npz: expected at least one sample");
}

TEST_F(BadInput, ABatchLargerThanTheSet) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--batch-size", "41"}), "batch size");
}

TEST_F(BadInput, AWarmUpLongerThanTheRunLeavesNoFolder) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--out", "run", "--schedule", "cosine",
                       "--warmup-steps", "1000", "--steps", "5"}),
              "lower warmup_steps");
  EXPECT_FALSE(exists("run"));
}

TEST_F(BadInput, NaNInTheData) {
  write_data("data.npz", 40, [](Tensor& x, Tensor&) {
    x = converted(x, DType::float32);
    x.as<float>()[100] = std::numeric_limits<float>::quiet_NaN();
  });
  EXPECT_SAYS(train_refusal(), "NaN");
}

TEST_F(BadInput, AFolderThatCannotBeMade) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--out", "data.npz/run"}), "data.npz/run");
}

TEST_F(BadInput, ARunFolderWithoutWeights) {
  train("a");
  std::filesystem::remove(folder_ / "a/weights.safetensors");
  std::filesystem::remove_all(folder_ / "a/checkpoints");
  EXPECT_SAYS(refusal({"evaluate", "a", "--data", "data.npz"}), "weights.safetensors");
}

TEST_F(BadInput, AModelFileWithoutWeightsToEvaluate) {
  EXPECT_SAYS(refusal({"evaluate", "model.toml", "--data", "data.npz"}), "--weights");
}

TEST_F(BadInput, AnImageOfAnotherSize) {
  train("a");
  run({"data", "show", "strokes:test[:1]", "--output", "image.png"});
  EXPECT_SAYS(refusal({"predict", "a", "--image", "image.png"}), "[N, 6, 6, 1]");
}

TEST_F(BadInput, NothingToPredict) {
  train("a");
  EXPECT_SAYS(refusal({"predict", "a"}), "--data or --image");
}

}  // namespace
}  // namespace evenkeel
