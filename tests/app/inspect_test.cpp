#include "evenkeel/formats/npy.h"
#include "evenkeel/formats/png.h"
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

using Evaluate = App;

TEST_F(Evaluate, TellsLossAccuracySamplesAndClassesAsJson) {
  train("run");
  const auto result = run_json({"evaluate", "run", "--data", "data.npz"});
  EXPECT_TRUE(result.at("loss").is_number());
  EXPECT_TRUE(result.at("accuracy").is_number());
  EXPECT_EQ(result.at("samples"), 40);
  EXPECT_EQ(result.at("per_class").at(0).at("samples"), 14);
}

TEST_F(Evaluate, TakesABatchLargerThanTheSet) {
  train("run");
  EXPECT_EQ(run_json({"evaluate", "run", "--data", "data.npz", "--batch-size", "1000"}).at("samples"), 40);
}

TEST_F(Evaluate, InTrainingModeUsesTheBatchsStatistics) {
  train("run");
  const std::vector<std::string> arguments = {"evaluate", "run", "--data", "data.npz"};
  std::vector<std::string> in_training = arguments;
  in_training.insert(in_training.end(), {"--mode", "train"});
  EXPECT_NE(run_json(arguments).at("loss"), run_json(in_training).at("loss"));
}

TEST_F(Evaluate, DrawsTheConfusionMatrixAsNothingButSvg) {
  train("run");
  EXPECT_SAYS(refusal({"evaluate", "run", "--data", "data.npz", "--plot", "matrix.pdf"}), ".svg");
  EXPECT_FALSE(exists("matrix.pdf"));
}

TEST_F(Evaluate, PrintsNoEscapeCodesWherePiped) {
  train("run");
  const auto result = run({"evaluate", "run", "--data", "data.npz"});
  EXPECT_EQ((result.out + result.err).find_first_of("\x1b\r"), std::string::npos);
}

using Predict = App;

TEST_F(Predict, WritesOutputsScoresAndClasses) {
  train("run");
  EXPECT_EQ(run({"predict", "run", "--data", "data.npz", "--output", "p.npz"}).code, 0);
  const auto arrays = formats::read_npz(folder_ / "p.npz");
  EXPECT_EQ(arrays.at("outputs").shape(), (Shape{40, 3}));
  EXPECT_EQ(arrays.at("scores").shape(), (Shape{40, 3}));
  EXPECT_EQ(arrays.at("classes").shape(), (Shape{40}));
}

TEST_F(Predict, WritesALinePerSampleAsCsv) {
  train("run");
  run({"predict", "run", "--data", "data.npz", "--output", "p.csv"});
  const std::string text = read("p.csv");
  EXPECT_TRUE(text.starts_with("class,name,score,score_0,score_1,score_2\n")) << text;
  EXPECT_EQ(std::ranges::count(text, '\n'), 41);
}

TEST_F(Predict, PrintsTwentyLinesOfADataSet) {
  train("run");
  const auto result = run({"predict", "run", "--data", "data.npz[:20]"});
  EXPECT_EQ(std::ranges::count(result.out, '\n'), 21) << result.out;
}

TEST_F(Predict, ReadsPngImages) {
  train("run");
  formats::write_png(folder_ / "image.png", Tensor({6, 6, 1}, DType::uint8));
  EXPECT_EQ(run_json({"predict", "run", "--image", "image.png"}).at("predictions").at(0).at("image"), "image.png");
}

TEST_F(Predict, ScoresOfASampleSumToOne) {
  train("run");
  const auto row = run_json({"predict", "run", "--data", "data.npz[:1]"}).at("predictions").at(0);
  double sum = 0;
  for (const double score : row.at("scores")) sum += score;
  EXPECT_NEAR(sum, 1.0, 1e-5);
}

using Summary = App;

TEST_F(Summary, NamesLayersAsKerasDoes) {
  EXPECT_TRUE(contains(run({"summary", "model.toml"}).out, "batch_normalization"));
}

TEST_F(Summary, CountsParametersAsJson) {
  const auto result = run_json({"summary", "model.toml"});
  EXPECT_EQ(result.at("total"), 36 + 16 + 195);
  EXPECT_EQ(result.at("non_trainable"), 8);
}

using PlanCommand = App;

TEST_F(PlanCommand, WithTimesTellsHowEachLineStandsBelowTheRoofline) {
  const auto plan = run_json({"plan", "model.toml", "--time", "--threads", "1"});
  EXPECT_GT(plan.at("roofline").at("peak_gflops").get<double>(), 0);
  EXPECT_GT(plan.at("lines").at(0).at("gbytes_per_s").get<double>(), 0);
}

TEST_F(PlanCommand, SumsUpThePassesOverMemory) {
  const auto plan = run_json({"plan", "model.toml"});
  std::int64_t bytes = 0;
  for (const auto& line : plan.at("lines")) bytes += line.at("bytes").get<std::int64_t>();
  EXPECT_EQ(plan.at("bytes"), bytes);
}

TEST_F(PlanCommand, IsShownForABatchThatDoesNotFitIntoMemory) {
  EXPECT_GT(run_json({"plan", "model.toml", "--batch-size", "100000000"}).at("memory").at("arena_bytes"),
            1'000'000'000);
}

TEST_F(PlanCommand, WithTimesRefusesABatchThatDoesNotFitIntoMemory) {
  EXPECT_SAYS(failure(3, {"plan", "model.toml", "--time", "--batch-size", "10000000000"}), "bytes needed");
}

TEST_F(PlanCommand, ReportsTheArenaWithAndWithoutReuse) {
  const auto memory = run_json({"plan", "model.toml"}).at("memory");
  EXPECT_LT(memory.at("arena_bytes").get<int>(), memory.at("arena_bytes_without_reuse").get<int>());
}

TEST_F(PlanCommand, OfAnEvaluationHasNoGradients) {
  EXPECT_EQ(run_json({"plan", "model.toml", "--mode", "evaluate"}).at("memory").at("gradient_bytes"), 0);
}

TEST_F(PlanCommand, TimesEachLine) {
  const auto plan = run_json({"plan", "model.toml", "--time"});
  for (const auto& line : plan.at("lines")) EXPECT_TRUE(line.contains("ms"));
}

TEST_F(PlanCommand, WithoutFusionHasMoreLines) {
  const auto lines = [&](std::vector<std::string> arguments) { return run_json(arguments).at("lines").size(); };
  EXPECT_GT(lines({"plan", "model.toml", "--no-fuse"}), lines({"plan", "model.toml"}));
}

using Weights = App;

TEST_F(Weights, ListsTheTensorsWithKerassNames) {
  train("run");
  EXPECT_EQ(run_json({"weights", "run"}).at("tensors").at(0).at("name"), "conv2d/kernel");
}

TEST_F(Weights, ShowsTheValuesOfOneLayer) {
  train("run");
  const auto tensors = run_json({"weights", "run", "--layer", "dense"}).at("tensors");
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors.at(1).at("values").size(), 3u);
}

TEST_F(Weights, ReplacesATensor) {
  train("run");
  formats::write_npy(folder_ / "bias.npy", tensor_of<float>({3}, {1.0f, 2.0f, 3.0f}));
  EXPECT_EQ(run({"weights", "run", "--set", "dense/bias=bias.npy", "--out", "new.safetensors"}).code, 0);
  const auto tensors =
      run_json({"weights", "model.toml", "--weights", "new.safetensors", "--layer", "dense"}).at("tensors");
  EXPECT_EQ(tensors.at(1).at("values"), (std::vector<double>{1, 2, 3}));
}

TEST_F(Weights, RefusesATensorOfAnotherShape) {
  train("run");
  formats::write_npy(folder_ / "bias.npy", tensor_of<float>({2}, {1.0f, 2.0f}));
  EXPECT_SAYS(refusal({"weights", "run", "--set", "dense/bias=bias.npy", "--out", "new.safetensors"}), "[3]");
}

TEST_F(Weights, NamesAnArrayThatIsNotThereOnce) {
  train("run");
  const std::string said = refusal({"weights", "run", "--set", "dense/bias=no.npy", "--out", "new.safetensors"});
  EXPECT_EQ(said.find("no.npy"), said.rfind("no.npy")) << said;
}

TEST_F(Weights, ExportsWhatNumPyReads) {
  train("run");
  run({"weights", "run", "--export", "w.npz"});
  EXPECT_EQ(formats::read_npz(folder_ / "w.npz").at("dense/kernel").shape(), (Shape{64, 3}));
}

using Data = App;

TEST_F(Data, ListsTheSetsThatTheProgramDraws) {
  const auto list = run_json({"data", "list"});
  const auto& sets = list.at("sets");
  for (const std::string name : {"strokes", "patches"}) {
    const auto drawn = std::ranges::find_if(sets, [&](const auto& set) { return set.at("name") == name; });
    ASSERT_NE(drawn, sets.end());
    EXPECT_EQ(drawn->at("found"), true);
  }
}

TEST_F(Data, DescribesAFile) {
  const auto set = run_json({"data", "info", "data.npz"}).at("sets").at(0);
  EXPECT_EQ(set.at("samples"), 40);
  EXPECT_EQ(set.at("per_class"), (std::vector<int>{14, 13, 13}));
  EXPECT_EQ(set.at("fingerprint").get<std::string>().size(), 8u);
}

TEST_F(Data, ShowsAGridOfImagesWithTheirClasses) {
  EXPECT_EQ(run({"data", "show", "data.npz", "--output", "grid.png"}).code, 0);
  EXPECT_EQ(formats::read_png(folder_ / "grid.png").shape(), (Shape{3 * 10 - 2, 10 + 10 * 8 - 2, 1}));
}

TEST_F(Data, NamesTheImagesItShows) {
  const auto json = run_json({"data", "show", "data.npz", "--count", "6"});
  EXPECT_EQ(json.at("name"), "data.npz");
  const auto& samples = json.at("samples");
  ASSERT_EQ(samples.size(), 6u);
  EXPECT_EQ(samples[1], (nlohmann::json{{"index", 3}, {"class", 0}, {"name", ""}}));
}

TEST_F(Data, WritesItsGridAsNothingButPng) {
  EXPECT_SAYS(refusal({"data", "show", "data.npz", "--output", "grid.jpg"}), ".png");
}

TEST_F(Data, SaysHowToSeeImagesWhereStdoutIsNoTerminal) {
  const auto result = run({"data", "show", "strokes:test[:100]"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_SAYS(result.err, "--output FILE.png");
}

/// The command that `run` is given, in a terminal of 40 columns.
std::vector<std::string> in_terminal(const std::string& colours) {
  return {"sh", "-c", "COLORTERM=" + colours + " script -qec \"stty cols 40; $*\" /dev/null", "sh"};
}

TEST_F(Data, DrawsHalfBlocksInTheColoursThatATerminalHas) {
  const std::vector<std::string> show = {"data", "show", "patches:test[:100]", "--count", "20"};
  EXPECT_SAYS(run(show, in_terminal("")).out, "\x1b[38;5;");
  EXPECT_SAYS(run(show, in_terminal("truecolor")).out, "\x1b[38;2;");
}

TEST_F(Data, DrawsNoLineLongerThanTheTerminal) {
  std::istringstream text(run({"data", "show", "patches:test[:100]"}, in_terminal("")).out);
  std::ptrdiff_t longest = 0;
  const std::string block = "\u2580";
  for (std::string line; std::getline(text, line);) {
    std::ptrdiff_t blocks = 0;
    for (auto at = line.find(block); at != std::string::npos; at = line.find(block, at + 1)) ++blocks;
    longest = std::max(longest, blocks);
  }
  EXPECT_GT(longest, 30);
  EXPECT_LE(longest, 40);
}

TEST_F(Data, NamesTheClassesInTheTerminal) {
  EXPECT_SAYS(run({"data", "show", "patches:test[:100]"}, in_terminal("")).out, "marble");
}

}  // namespace
}  // namespace evenkeel
