#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evenkeel/formats/npz.h"
#include "tests/data/helpers.h"
#include "tests/support/run_program.h"

namespace evenkeel {

/// A small model of [6, 6, 1] images and three classes.
inline constexpr const char* kSmallModel = R"(name = "small"
input = [6, 6, 1]

[[layer]]
type = "Rescaling"
scale = 0.00392

[[layer]]
type = "Conv2D"
filters = 4
kernel_size = 3
use_bias = false

[[layer]]
type = "BatchNormalization"
momentum = 0.9

[[layer]]
type = "Activation"
activation = "relu"

[[layer]]
type = "Dropout"
rate = 0.25

[[layer]]
type = "Flatten"

[[layer]]
type = "Dense"
units = 3

[training]
loss = "sparse_categorical_crossentropy"
learning_rate = 0.01
batch_size = 8
)";

/// A folder with model.toml and data.npz, in which the program runs.
class App : public testing::Test {
 protected:
  App() {
    write("model.toml", kSmallModel);
    write_data("data.npz", 40);
  }

  RunningProgram::Result run(const std::vector<std::string>& arguments, const std::vector<std::string>& under = {}) {
    return run_program(arguments, folder_.path().string(), under);
  }
  /// Runs what must succeed, and reads its JSON.
  nlohmann::json run_json(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const auto result = run(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    return nlohmann::json::parse(result.out, nullptr, false);
  }
  /// What is said, with exit code 2, about wrong input.
  std::string refusal(const std::vector<std::string>& arguments, const std::vector<std::string>& under = {}) {
    return failure(2, arguments, under);
  }
  /// What is said with another exit code.
  std::string failure(int code, const std::vector<std::string>& arguments, const std::vector<std::string>& under = {}) {
    const auto result = run(arguments, under);
    EXPECT_EQ(result.code, code) << result.err;
    // Behind lines of progress, if there are any.
    EXPECT_TRUE(('\n' + result.err).find("\nevenkeel: ") != std::string::npos) << result.err;
    return result.err;
  }
  void train(const std::string& out) {
    const auto result = run({"train", "model.toml", "--data", "data.npz", "--out", out, "--threads", "1"});
    ASSERT_EQ(result.code, 0) << result.err;
  }

  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  std::string read(const std::string& name) {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool exists(const std::string& name) { return std::filesystem::exists(folder_ / name); }

  /// Images whose bright third says their class; `change` may spoil x and y.
  template <class Change>
  void write_data(const std::string& name, std::int64_t n, Change change) {
    Tensor x({n, 6, 6, 1}, DType::uint8), y({n}, DType::int32);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t label = i % 3;
      y.as<std::int32_t>()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(label);
      for (std::int64_t p = 0; p < 36; ++p)
        x.as<std::uint8_t>()[static_cast<std::size_t>(i * 36 + p)] =
            static_cast<std::uint8_t>((p / 12 == label ? 200 : 20) + (i * 7 + p * 13) % 40);
    }
    change(x, y);
    formats::write_npz(folder_ / name, {{"x", x.view()}, {"y", y.view()}});
  }
  void write_data(const std::string& name, std::int64_t n) {
    write_data(name, n, [](Tensor&, Tensor&) {});
  }

  TestFolder folder_;
};

}  // namespace evenkeel
