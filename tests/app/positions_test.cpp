#include "tests/app/app_test.h"

// A model with outputs for each pixel, from its description to the doctor.

namespace evenkeel {
namespace {

class PositionsApp : public App {
 protected:
  PositionsApp() {
    Tensor x({24, 16, 16, 1}, DType::uint8), y({24, 16, 16}, DType::uint8);
    for (std::size_t i = 0; i < 24; ++i)
      for (std::size_t at = 0; at < 256; ++at) {
        const bool inside = at / 16 >= i % 8 && at / 16 < i % 8 + 6 && at % 16 >= i % 5 && at % 16 < i % 5 + 7;
        x.as<std::uint8_t>()[256 * i + at] = static_cast<std::uint8_t>((inside ? 200 : 30) + (7 * i + 13 * at) % 20);
        y.as<std::uint8_t>()[256 * i + at] = inside;
      }
    formats::write_npz(folder_ / "masks.npz", {{"x", x}, {"y", y}});
  }
};

TEST_F(PositionsApp, TrainsAUNetOnMasksAndPredictsThem) {
  write("unet.toml", run({"model", "unet", "--input", "16,16,1"}).out);
  ASSERT_EQ(run({"train", "unet.toml", "--data", "masks.npz", "--epochs", "3", "--batch-size", "8", "--learning-rate",
                 "0.003", "--out", "run"})
                .code,
            0);
  const auto evaluated = run_json({"evaluate", "run", "--data", "masks.npz", "--mode", "train"});
  EXPECT_GT(evaluated["accuracy"].get<double>(), 0.8);
  ASSERT_EQ(run({"predict", "run", "--data", "masks.npz", "--output", "p.npz"}).code, 0);
  const auto arrays = formats::read_npz(folder_ / "p.npz");
  EXPECT_EQ(arrays.at("classes").shape(), (Shape{24, 16, 16}));
  EXPECT_EQ(arrays.at("scores").shape(), (Shape{24, 16, 16, 1}));
  EXPECT_SAYS(run({"predict", "run", "--data", "masks.npz"}).out, "positions");
  EXPECT_EQ(run({"predict", "run", "--data", "masks.npz", "--output", "p.csv"}).code, 2);
  EXPECT_TRUE(run_json({"doctor", "run", "--data", "masks.npz"}).contains("findings"));
}

TEST_F(PositionsApp, RefusesTargetsThatAreNoClasses) {
  write("unet.toml", run({"model", "unet", "--input", "16,16,1", "--classes", "3"}).out);
  Tensor x({2, 16, 16, 1}, DType::uint8), y({2, 16, 16}, DType::int32);
  y.as<std::int32_t>()[300] = 3;
  formats::write_npz(folder_ / "wrong.npz", {{"x", x}, {"y", y}});
  const std::string said = refusal({"train", "unet.toml", "--data", "wrong.npz", "--out", "run"});
  EXPECT_SAYS(said, "classes from 0 to 2");
  EXPECT_SAYS(said, "3 in sample 1");
}

}  // namespace
}  // namespace evenkeel
