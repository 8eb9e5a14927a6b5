#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// .npz files as people have them.
class Arrays : public App {
 protected:
  /// The samples of data.npz under other names and labels; `label` makes them of 0, 1 and 2.
  template <class Label>
  void write_arrays(const std::string& file, std::int64_t n, const std::string& x_name, const std::string& y_name,
                    Label label) {
    write_data("plain.npz", n);
    auto arrays = formats::read_npz(folder_ / "plain.npz");
    Tensor& y = arrays.at("y");
    for (std::int32_t& value : y.as<std::int32_t>()) value = label(value);
    formats::write_npz(folder_ / file, {{x_name, arrays.at("x")}, {y_name, y}});
  }

  std::vector<std::string> training(const std::string& data) {
    return {"train", "model.toml", "--data", data, "--threads", "1", "--out", "run"};
  }
};

std::int32_t same(std::int32_t label) { return label; }
std::int32_t one_more(std::int32_t label) { return label + 1; }

TEST_F(Arrays, OfKerasFilesAreSplits) {
  write_data("a.npz", 40);
  write_data("b.npz", 9);
  auto a = formats::read_npz(folder_ / "a.npz"), b = formats::read_npz(folder_ / "b.npz");
  formats::write_npz(folder_ / "keras.npz",
                     {{"x_train", a["x"]}, {"y_train", a["y"]}, {"x_test", b["x"]}, {"y_test", b["y"]}});
  const auto result =
      run({"train", "model.toml", "--data", "keras.npz", "--validation", "keras.npz:test", "--out", "run"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "keras.npz:train: samples are x_train, targets are y_train\n");
  EXPECT_EQ(run_json({"evaluate", "run", "--data", "keras.npz"}).at("samples"), 9);
  EXPECT_EQ(run_json({"data", "info", "keras.npz"}).at("sets").size(), 2);
  EXPECT_SAYS(refusal({"evaluate", "run", "--data", "keras.npz:tset"}), "Did you mean \"test\"?");
}

TEST_F(Arrays, OfOtherNamesAreFound) {
  write_arrays("named.npz", 40, "images", "labels", same);
  const auto result = run(training("named.npz"));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "samples are images, targets are labels");
}

TEST_F(Arrays, WithLabelsFromOneAreRefusedWithTheMappingThatHelps) {
  write_arrays("one.npz", 40, "x", "y", one_more);
  EXPECT_SAYS(refusal(training("one.npz")), "Labels are 1 to 3: --labels from-1 maps them to 0 to 2.");
  auto mapped = training("one.npz");
  mapped.insert(mapped.end(), {"--labels", "from-1"});
  ASSERT_EQ(run(mapped).code, 0);
  EXPECT_EQ(nlohmann::json::parse(read("run/run.json")).at("labels"), "from-1");
  EXPECT_EQ(run({"evaluate", "run", "--data", "one.npz", "--labels", "from-1"}).code, 0);
  // A run's data were read so, and so are others for it.
  const auto as_recorded = run({"evaluate", "run", "--data", "one.npz"});
  EXPECT_EQ(as_recorded.code, 0) << as_recorded.err;
  EXPECT_SAYS(as_recorded.err, "labels 1 to 3 became classes 0 to 2");
  EXPECT_EQ(run({"doctor", "run", "--data", "one.npz"}).code, 0);
  EXPECT_EQ(run({"predict", "run", "--data", "one.npz", "--output", "scores.csv"}).code, 0);
  ASSERT_EQ(run({"train", "run", "--resume", "--epochs", "2"}).code, 0);
  EXPECT_SAYS(refusal({"evaluate", "run", "--data", "one.npz", "--labels", "form-1"}), "Did you mean \"from-1\"?");
}

TEST_F(Arrays, OfValidationHaveTheClassesOfTraining) {
  const auto spread = [](std::int32_t label) { return 10 * label; };
  write_arrays("train.npz", 40, "x", "y", spread);
  write_arrays("part.npz", 20, "x", "y", [&](std::int32_t label) { return label == 0 ? 20 : spread(label); });
  auto arguments = training("train.npz");
  arguments.insert(arguments.end(), {"--validation", "part.npz", "--labels", "contiguous"});
  ASSERT_EQ(run(arguments).code, 0);
  write_arrays("other.npz", 20, "x", "y", [](std::int32_t label) { return 11 * label; });
  arguments[3] = "train.npz";
  arguments[9] = "other.npz";
  EXPECT_SAYS(refusal(arguments), "unknown: \"11\", \"22\"");
}

TEST_F(Arrays, ThatLookLikeChannelsFirstAreOfferedToBeReadSo) {
  Tensor x({8, 1, 6, 6}, DType::uint8), y({8}, DType::int32);
  x.as<std::uint8_t>()[0] = 9;
  formats::write_npz(folder_ / "first.npz", {{"x", x}, {"y", y}});
  EXPECT_SAYS(refusal(training("first.npz")), "--channels-first reads them as [N, H, W, C]");
  auto arguments = training("first.npz");
  arguments.emplace_back("--channels-first");
  EXPECT_EQ(run(arguments).code, 0);
}

TEST_F(Arrays, AreDescribedWithWhatIsUnusual) {
  write_data("outliers.npz", 40, [](Tensor& x, Tensor&) {
    Tensor floats = converted(x, DType::float32);
    for (float& v : floats.as<float>()) v /= 255;
    for (std::size_t i = 36; i < 72; ++i) floats.as<float>()[i] = static_cast<float>(x.as<std::uint8_t>()[i]);
    x = std::move(floats);
  });
  const auto result = run({"data", "info", "outliers.npz"});
  EXPECT_SAYS(result.out, "1 of 40 samples is ");
  EXPECT_EQ(run_json({"data", "info", "outliers.npz"})["sets"][0]["unusual_samples"][0]["index"], 1);
  EXPECT_SAYS(run(training("outliers.npz")).err, "evenkeel: warning: in \"outliers.npz\", 1 of 40 samples is ");
  EXPECT_EQ(nlohmann::json::parse(read("run/run.json")).at("warnings").size(), 1);
}

TEST_F(Arrays, ThatAreSortedAndCutWarnBeforeTraining) {
  write_arrays("sorted.npz", 60, "x", "y", same);
  auto arrays = formats::read_npz(folder_ / "sorted.npz");
  for (std::int32_t i = 0; i < 60; ++i) arrays["y"].as<std::int32_t>()[static_cast<std::size_t>(i)] = i / 20;
  formats::write_npz(folder_ / "sorted.npz", {{"x", arrays["x"]}, {"y", arrays["y"]}});
  const auto result = run({"train", "model.toml", "--data", "sorted.npz[:40]", "--validation", "sorted.npz[40:]",
                           "--out", "run", "--threads", "1", "--epochs", "3"});
  EXPECT_SAYS(result.err, "evenkeel: warning: validation has classes that training never sees: 2.");
  EXPECT_LT(result.err.find("warning"), result.err.find("epoch 1/"));
}

TEST_F(Arrays, WithTargetsOutsideZeroToOneAreRefusedByABinaryLoss) {
  Tensor x({8, 6, 6, 1}, DType::uint8), y({8, 3}, DType::float32);
  x.as<std::uint8_t>()[0] = 9;
  y.as<float>()[4] = -1;
  formats::write_npz(folder_ / "minus.npz", {{"x", x}, {"y", y}});
  auto arguments = training("minus.npz");
  arguments.insert(arguments.end(), {"--loss", "binary_crossentropy"});
  EXPECT_SAYS(refusal(arguments), "expected targets from 0 to 1 for the loss \"binary_crossentropy\", received -1");
}

/// What training chooses and says by itself.
class Defaults : public App {
 protected:
  Defaults() {
    std::string model = kSmallModel;
    model.replace(model.find("loss = \"sparse_categorical_crossentropy\"\n"), 41, "");
    write("model.toml", model);
  }
};

TEST_F(Defaults, HaveTheLossThatLabelsAndOutputsImply) {
  const auto result = run({"train", "model.toml", "--data", "data.npz", "--out", "run"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "loss: sparse_categorical_crossentropy, for labels and 3 outputs; --loss chooses another");
  EXPECT_EQ(nlohmann::json::parse(read("run/run.json")).at("loss"), "sparse_categorical_crossentropy");
  EXPECT_EQ(run({"evaluate", "run", "--data", "data.npz"}).code, 0);
}

TEST_F(Defaults, TakeNamesInAnySpelling) {
  std::string model = read("model.toml");
  model.replace(model.find("\"relu\""), 6, "\"ReLU\"");
  model.replace(model.find("\"Conv2D\""), 8, "\"conv2d\"");
  write("model.toml", model);
  const auto result = run({"train", "model.toml", "--data", "data.npz", "--optimizer", "SGD", "--loss",
                           "SparseCategoricalCrossentropy", "--out", "run"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(read("run/model.toml"), "optimizer = \"sgd\"");
  EXPECT_SAYS(read("run/model.toml"), "type = \"Conv2D\"");
  model.replace(model.find("\"ReLU\""), 6, "\"rleu\"");
  write("model.toml", model);
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz"}), "Did you mean \"relu\"?");
}

TEST_F(Defaults, NameTheDoctorWhereStatisticsLag) {
  std::string model = read("model.toml");
  model.replace(model.find("momentum = 0.9"), 14, "momentum = 0.999");
  write("model.toml", model);
  const std::vector<std::string> arguments = {"train", "model.toml", "--data", "data.npz",  "--epochs",
                                              "2",     "--loss",     "mse",    "--threads", "1"};
  EXPECT_SAYS(
      run(arguments).out,
      "Moving statistics are still 99 % of their initial values, after 10 updates with momentum 0.999. `evenkeel "
      "doctor runs/small-1 --data data.npz` says why.");
  EXPECT_SAYS(run_json(arguments).at("doubt").get<std::string>(), "Moving statistics");
}

}  // namespace
}  // namespace evenkeel
