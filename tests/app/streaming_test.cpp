// Shards, and images that are read when they are needed.
#include <fmt/format.h>

#include "evenkeel/formats/png.h"
#include "tests/app/app_test.h"
#include "tests/support/images.h"

namespace evenkeel {
namespace {

class StreamedImages : public App {
 protected:
  StreamedImages() {
    for (int label = 0; label < 3; ++label)
      for (int i = 0; i < 12; ++i) {
        Tensor image({6, 6, 1}, DType::uint8);
        std::ranges::fill(image.as<std::uint8_t>(), static_cast<std::uint8_t>(80 * label + i));
        put_file(folder_ / fmt::format("photos/class{}/{:02}.png", label, i), formats::encode_png(image));
      }
  }
  void pack(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"data", "pack", "photos", "--out", "shards", "--shard-size", "20K"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = run(arguments);
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_SAYS(result.out, "36 images of 3 classes are in ");
  }
  RunningProgram::Result trained(const std::string& out, const std::vector<std::string>& more, int epochs = 2) {
    std::vector<std::string> arguments = {"train",     "model.toml", "--out",    out,
                                          "--threads", "1",          "--epochs", std::to_string(epochs)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
};

TEST_F(StreamedImages, OfAFolderTrainAsInMemory) {
  EXPECT_EQ(trained("memory", {"--data", "photos"}).code, 0);
  const auto result = trained("stream", {"--data", "photos", "--stream", "--memory", "256M", "--workers", "2"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(read("memory/weights.safetensors").size(), read("stream/weights.safetensors").size());
  const auto memory = run_json({"evaluate", "memory", "--data", "photos"});
  EXPECT_EQ(run_json({"evaluate", "stream", "--data", "photos"}), memory);
  EXPECT_EQ(run_json({"evaluate", "stream", "--data", "photos", "--stream"})["loss"], memory["loss"]);
}

TEST_F(StreamedImages, OfShardsGoOnWhereTheyWere) {
  pack();
  ASSERT_EQ(trained("run", {"--data", "shards", "--stream", "--window", "9", "--checkpoint-every", "1"}).code, 0);
  const auto more = run({"train", "run", "--resume", "--epochs", "4"});
  EXPECT_EQ(more.code, 0) << more.err;
  ASSERT_EQ(trained("whole", {"--data", "shards", "--stream", "--window", "9"}, 4).code, 0);
  EXPECT_EQ(run_json({"evaluate", "run", "--data", "shards"}), run_json({"evaluate", "whole", "--data", "shards"}));
  EXPECT_SAYS(refusal({"train", "run", "--resume", "--epochs", "5", "--stream", "--window", "8"}),
              "--window: expected 9, received 8");
}

TEST_F(StreamedImages, AreLookedAtByEveryCommand) {
  pack();
  ASSERT_EQ(trained("run", {"--data", "shards/shard-{000000..000001}.tar", "--validation", "shards", "--stream"}).code,
            0);
  EXPECT_EQ(run_json({"evaluate", "run", "--data", "shards"})["samples"], 36);
  EXPECT_EQ(run({"predict", "run", "--data", "shards", "--stream"}).code, 0);
  EXPECT_EQ(run({"doctor", "run", "--data", "shards", "--stream", "--samples", "20"}).code, 0);
  const auto info = run_json({"data", "info", "shards"});
  EXPECT_EQ(info["sets"][0]["samples"], 36);
  EXPECT_EQ(info["sets"][0]["class_names"][2], "class2");
  EXPECT_EQ(run_json({"data", "show", "shards", "--count", "6"})["samples"].size(), 6u);
}

/// 52 MB of samples, and 47 MB for each of two sets.
TEST_F(StreamedImages, AreDrawnIntoNoMoreMemoryThanIsGiven) {
  write("wide.toml", R"(name = "wide"
input = [1200, 1200, 1]

[[layer]]
type = "GlobalAveragePooling2D"

[[layer]]
type = "Dense"
units = 3

[training]
loss = "sparse_categorical_crossentropy"
batch_size = 4
)");
  ASSERT_EQ(run({"train", "wide.toml", "--data", "photos", "--resize", "--epochs", "1", "--out", "run"}).code, 0);
  Tensor expected({36, 3}, DType::float32);
  std::ranges::fill(expected.as<float>(), 0.0f);
  formats::write_npz(folder_ / "expected.npz", {{"outputs", expected.view()}});
  std::vector<std::string> doctor = {"doctor", "run", "--data", "photos", "--resize", "--stream", "--memory", "90MB"};
  const auto result = run(doctor);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "32 of 36 samples are drawn; more do not fit --memory");
  doctor.insert(doctor.end(), {"--expect", "expected.npz"});
  EXPECT_SAYS(refusal(doctor), "--memory: expected 51.8 MB for all samples of photos");
}

/// Not taken for classes of images.
TEST_F(StreamedImages, OfShardsAmongFoldersSayWhatToName) {
  pack();
  std::filesystem::create_directory(folder_ / "shards/logs");
  EXPECT_SAYS(refusal({"data", "info", "shards"}), "received folders beside the shards. Name the shards: ");
  std::filesystem::remove(folder_ / "shards/logs");
  std::filesystem::create_directory(folder_ / "sets");
  std::filesystem::rename(folder_ / "shards", folder_ / "sets/train");
  std::filesystem::remove(folder_ / "sets/train/index.json");
  EXPECT_SAYS(refusal({"data", "info", "sets"}), "received shards in its folders. Is sets/train meant?");
}

TEST_F(StreamedImages, OfDamagedImagesNameThem) {
  write("photos/class1/03.png", "no image");
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "photos", "--stream", "--out", "run"}),
              "photos/class1/03.png: expected a PNG or JPEG image");
  EXPECT_SAYS(refusal({"data", "pack", "photos", "--out", "shards"}), "photos/class1/03.png: expected");
  EXPECT_FALSE(exists("shards"));
  const auto result = trained("skipped", {"--data", "photos", "--stream", "--skip-bad-images"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(read("skipped/run.json"), "\"samples\": 35");
}

TEST_F(StreamedImages, NeedImages) {
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "data.npz", "--stream"}),
              "--stream: expected a folder of images or shards as data");
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "photos", "--stream", "--memory", "1M"}),
              "memory of the stream: expected at least");
  EXPECT_SAYS(refusal({"train", "model.toml", "--data", "photos", "--stream", "--memory", "much"}),
              "--memory: expected a number of bytes such as 256M");
}

}  // namespace
}  // namespace evenkeel
