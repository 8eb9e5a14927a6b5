// Image folders and image files, and how the commands take those that do not fit.
#include "tests/support/images.h"
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
  EXPECT_SAYS(error, path_of(1, 1) + ": expected height x width 6 x 6, as the model's input");
  EXPECT_SAYS(error, "--resize");
}

TEST_F(Images, OfAnotherSizeAreResizedWhereAsked) {
  write_image(path_of(1, 1), {9, 12, 3}, 7);
  EXPECT_EQ(run(training({"--resize"})).code, 0);
  EXPECT_EQ(run({"evaluate", "run", "--data", "images", "--resize"}).code, 0);
  EXPECT_EQ(run({"predict", "run", "--data", "images", "--resize"}).code, 0);
  EXPECT_EQ(run({"predict", "run", "--image", path_of(1, 1), "--resize"}).code, 0);
}

TEST_F(Images, AreCroppedToTheirMiddleWhereAsked) {
  for (int label = 0; label < 3; ++label)
    for (int i = 0; i < 4; ++i) write_image(path_of(label, i), {9, 12, 3}, static_cast<std::uint8_t>(80 * label + i));
  EXPECT_EQ(run(training({"--resize", "7", "--crop", "6"})).code, 0);
  EXPECT_SAYS(read("run/run.json"), "\"resize_side\": 7");
  EXPECT_SAYS(read("run/run.json"), "\"crop\": 6");
  const auto larger = run_json({"evaluate", "run", "--data", "images", "--resize", "8"});
  EXPECT_EQ(larger["samples"], 12);
  EXPECT_EQ(run({"evaluate", "run", "--data", "images", "--crop", "6"}).code, 0);
  EXPECT_EQ(run({"train", "run", "--resume", "--epochs", "2", "--threads", "1"}).code, 0);
}

TEST_F(Images, AreNotCroppedToAnotherSizeThanTheModels) {
  EXPECT_SAYS(refusal(training({"--resize", "8", "--crop", "5"})), "the size of the model's input, 6 x 6");
  write_image(path_of(1, 1), {5, 12, 1}, 7);
  EXPECT_SAYS(refusal(training({"--crop", "6"})), path_of(1, 1));
}

TEST_F(Images, GetTheSizeThatTheFamilyOfThePreprocessingGivesThem) {
  write("plain.toml", std::string("name = \"plain\"\ninput = [7, 7, 3]\n\n[[layer]]\ntype = \"Flatten\"\n\n[[layer]]\n"
                                  "type = \"Dense\"\nunits = 3\n\n[training]\nloss = "
                                  "\"sparse_categorical_crossentropy\"\n"));
  for (int label = 0; label < 3; ++label)
    for (int i = 0; i < 4; ++i) write_image(path_of(label, i), {9, 12, 3}, static_cast<std::uint8_t>(80 * label + i));
  const std::vector<std::string> train = {"train", "plain.toml",   "--data", "images",    "--out",
                                          "run",   "--batch-size", "4",      "--threads", "1"};
  EXPECT_SAYS(refusal(train), "--resize");
  std::vector<std::string> prepared = train;
  prepared.insert(prepared.end(), {"--preprocess", "imagenet"});
  EXPECT_EQ(run(prepared).code, 0) << run(prepared).err;
  EXPECT_SAYS(read("run/model.toml"), "Normalization");
}

TEST_F(Images, ThatAreDamagedAreRefusedByName) {
  write(path_of(2, 0), "no image");
  EXPECT_SAYS(refusal(training()), path_of(2, 0) + ": expected a PNG or JPEG image, received text");
  write("images/class1/note.txt", "");
  EXPECT_SAYS(refusal(training()), "2 others: 1 empty file (class1/note.txt), 1 text (class2/0.png)");
}

/// Makes two of the files no images.
class SkippedImages : public Images {
 protected:
  SkippedImages() {
    write(path_of(2, 0), "no image");
    write(path_of(2, 1), "");
    write("images/class0/Thumbs.db", "litter");
  }
  static void expect_reading(const nlohmann::json& reading) {
    EXPECT_EQ(reading.at("read"), 10);
    EXPECT_EQ(reading.at("skipped_by_reason"), (nlohmann::json{{"text", 1}, {"empty file", 1}}));
    EXPECT_EQ(reading.at("skipped").at(0).at("file"), "class2/0.png");
    EXPECT_EQ(reading.at("passed_over"), (nlohmann::json{{"Thumbs.db", 1}}));
  }
};

TEST_F(SkippedImages, AreSaidInTheTerminal) {
  const auto result = run(training({"--skip-bad-images"}));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "images: skipped      1 empty file (class2/1.png), 1 text (class2/0.png)");
  EXPECT_SAYS(result.err, "images: passed over  1 Thumbs.db");
}

TEST_F(SkippedImages, AreInTheJsonOfEveryCommandAndInTheRecord) {
  expect_reading(run_json(training({"--skip-bad-images", "--validation", "images"})).at("reading").at("validation"));
  const auto record = nlohmann::json::parse(read("run/run.json"));
  expect_reading(record.at("data").at("reading"));
  expect_reading(record.at("validation").at("reading"));
  const std::vector<std::string> more = {"--data", "images", "--skip-bad-images"};
  const auto reading = [&](std::vector<std::string> command) {
    command.insert(command.end(), more.begin(), more.end());
    return run_json(command).at("reading");
  };
  expect_reading(reading({"evaluate", "run"}));
  expect_reading(reading({"predict", "run"}));
  expect_reading(reading({"doctor", "run"}).at("data"));
  expect_reading(reading({"repair", "run", "--fix", "re-estimate", "--out", "mended.safetensors"}));
}

TEST_F(SkippedImages, AreDescribedBeforeTheyAreAnError) {
  const auto result = run({"data", "info", "images", "--json"});
  EXPECT_EQ(result.code, 2);
  expect_reading(nlohmann::json::parse(result.out).at("sets").at(0).at("reading"));
  EXPECT_SAYS(result.err, "2 others");
  expect_reading(run_json({"data", "info", "images", "--skip-bad-images"}).at("sets").at(0).at("reading"));
}

TEST_F(SkippedImages, AreListedWithPredictions) {
  run(training({"--skip-bad-images"}));
  const auto result = run({"predict", "run", "--data", "images", "--skip-bad-images"});
  EXPECT_SAYS(result.out, "class0/3.png");
  EXPECT_SAYS(result.out, "skipped class2/0.png: text");
}

TEST_F(Images, ThatAreNamedAreSkippedToo) {
  run(training());
  write("bad.png", "no image");
  EXPECT_SAYS(refusal({"predict", "run", "--image", "bad.png", "--skip-bad-images"}), "bad.png: expected");
  const auto json = run_json({"predict", "run", "--image", "bad.png", path_of(0, 0), "--skip-bad-images"});
  EXPECT_EQ(json.at("samples"), 1);
  EXPECT_EQ(json.at("predictions").at(0).at("image"), path_of(0, 0));
  EXPECT_EQ(json.at("reading").at("skipped").at(0).at("file"), "bad.png");
}

TEST_F(Images, CarryTheirNamesThroughPrediction) {
  run(training());
  run({"predict", "run", "--data", "images", "--output", "p.csv"});
  EXPECT_SAYS(read("p.csv"), "image,class,name,score,score_0");
  EXPECT_SAYS(read("p.csv"), "\nclass1/2.png,");
  EXPECT_EQ(run_json({"predict", "run", "--data", "images"}).at("predictions").at(5).at("image"), "class1/1.png");
}

TEST_F(Images, WithoutClassesArePredicted) {
  run(training());
  const auto json = run_json({"predict", "run", "--data", "images/class1"});
  EXPECT_EQ(json.at("samples"), 4);
  EXPECT_EQ(json.at("predictions").at(0).at("image"), "0.png");
  EXPECT_SAYS(refusal({"evaluate", "run", "--data", "images/class1"}), "expected one subfolder");
}

TEST_F(Images, InColourBecomeWhatTheModelTakes) {
  write_image(path_of(0, 0), {6, 6, 3}, 7);
  EXPECT_SAYS(run(training()).err, "images: converted    1 RGB to gray");
  std::filesystem::remove_all(folder_ / "run");
  const std::string error = refusal(training({"--color", "strict"}));
  EXPECT_SAYS(error, path_of(0, 0) + ": expected gray of 8 bits, as the model's input [N, 6, 6, 1], received RGB");
}

TEST_F(Images, OfSixteenBitsKeepTheirRangeOnlyWhereTheTrainingDataDid) {
  put_file(folder_ / "wide.png", png_of({.bits = 16}, 6, 6, raw_bytes({80, 0, 80, 0, 80, 0, 80, 0, 80, 0, 80, 0})));
  write_image("narrow.png", {6, 6, 1}, 80);
  run(training({"--epochs", "3"}));
  const auto scores = [&](const char* image) {
    return run_json({"predict", "run", "--image", image}).at("predictions").at(0).at("scores");
  };
  EXPECT_EQ(scores("wide.png"), scores("narrow.png"));
}

TEST_F(Images, MayHaveNamesThatAreNoUtf8) {
  write_image("images/caf\xe9/1.png", {6, 6, 1}, 7);
  std::filesystem::remove_all(folder_ / "images/class2");
  const std::vector<std::string> names = {"caf\\xe9", "class0", "class1"};
  EXPECT_EQ(run_json({"data", "info", "images"}).at("sets").at(0).at("class_names"), names);
  EXPECT_EQ(run(training()).code, 0);
  EXPECT_EQ(run_json({"evaluate", "run", "--data", "images"}).at("per_class").at(0).at("name"), names[0]);
  std::filesystem::rename(folder_ / "images", folder_ / "im\xe4ges");
  EXPECT_EQ(run({"train", "model.toml", "--data", "im\xe4ges", "--out", "other"}).code, 0);
  EXPECT_FALSE(nlohmann::json::parse(read("other/run.json"), nullptr, false).is_discarded());
  EXPECT_EQ(run_json({"predict", "run", "--data", "im\xe4ges"}).at("samples"), 9);
}

TEST_F(Images, AreShownWithARowForEachClass) {
  std::filesystem::create_directories(folder_ / "images/empty");
  write_image("images/class1/9.png", {60, 30, 3}, 7);
  EXPECT_EQ(run({"data", "show", "images", "--output", "sheet.png"}).code, 0);
  EXPECT_EQ(formats::read_png(folder_ / "sheet.png").shape()[0], 4 * 62 - 2);
  const auto json = run_json({"data", "show", "images", "--count", "8"});
  EXPECT_EQ(json.at("samples").at(2).at("image"), "class1/0.png");
  EXPECT_EQ(json.at("samples").at(2).at("index"), 4);
}

TEST_F(Images, AreDescribedInOneSize) {
  write_image(path_of(1, 1), {9, 12, 1}, 7);
  EXPECT_TRUE(run_json({"data", "info", "images"}).at("sets").at(0).at("sample_shape").is_null());
  EXPECT_EQ(run_json({"data", "info", "images", "--resize", "5,4"}).at("sets").at(0).at("sample_shape"),
            (std::vector<int>{5, 4, 1}));
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
