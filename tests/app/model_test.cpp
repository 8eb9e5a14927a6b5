#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

using ModelCommand = App;

TEST_F(ModelCommand, ListsWhatItKnows) {
  const auto json = run_json({"model"});
  const std::string text = run({"model"}).out;
  EXPECT_GE(json.at("architectures").size(), 40u);
  for (const auto& architecture : json.at("architectures"))
    EXPECT_SAYS(text, architecture.at("name").get<std::string>());
  EXPECT_SAYS(text, "11,689,512");
}

TEST_F(ModelCommand, WritesAModelFileThatOtherCommandsRead) {
  const auto written = run({"model", "resnet18", "--classes", "10", "--input", "32,32,3"});
  ASSERT_EQ(written.code, 0) << written.err;
  write("resnet.toml", written.out);
  const auto summary = run_json({"summary", "resnet.toml"});
  EXPECT_EQ(summary.at("trainable"), 11181642);
  EXPECT_EQ(summary.at("name"), "resnet18");
}

TEST_F(ModelCommand, WritesOneThatTrains) {
  write("small.toml", run({"model", "resnet20", "--classes", "3", "--input", "6,6,1"}).out);
  const auto result = run({"train", "small.toml", "--data", "data.npz", "--steps", "2", "--out", "run"});
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST_F(ModelCommand, TellsAsJsonWhatItWrites) {
  const auto json = run_json({"model", "mobilenet_v2", "--classes", "5"});
  EXPECT_EQ(json.at("source"), "torchvision");
  EXPECT_EQ(json.at("classes"), 5);
  EXPECT_SAYS(json.at("model").get<std::string>(), "name = \"mobilenet_v2\"");
}

TEST_F(ModelCommand, NamesTheNearestArchitecture) {
  EXPECT_SAYS(refusal({"model", "resnet81"}), "Did you mean \"resnet18\"?");
}

TEST_F(ModelCommand, RefusesInputsThatDoNotFit) {
  EXPECT_SAYS(refusal({"model", "resnet18", "--input", "16,16,3"}), "at least 32x32");
  EXPECT_SAYS(refusal({"model", "resnet18", "--input", "32,32"}), "--input");
  EXPECT_SAYS(refusal({"model", "resnet18", "--input", "32,32,0"}), "--input");
  EXPECT_SAYS(refusal({"model", "resnet18", "--classes", "0"}), "--classes");
  EXPECT_SAYS(refusal({"model", "--classes", "3"}), "NAME");
}

}  // namespace
}  // namespace evenkeel
