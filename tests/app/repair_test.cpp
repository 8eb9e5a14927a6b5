#include "evenkeel/formats/safetensors.h"
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// A trained run "a" of the small model.
class RepairCommand : public App {
 protected:
  RepairCommand() {
    train("a");
    write_data("other.npz", 30);
  }
  std::vector<std::string> repair(const std::string& fix, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "repair", "a", "--data", "data.npz", "--fix", fix, "--out", "mended.safetensors", "--threads", "1", "--keep"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  nlohmann::json evaluate(const std::string& model) {
    return run_json({"evaluate", model, "--weights", "mended.safetensors", "--data", "other.npz", "--threads", "1"});
  }
  /// The run's weights, with an element of a tensor made NaN.
  void spoil(const std::string& tensor) {
    formats::SafetensorsFile file = formats::read_safetensors(folder_ / "a/weights.safetensors");
    std::vector<formats::SafetensorsEntry> entries;
    for (auto& [name, values] : file.tensors) {
      if (name == tensor) values.as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
      entries.push_back({name, values});
    }
    formats::write_safetensors(folder_ / "a/weights.safetensors", entries, file.metadata);
  }
};

TEST_F(RepairCommand, WritesWeightsThatTheSameModelIsEvaluatedWith) {
  const auto result = run_json(repair("all", {"--validation", "other.npz"}));
  EXPECT_NEAR(evaluate("a")["loss"].get<double>(), result["after"]["loss"].get<double>(), 1e-6);
  EXPECT_NEAR(evaluate("model.toml")["loss"].get<double>(), result["after"]["loss"].get<double>(), 1e-6);
  EXPECT_FALSE(exists("mended.toml"));
}

TEST_F(RepairCommand, WritesANewModelBesideTheWeightsWhereItIsAnother) {
  const auto result = run_json(repair("fold", {"--validation", "other.npz"}));
  EXPECT_EQ(result["model"], "mended.toml");
  const auto folded = evaluate("mended.toml");
  EXPECT_NEAR(folded["loss"].get<double>(), result["before"]["loss"].get<double>(), 1e-5);
  EXPECT_FALSE(contains(read("mended.toml"), "BatchNormalization"));
}

TEST_F(RepairCommand, CarriesTheNewModelInTheFile) {
  run_json(repair("fold"));
  EXPECT_EQ(formats::read_safetensors(folder_ / "mended.safetensors").metadata["model"], read("mended.toml"));
}

TEST_F(RepairCommand, PrintsWhatItDidAndLossAndAccuracyBeforeAndAfterAndForReference) {
  const auto result = run(repair("lagging"));
  EXPECT_EQ(result.code, 0) << result.err;
  for (const char* part :
       {"re-estimate (statistics)", "batch_normalization: statistics of 40 samples", "before", "after",
        "reference: full-data statistics", "cross-fitted halves", "evenkeel evaluate a --weights"})
    EXPECT_SAYS(result.out, part);
}

TEST_F(RepairCommand, WritesNothingThatDoesNotHelp) {
  // Labels that say nothing: no statistics help.
  write_data("many.npz", 60);
  auto arguments = repair("all", {"--validation", "many.npz"});
  std::erase(arguments, "--keep");
  const auto result = run(arguments);
  EXPECT_EQ(result.code, 1) << result.err;
  EXPECT_SAYS(result.out, "The repair does not help: ");
  EXPECT_SAYS(result.out, "--keep");
  EXPECT_FALSE(exists("mended.safetensors"));
}

TEST_F(RepairCommand, LeavesOpenWhetherItHelpsWhereAHandfulOfSamplesCannotShowIt) {
  auto arguments = repair("all", {"--validation", "other.npz"});
  std::erase(arguments, "--keep");
  EXPECT_EQ(run(arguments).code, 0);
  EXPECT_TRUE(exists("mended.safetensors"));
}

TEST_F(RepairCommand, NamesTheKindOfEachMethodInItsHelp) {
  const auto result = run({"repair", "--help"});
  for (const char* part : {"exact: ", "statistics: ", "needs training: ", "re-estimate", "remove-channels"})
    EXPECT_SAYS(result.out, part);
}

TEST_F(RepairCommand, SaysThatThereIsNothingToRepairAndGivesACopy) {
  const auto result = run(repair("drop-bias"));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.out, "Nothing to repair");
  EXPECT_TRUE(exists("mended.safetensors"));
  EXPECT_FALSE(exists("mended.toml"));
}

TEST_F(RepairCommand, OnlyAdvisesWithoutTraining) {
  write("model.toml", std::string(kSmallModel)
                          .replace(std::string(kSmallModel).find("[[layer]]\ntype = \"BatchN"), 0,
                                   "[[layer]]\ntype = \"Dropout\"\n\n"));
  train("b");
  auto arguments = repair("dropout-last");
  arguments[1] = "b";
  const auto result = run(arguments);
  EXPECT_EQ(result.code, 1) << result.err;
  EXPECT_SAYS(result.out, "expected gain");
  EXPECT_SAYS(result.out, "--then-train N");
  EXPECT_FALSE(exists("mended.safetensors"));
  arguments.insert(arguments.end(), {"--then-train", "2", "--quiet"});
  EXPECT_EQ(run_json(arguments)["trained_epochs"], 2);
  EXPECT_TRUE(exists("mended.toml"));
}

TEST_F(RepairCommand, TakesMemoryWithAUnit) {
  EXPECT_EQ(run(repair("all", {"--memory", "512M"})).code, 0);
  EXPECT_EQ(run(repair("all", {"--memory", "much"})).code, 2);
}

TEST_F(RepairCommand, RemovesChannelsThatAreNoNumbers) {
  spoil("conv2d/kernel");
  run_json(repair("not-finite"));
  EXPECT_SAYS(read("mended.toml"), "filters = 3");
  EXPECT_TRUE(evaluate("mended.toml")["loss"].is_number());
}

TEST_F(RepairCommand, HidesNoWeightsThatAreNoNumbers) {
  spoil("conv2d/kernel");
  EXPECT_SAYS(refusal(repair("all")), "\"conv2d/kernel\" is not finite");
}

TEST_F(RepairCommand, RefusesToWriteInPlace) {
  const std::string before = read("a/weights.safetensors");
  EXPECT_SAYS(refusal({"repair", "a", "--data", "data.npz", "--fix", "all", "--out", "a/../a/weights.safetensors"}),
              "never made in place");
  EXPECT_EQ(read("a/weights.safetensors"), before);
}

TEST_F(RepairCommand, RefusesToReplaceAModelFileThatItDidNotWrite) {
  write("mended.toml", "mine");
  EXPECT_SAYS(refusal(repair("fold")), "mended.toml, which exists");
  EXPECT_EQ(read("mended.toml"), "mine");
  EXPECT_FALSE(exists("mended.safetensors"));
}

TEST_F(RepairCommand, RefusesThatBeforeTheWorkBegins) {
  write("mended.toml", "mine");
  const std::string said = refusal(repair("group-normalization", {"--then-train", "1"}));
  EXPECT_EQ(said.find("evenkeel: "), 0) << said;  // no progress before it
}

TEST_F(RepairCommand, RefusesToReplaceAFileThatNoRepairWrote) {
  std::filesystem::copy_file(folder_ / "a/weights.safetensors", folder_ / "mended.safetensors");
  EXPECT_SAYS(refusal(repair("all")), "mended.safetensors, which exists and is another");
  EXPECT_EQ(read("mended.safetensors"), read("a/weights.safetensors"));
  write("mended.safetensors", "no weights");
  EXPECT_SAYS(refusal(repair("all")), "which exists and is another");
}

TEST_F(RepairCommand, ReplacesWhatAnEarlierRepairWrote) {
  run_json(repair("fold"));
  run_json(repair("fold"));
  run_json(repair("all"));
  EXPECT_SAYS(formats::read_safetensors(folder_ / "mended.safetensors").metadata["repair"], "re-estimate");
}

TEST_F(RepairCommand, NamesCommandsThatAShellReadsAsTheyAreMeant) {
  write("bare.toml", std::string(kSmallModel).substr(0, std::string(kSmallModel).find("[training]")));
  const auto result =
      run({"repair", "bare.toml", "--weights", "a/weights.safetensors", "--data", "data.npz[:39]", "--fix", "all",
           "--out", "a mended one.safetensors", "--loss", "sparse_categorical_crossentropy", "--threads", "1"});
  EXPECT_SAYS(result.out,
              "evenkeel evaluate bare.toml --weights 'a mended one.safetensors' --data 'data.npz[:39]' --loss "
              "sparse_categorical_crossentropy\n");
}

TEST_F(RepairCommand, RefusesAnUnknownMethodWithTheNearest) {
  EXPECT_SAYS(refusal(repair("re-estimat")), "Did you mean \"re-estimate\"?");
}

TEST_F(RepairCommand, RefusesAnOutThatCannotBeWritten) {
  EXPECT_SAYS(refusal({"repair", "a", "--data", "data.npz", "--fix", "all", "--out", "none/x.safetensors"}), "none");
  EXPECT_SAYS(refusal({"repair", "a", "--data", "data.npz", "--fix", "all", "--out", "x.npz"}), ".safetensors");
}

TEST_F(RepairCommand, RefusesDataThatDoNotFit) {
  auto arguments = repair("all");
  arguments[3] = "strokes:test[:50]";
  EXPECT_SAYS(refusal(arguments), "[N, 6, 6, 1]");
}

}  // namespace
}  // namespace evenkeel
