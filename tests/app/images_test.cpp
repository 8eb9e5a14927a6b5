// Image folders and image files, and how the commands take those that do not fit.
#include "evenkeel/formats/png.h"
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

class Images : public App {
 protected:
  Images() {
    for (int label = 0; label < 3; ++label)
      for (int i = 0; i < 4; ++i) write_image(path_of(label, i), {6, 6, 1}, static_cast<std::uint8_t>(80 * label + i));
  }

  static std::string path_of(int label, int i) {
    return "images/class" + std::to_string(label) + "/" + std::to_string(i) + ".png";
  }
  void write_image(const std::string& path, const Shape& shape, std::uint8_t value) {
    std::filesystem::create_directories((folder_ / path).parent_path());
    Tensor image(shape, DType::uint8);
    std::ranges::fill(image.as<std::uint8_t>(), value);
    formats::write_png(folder_ / path, image);
  }
  std::vector<std::string> training(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"train", "model.toml", "--data", "images", "--out", "run", "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

TEST_F(Images, AreTrainedOn) { EXPECT_EQ(run(training()).code, 0); }

TEST_F(Images, OfAnotherSizeAreRefusedByName) {
  write_image(path_of(1, 1), {9, 12, 1}, 7);
  const std::string error = refusal(training());
  EXPECT_SAYS(error, path_of(1, 1) + ": expected height, width and channels [6, 6, 1]");
  EXPECT_SAYS(error, "--resize");
}

TEST_F(Images, OfAnotherSizeAreResizedWhereAsked) {
  write_image(path_of(1, 1), {9, 12, 1}, 7);
  EXPECT_EQ(run(training({"--resize"})).code, 0);
  EXPECT_EQ(run({"evaluate", "run", "--data", "images", "--resize"}).code, 0);
  EXPECT_EQ(run({"predict", "run", "--data", "images", "--resize"}).code, 0);
  EXPECT_EQ(run({"predict", "run", "--image", path_of(1, 1), "--resize"}).code, 0);
}

TEST_F(Images, ThatAreDamagedAreRefusedByName) {
  write(path_of(2, 0), "no image");
  EXPECT_SAYS(refusal(training()), path_of(2, 0) + ": expected a PNG or JPEG image");
}

TEST_F(Images, ThatAreDamagedAreSkippedAndCountedWhereAsked) {
  write(path_of(2, 0), "no image");
  write(path_of(2, 1), "");
  const auto result = run(training({"--skip-bad-images"}));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "skipped: images/class2/0.png");
  EXPECT_SAYS(result.err, "2 of the images in images were skipped");
}

TEST_F(Images, ThatAreNamedAreNeverSkipped) {
  run(training());
  write("bad.png", "no image");
  EXPECT_SAYS(refusal({"predict", "run", "--image", "bad.png", "--skip-bad-images"}), "bad.png: expected");
}

TEST_F(Images, InColourAreRefusedWhereTheModelNeedsGray) {
  write_image(path_of(0, 0), {6, 6, 3}, 7);
  const std::string error = refusal(training());
  EXPECT_SAYS(error, path_of(0, 0) + ": expected a gray image");
  EXPECT_SAYS(error, "-colorspace Gray");
}

TEST_F(Images, OfANamedSetAreResizedToo) {
  EXPECT_EQ(run({"train", "model.toml", "--data", "strokes:test[:20]", "--resize", "--loss", "mse"}).code, 2);
  run(training());
  EXPECT_EQ(run_json({"predict", "run", "--data", "strokes:test[:20]", "--resize"}).at("samples"), 20);
}

using Augmented = Images;

TEST_F(Augmented, TrainingDiffersAndIsRecorded) {
  run(training({"--flip", "--crop-padding", "2", "--cutout", "3"}));
  run({"train", "model.toml", "--data", "images", "--out", "plain", "--threads", "1"});
  EXPECT_NE(read("run/weights.safetensors"), read("plain/weights.safetensors"));
  EXPECT_SAYS(read("run/model.toml"), "flip = true");
  EXPECT_SAYS(read("run/model.toml"), "crop_padding = 2");
  const auto recorded = nlohmann::json::parse(read("run/run.json")).at("augmentation");
  EXPECT_EQ(recorded, (nlohmann::json{{"flip", true}, {"crop_padding", 2}, {"cutout", 3}}));
}

TEST_F(Augmented, TrainingIsBitIdenticalForTheSameSeed) {
  run(training({"--flip", "--cutout", "2", "--epochs", "3"}));
  std::filesystem::rename(folder_ / "run", folder_ / "first");
  run(training({"--flip", "--cutout", "2", "--epochs", "3"}));
  EXPECT_EQ(read("first/weights.safetensors"), read("run/weights.safetensors"));
}

TEST_F(Augmented, KeysOfTheModelFileAreTurnedOffByFlags) {
  write("model.toml", std::string(kSmallModel) + "flip = true\n");
  run(training());
  EXPECT_SAYS(read("run/model.toml"), "flip = true");
  std::filesystem::remove_all(folder_ / "run");
  run(training({"--flip=false"}));
  EXPECT_SAYS(read("run/model.toml"), "flip = false");
}

TEST_F(Augmented, PaddingLargerThanTheImagesIsRefused) {
  EXPECT_SAYS(refusal(training({"--crop-padding", "7"})), "crop_padding: expected from 0 to 6");
}

}  // namespace
}  // namespace evenkeel
