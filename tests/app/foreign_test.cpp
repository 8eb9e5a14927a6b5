#include "evenkeel/formats/safetensors.h"
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// Networks of PyTorch and Keras whose moving statistics were never updated (tools/interchange/make_app_fixtures.py).
class Foreign : public App {
 protected:
  Foreign() {
    for (const auto& file : fs::directory_iterator(std::string(EVENKEEL_SOURCE_DIR) + "/tests/app/fixtures"))
      fs::copy_file(file.path(), folder_ / file.path().filename().string());
    write_data("many.npz", 600);
  }
  /// What the other program computes for data.npz.
  Tensor outputs_of(const std::string& program) {
    return formats::read_npz(folder_ / "outputs.npz").at(program).clone();
  }
  /// Images of write_data as PyTorch has them.
  void write_channels_first(const std::string& name, const std::string& array) {
    const Tensor x = formats::read_npz(folder_ / "data.npz").at("x").clone();
    formats::write_npz(folder_ / name, {{array, converted(x, DType::float32).view().reshaped({40, 1, 6, 6})}});
  }
  static double relative_difference(TensorView a, TensorView b) {
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < a.as<float>().size(); ++i) {
      difference += std::pow(double{a.as<float>()[i]} - double{b.as<float>()[i]}, 2);
      size += std::pow(double{b.as<float>()[i]}, 2);
    }
    return std::sqrt(difference / size);
  }
  double loss_of(const std::vector<std::string>& arguments) { return run_json(arguments)["loss"].get<double>(); }
};

/// A file, what its images need, the program it is of, and the name of its normalization.
struct ForeignFile {
  const char *file, *preprocess, *program;
};

class ForeignFiles : public Foreign, public testing::WithParamInterface<ForeignFile> {
 protected:
  /// The command on the file, with its preprocessing.
  std::vector<std::string> on_file(const std::string& command, std::vector<std::string> more) {
    std::vector<std::string> arguments = {command, GetParam().file, "--preprocess", GetParam().preprocess};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string ending() const { return fs::path(GetParam().file).extension().string(); }
};

TEST_P(ForeignFiles, AreModelsForEveryCommand) {
  const std::vector<std::vector<std::string>> commands = {
      on_file("summary", {}),
      on_file("plan", {"--mode", "evaluate"}),
      on_file("weights", {}),
      on_file("evaluate", {"--data", "data.npz", "--threads", "1"}),
      on_file("predict", {"--data", "data.npz", "--threads", "1"}),
      on_file("bench", {"--predict", "--steps", "1", "--threads", "1"}),
      on_file("doctor", {"--data", "many.npz", "--threads", "1"}),
      on_file("train", {"--data", "data.npz", "--out", "run", "--threads", "1"})};
  for (const auto& command : commands) EXPECT_EQ(run(command).code, 0) << command[0] << ": " << run(command).err;
  EXPECT_EQ(run({"evaluate", "run", "--data", "data.npz"}).code, 0);
}

TEST_P(ForeignFiles, PredictWhatTheirOwnProgramComputes) {
  run(on_file("predict", {"--data", "data.npz", "--output", "ours.npz", "--threads", "1"}));
  const auto ours = formats::read_npz(folder_ / "ours.npz");
  EXPECT_LT(relative_difference(ours.at("outputs"), outputs_of(GetParam().program)), 1e-4);
}

TEST_P(ForeignFiles, AreEqualToExpectedOutputs) {
  formats::write_npz(folder_ / "expected.npz", {{"outputs", outputs_of(GetParam().program).view()}});
  const auto json = run_json(on_file("doctor", {"--data", "data.npz", "--expect", "expected.npz", "--threads", "1"}));
  EXPECT_EQ(json["expectation"]["equal"], true) << json["expectation"].dump();
}

TEST_P(ForeignFiles, AreMendedInTwoCommands) {
  const auto json = run_json(on_file("doctor", {"--data", "many.npz", "--threads", "1"}));
  ASSERT_FALSE(json["findings"].empty());
  EXPECT_EQ(json["findings"][0]["severity"], "error");
  const std::string command = json["findings"][0]["remedy"]["command"];
  EXPECT_SAYS(command, "--out repaired" + ending());
  const std::string mended = "mended" + ending();
  const auto repaired =
      run(on_file("repair", {"--data", "many.npz", "--fix", "all", "--out", mended, "--threads", "1"}));
  ASSERT_EQ(repaired.code, 0) << repaired.err;
  EXPECT_LT(loss_of({"evaluate", mended, "--preprocess", GetParam().preprocess, "--data", "data.npz"}),
            loss_of(on_file("evaluate", {"--data", "data.npz"})));
}

TEST_P(ForeignFiles, ChangeOnlyWhereTheyAreRepaired) {
  const std::string mended = "mended" + ending();
  run(on_file("repair", {"--data", "many.npz", "--fix", "all", "--out", mended, "--threads", "1"}));
  run({"weights", GetParam().file, "--export", "before.npz"});
  run({"weights", mended, "--export", "after.npz"});
  const auto before = formats::read_npz(folder_ / "before.npz"), after = formats::read_npz(folder_ / "after.npz");
  ASSERT_EQ(before.size(), after.size());
  int changed = 0;
  for (const auto& [name, values] : before) {
    const bool same = std::ranges::equal(values.as<float>(), after.at(name).as<float>());
    EXPECT_EQ(same, !name.ends_with("/moving_mean") && !name.ends_with("/moving_variance")) << name;
    changed += !same;
  }
  EXPECT_EQ(changed, 2);
}

TEST_P(ForeignFiles, AreRepairedInAnImportedFolderToo) {
  ASSERT_EQ(run(on_file("import", {"--out", "nets"})).code, 0);
  const auto repaired =
      run({"repair", "nets", "--data", "many.npz", "--fix", "all", "--out", "mended" + ending(), "--threads", "1"});
  EXPECT_EQ(repaired.code, 0) << repaired.err;
  fs::remove(folder_ / GetParam().file);
  EXPECT_SAYS(refusal({"repair", "nets", "--data", "many.npz", "--fix", "all", "--out", "again" + ending()}),
              "no such file");
}

TEST_P(ForeignFiles, RepairedOtherwiseThanTheirFileCanHoldSayWhatToDo) {
  const auto said =
      failure(4, on_file("repair", {"--data", "many.npz", "--fix", "fold", "--out", "mended" + ending()}));
  EXPECT_SAYS(said, "evenkeel export");
  EXPECT_FALSE(exists("mended" + ending()));
}

TEST_P(ForeignFiles, AreRepairedIntoOurWeightsToo) {
  const auto repaired = run(on_file("repair", {"--data", "many.npz", "--fix", "all", "--out", "w.safetensors"}));
  ASSERT_EQ(repaired.code, 0) << repaired.err;
  EXPECT_LT(loss_of(on_file("evaluate", {"--data", "data.npz", "--weights", "w.safetensors"})),
            loss_of(on_file("evaluate", {"--data", "data.npz"})));
}

TEST_P(ForeignFiles, AreImportedAsAFolderThatTrainsOn) {
  const auto json = run_json(on_file("import", {"--out", "nets"}));
  EXPECT_EQ(json["folder"], "nets");
  for (const char* file : {"nets/model.toml", "nets/weights.safetensors", "nets/import.json"})
    EXPECT_TRUE(exists(file));
  EXPECT_DOUBLE_EQ(loss_of({"evaluate", "nets", "--data", "data.npz"}),
                   loss_of(on_file("evaluate", {"--data", "data.npz"})));
  const auto trained = run({"train", "nets", "--data", "data.npz", "--out", "run", "--threads", "1"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_TRUE(exists("run/import.json"));
}

TEST_P(ForeignFiles, HaveNoSecondPreprocessing) {
  run(on_file("import", {"--out", "nets"}));
  EXPECT_SAYS(refusal({"evaluate", "nets", "--data", "data.npz", "--preprocess", "1/255"}), "--force");
}

TEST_P(ForeignFiles, ThatAreDamagedAreRefusedAndNothingIsWritten) {
  const std::string whole = read(GetParam().file);
  write("cut" + ending(), whole.substr(0, whole.size() / 2));
  EXPECT_SAYS(refusal({"import", "cut" + ending(), "--out", "nets"}), "cut" + ending());
  EXPECT_FALSE(exists("nets"));
}

INSTANTIATE_TEST_SUITE_P(Programs, ForeignFiles,
                         testing::Values(ForeignFile{"train.onnx", "1/255", "torch"},
                                         ForeignFile{"model.keras", "none", "keras"},
                                         ForeignFile{"model.h5", "none", "keras"}),
                         [](const auto& test) {
                           std::string name = test.param.file;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST_F(Foreign, RunTakesNamesAndLayoutsOfTheirFile) {
  write_channels_first("in.npz", "image");
  const auto result =
      run_json({"run", "train.onnx", "--inputs", "in.npz", "--outputs", "out.npz", "--preprocess", "1/255"});
  EXPECT_EQ(result["outputs"]["scores_of"], (nlohmann::json{40, 3}));
  EXPECT_LT(relative_difference(formats::read_npz(folder_ / "out.npz").at("scores_of"), outputs_of("torch")), 1e-4);
  write_channels_first("any.npz", "any name");
  EXPECT_EQ(run({"run", "train.onnx", "--inputs", "any.npz", "--outputs", "out.npz"}).code, 0);
  EXPECT_SAYS(refusal({"run", "train.onnx", "--inputs", "data.npz", "--outputs", "out.npz"}), "image [N, 1, 6, 6]");
}

TEST_F(Foreign, ArraysWithChannelsFirstAreData) {
  const auto arrays = formats::read_npz(folder_ / "data.npz");
  write_channels_first("first.npz", "x");
  const Tensor x = formats::read_npz(folder_ / "first.npz").at("x").clone();
  formats::write_npz(folder_ / "labelled.npz", {{"x", x.view()}, {"y", arrays.at("y").view()}});
  EXPECT_DOUBLE_EQ(loss_of({"evaluate", "train.onnx", "--data", "labelled.npz", "--preprocess", "1/255"}),
                   loss_of({"evaluate", "train.onnx", "--data", "data.npz", "--preprocess", "1/255"}));
}

TEST_F(Foreign, TheDoctorSaysWhatAnExportForEvaluationHasLost) {
  const std::vector<std::string> doctor = {"doctor", "evaluate.onnx", "--data", "many.npz", "--preprocess", "1/255"};
  const auto json = run_json(doctor);
  ASSERT_FALSE(json["file"]["lost"].empty());
  EXPECT_SAYS(json["file"]["lost"].dump(), "evaluation");
  EXPECT_SAYS(json["unchecked"].dump(), "export again with");
  EXPECT_SAYS(run(doctor).out, "Lost in evaluate.onnx:");
}

TEST_F(Foreign, TheOptimizerOfAKerasFileGoesOn) {
  run({"import", "model.keras", "--out", "nets"});
  EXPECT_TRUE(exists("nets/optimizer.safetensors"));
  const auto trained = run({"train", "nets", "--data", "data.npz", "--out", "run", "--threads", "1"});
  EXPECT_SAYS(trained.err, "the optimizer goes on from its state after 12 steps");
}

TEST_F(Foreign, AStateDictOfPyTorchReplacesTheWeights) {
  const std::vector<std::string> with_dict = {"--weights", "state_dict.safetensors", "--weights-format", "pytorch"};
  std::vector<std::string> predict = {"predict",      "train.onnx", "--data",   "data.npz",
                                      "--preprocess", "1/255",      "--output", "ours.npz"};
  predict.insert(predict.end(), with_dict.begin(), with_dict.end());
  const auto result = run(predict);
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_LT(relative_difference(formats::read_npz(folder_ / "ours.npz").at("outputs"), outputs_of("torch")), 1e-4);
}

TEST_F(Foreign, ExportsAreReadAgain) {
  train("run");
  for (const char* file : {"out.onnx", "out.keras"}) {
    const auto written = run({"export", "run", "--out", file, "--mode", "train"});
    ASSERT_EQ(written.code, 0) << written.err;
    EXPECT_NEAR(loss_of({"evaluate", file, "--data", "data.npz"}), loss_of({"evaluate", "run", "--data", "data.npz"}),
                1e-5)
        << file;
  }
  EXPECT_EQ(run({"export", "run", "--out", "dict.safetensors", "--format", "state-dict"}).code, 0);
  EXPECT_SAYS(refusal({"export", "run", "--out", "folded.keras", "--fold"}), "--fold");
  EXPECT_SAYS(refusal({"export", "run", "--out", "run.txt"}), ".onnx or .keras");
}

TEST_F(Foreign, ImportChecksExpectedOutputs) {
  write_channels_first("first.npz", "x");
  const Tensor x = formats::read_npz(folder_ / "first.npz").at("x").clone();
  Tensor outputs = outputs_of("torch");
  formats::write_npz(folder_ / "expected.npz", {{"x", x.view()}, {"outputs", outputs.view()}});
  const auto json =
      run_json({"import", "train.onnx", "--out", "nets", "--preprocess", "1/255", "--expect", "expected.npz"});
  EXPECT_EQ(json["expectation"]["equal"], true) << json.dump();
  const auto without = run({"import", "train.onnx", "--out", "other", "--expect", "expected.npz"});
  EXPECT_EQ(without.code, 1) << without.err;
  EXPECT_SAYS(without.out, "divided by 255");
}

TEST_F(Foreign, ImportRefusesFoldersOfOthers) {
  fs::create_directory(folder_ / "nets");
  write("nets/mine.txt", "mine");
  EXPECT_SAYS(refusal({"import", "train.onnx", "--out", "nets"}), "mine.txt");
}

TEST_F(Foreign, AModelOfOursHasNoFileToMend) {
  train("run");
  EXPECT_SAYS(refusal({"repair", "run", "--data", "data.npz", "--fix", "all", "--out", "mended.onnx"}),
              "the file that the network came from");
}

}  // namespace
}  // namespace evenkeel
