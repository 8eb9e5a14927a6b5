// The classes of the weights against those of the data, by their names.
#include "evenkeel/formats/png.h"
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// A run that was trained on the classes ant, bee and cow.
class ClassNames : public App {
 protected:
  ClassNames() {
    for (const char* name : {"ant", "bee", "cow"}) write_class("all", name, name);
    const auto result =
        run({"train", "model.toml", "--data", "all", "--out", "run", "--epochs", "20", "--threads", "1"});
    EXPECT_EQ(result.code, 0) << result.err;
  }
  /// A folder of one class's images: each class has its own brightness.
  void write_class(const std::string& set, const std::string& folder, const std::string& name) {
    const std::filesystem::path path = folder_ / set / folder;
    std::filesystem::create_directories(path);
    for (int i = 0; i < 12; ++i) {
      Tensor image({6, 6, 1}, DType::uint8);
      std::ranges::fill(image.as<std::uint8_t>(), static_cast<std::uint8_t>((name[0] - 'a') * 100 + i));
      formats::write_png(path / (std::to_string(i) + ".png"), image);
    }
  }
  static std::vector<std::string> on(const std::string& command, const std::string& data) {
    std::vector<std::string> arguments = {command, "run", "--data", data, "--threads", "1"};
    if (command == "repair") arguments.insert(arguments.end(), {"--fix", "all", "--out", "out.safetensors", "--keep"});
    return arguments;
  }
};

TEST_F(ClassNames, ThatAreFewerAreMappedAndThatIsSaid) {
  write_class("some", "bee", "bee");
  write_class("some", "cow", "cow");
  const auto json = run_json(on("evaluate", "some"));
  EXPECT_EQ(json["per_class"][0]["samples"], 0);
  EXPECT_EQ(json["per_class"][2]["samples"], 12);
  for (const char* command : {"evaluate", "predict", "doctor", "repair"}) {
    const auto result = run(on(command, "some"));
    EXPECT_EQ(result.code, 0) << command << ": " << result.err;
    EXPECT_SAYS(result.err, "mapped by name");
    EXPECT_SAYS(result.err, "no sample of class 0 (\"ant\")");
  }
}

TEST_F(ClassNames, ThatAreTheSameAreNotMapped) {
  EXPECT_EQ(run(on("evaluate", "all")).err.find("mapped"), std::string::npos);
}

TEST_F(ClassNames, ThatAreUnknownAreRefusedWithTheMissingOnes) {
  write_class("other", "bee", "bee");
  write_class("other", "cow", "cow");
  write_class("other", "dog", "ant");
  for (const char* command : {"evaluate", "predict", "doctor", "repair"}) {
    const std::string error = refusal(on(command, "other"));
    EXPECT_SAYS(error, "\"dog\"");
    EXPECT_SAYS(error, "\"ant\"");
  }
}

TEST_F(ClassNames, AreNoLabelsWherePredictedImagesHaveNoneOfThem) {
  write_class("new", "inbox", "bee");
  const auto result = run(on("predict", "new"));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "inbox");
  EXPECT_EQ(result.out.find("wrong"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace evenkeel
