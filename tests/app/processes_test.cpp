// Training in several processes, started by Open MPI's mpirun. Skipped where it is not installed.
#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "evenkeel/base/philox.h"
#include "evenkeel/formats/png.h"
#include "tests/app/app_test.h"
#include "tests/support/images.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

class Processes : public App {
 protected:
  void SetUp() override {
    const fs::path plugin = fs::path(EVENKEEL_PROGRAM).parent_path() / "mpi/openmpi/libevenkeel_mpi.so";
    if (!fs::exists(plugin) || std::system("command -v mpirun.openmpi >/dev/null") != 0)
      GTEST_SKIP() << "Open MPI is not installed";
  }
  /// mpirun with so many processes, and what runs each.
  static std::vector<std::string> mpirun(int processes, const std::vector<std::string>& each = {}) {
    std::vector<std::string> words = {"mpirun.openmpi",
                                      "--allow-run-as-root",
                                      "--oversubscribe",
                                      "--bind-to",
                                      "none",
                                      "--mca",
                                      "btl_vader_single_copy_mechanism",
                                      "none",
                                      "-n",
                                      std::to_string(processes)};
    words.insert(words.end(), each.begin(), each.end());
    return words;
  }
  /// Something else in process 1: shell commands.
  static std::vector<std::string> in_process_1(const std::string& commands) {
    return {"sh", "-c", "if [ $OMPI_COMM_WORLD_RANK = 1 ]; then " + commands + "; fi; exec \"$@\"", "sh"};
  }
  static std::vector<std::string> training(const std::string& out, const std::string& epochs = "10") {
    return {"train",    "model.toml", "--data",    "data.npz", "--validation", "data.npz[:9]",
            "--epochs", epochs,       "--threads", "1",        "--out",        out};
  }
  /// The figures of metrics.csv: loss, accuracy and validation of each epoch.
  std::vector<double> figures(const std::string& out) {
    std::istringstream lines(read(out + "/metrics.csv"));
    std::vector<double> all;
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream columns(line);
      std::string value;
      for (int i = 0; i < 6 && std::getline(columns, value, ','); ++i) all.push_back(std::atof(value.c_str()));
    }
    return all;
  }
  void expect_same_figures(const std::string& a, const std::string& b) {
    const auto left = figures(a), right = figures(b);
    ASSERT_EQ(left.size(), right.size());
    ASSERT_FALSE(left.empty());
    for (std::size_t i = 0; i < left.size(); ++i)
      EXPECT_NEAR(left[i], right[i], 1e-4 * std::max(1.0, std::abs(right[i])));
  }
  /// The processes that mpirun started here, by their ids.
  std::vector<int> started() const {
    std::vector<int> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::error_code none;
      const fs::path in = fs::read_symlink(entry.path() / "cwd", none);
      const fs::path program = fs::read_symlink(entry.path() / "exe", none);
      if (in == folder_.path() && program == fs::path(EVENKEEL_PROGRAM))
        found.push_back(std::stoi(entry.path().filename()));
    }
    return found;
  }
  /// Of the environment of a process; empty if it has none.
  static std::string variable(int process, const std::string& name) {
    std::ifstream environment(fmt::format("/proc/{}/environ", process));
    std::string one;
    while (std::getline(environment, one, '\0'))
      if (one.starts_with(name + '=')) return one.substr(name.size() + 1);
    return {};
  }
};

TEST_F(Processes, TrainTheNetworkThatOneWouldIntoOneFolder) {
  ASSERT_EQ(run(training("one")).code, 0);
  for (const int count : {2, 3}) {
    const std::string out = "of-" + std::to_string(count);
    auto arguments = training(out);
    arguments.emplace_back("--json");
    const auto result = run(arguments, mpirun(count));
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(nlohmann::json::parse(result.out).at("steps"), 50);
    expect_same_figures(out, "one");
    for (const char* file : {"model.toml", "run.json", "weights.safetensors", "checkpoints"})
      EXPECT_TRUE(exists(out + '/' + file)) << file;
  }
}

TEST_F(Processes, GiveTheSameBitsEveryTime) {
  for (const char* out : {"a", "b"}) ASSERT_EQ(run(training(out), mpirun(2)).code, 0);
  EXPECT_EQ(read("a/weights.safetensors"), read("b/weights.safetensors"));
}

TEST_F(Processes, EvaluateTogether) {
  train("run");
  const std::vector<std::string> arguments = {"evaluate", "run", "--data", "data.npz", "--batch-size", "7", "--json"};
  const auto one = nlohmann::json::parse(run(arguments).out);
  const auto result = run(arguments, mpirun(3));
  ASSERT_EQ(result.code, 0) << result.err;
  const auto several = nlohmann::json::parse(result.out);
  EXPECT_EQ(several["samples"], one["samples"]);
  EXPECT_EQ(several["confusion"], one["confusion"]);
  EXPECT_NEAR(several["loss"].get<double>(), one["loss"].get<double>(), 1e-6);
}

/// Figures may differ by rounding; how often the samples passed depends on the memory of all processes together.
void expect_same(const nlohmann::json& a, const nlohmann::json& b, const std::string& at = "") {
  ASSERT_EQ(a.type(), b.type()) << at;
  if (a.is_number_float()) {
    EXPECT_NEAR(a.get<double>(), b.get<double>(), 1e-4 * std::max(1.0, std::abs(b.get<double>()))) << at;
  } else if (a.is_structured()) {
    ASSERT_EQ(a.size(), b.size()) << at;
    for (const auto& [key, value] : a.items())
      if (key != "passes")
        expect_same(value, b.is_object() ? b.at(key) : b.at(static_cast<std::size_t>(std::stoi(key))), at + '/' + key);
  } else {
    EXPECT_EQ(a, b) << at;
  }
}

TEST_F(Processes, DiagnoseTogether) {
  write_data("many.npz", 700);
  train("run");
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--train-data", "data.npz"}}) {
    std::vector<std::string> arguments = {"doctor", "run", "--data", "many.npz", "--threads", "1", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto one = run(arguments);
    ASSERT_EQ(one.code, 0) << one.err;
    for (const int count : {2, 3}) {
      const auto result = run(arguments, mpirun(count));
      ASSERT_EQ(result.code, 0) << result.err;
      expect_same(nlohmann::json::parse(result.out), nlohmann::json::parse(one.out));
    }
  }
}

/// The first one looks at all images once, for all; what it finds wrong is said once.
TEST_F(Processes, LeaveOutTheSameBadImages) {
  for (int label = 0; label < 3; ++label)
    for (int i = 0; i < 8; ++i) {
      Tensor image({6, 6, 1}, DType::uint8);
      std::ranges::fill(image.as<std::uint8_t>(), static_cast<std::uint8_t>(80 * label + i));
      put_file(folder_ / fmt::format("photos/class{}/{:02}.png", label, i), formats::encode_png(image));
    }
  write("photos/class1/03.png", "no image");
  const std::vector<std::string> arguments = {"train",    "model.toml", "--data",    "photos", "--stream",
                                              "--epochs", "1",          "--threads", "1",      "--skip-bad-images"};
  auto with = [&](const std::string& out) {
    auto all = arguments;
    all.insert(all.end(), {"--out", out});
    return all;
  };
  const auto result = run(with("run"), mpirun(2));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_NE(read("run/run.json").find("\"samples\": 23"), std::string::npos);
  for (int label = 0; label < 3; ++label)
    for (int i = 0; i < 8; ++i) write(fmt::format("photos/class{}/{:02}.png", label, i), "no image");
  const std::string said = refusal(with("none"), mpirun(2));
  EXPECT_EQ(said.find("evenkeel: ", said.find("evenkeel: ") + 1), std::string::npos) << said;
  EXPECT_NE(said.find("None is left."), std::string::npos) << said;
}

TEST_F(Processes, RefuseToDiagnoseOtherDataOnce) {
  write_data("wrong.npz", 40, [](Tensor& x, Tensor&) { x = Tensor({40, 5, 6, 1}, DType::uint8); });
  train("run");
  const std::string said = refusal({"doctor", "run", "--data", "wrong.npz"}, mpirun(2));
  EXPECT_EQ(said.find("evenkeel: ", said.find("evenkeel: ") + 1), std::string::npos) << said;
}

/// At three moments; at twenty with EVENKEEL_ALL_FAULTS=1.
TEST_F(Processes, GoOnWithAnotherNumberAfterOneWasKilled) {
  const bool all = std::getenv("EVENKEEL_ALL_FAULTS") != nullptr;
  const std::string epochs = all ? "600" : "200";
  ASSERT_EQ(run(training("whole", epochs)).code, 0);
  auto arguments = training("run", epochs);
  arguments.insert(arguments.end(), {"--checkpoint-every", "1", "--resume"});
  RandomStream random({.seed = 21, .purpose = Purpose::study});
  int killed = 0;
  for (int i = 0; i < (all ? 20 : 3); ++i) {
    const int count = 2 + i % 2;
    RunningProgram program(arguments, folder_.path().string(), mpirun(count));
    std::this_thread::sleep_for(std::chrono::milliseconds(400 + random.below(all ? 700 : 300)));
    const auto processes = started();
    std::string rank;
    if (!processes.empty()) {
      const int process = processes[random.below(static_cast<std::uint32_t>(processes.size()))];
      rank = variable(process, "OMPI_COMM_WORLD_RANK");
      kill(process, SIGKILL);
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto result = program.wait();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    if (result.code == 0 || rank.empty()) continue;
    ++killed;
    EXPECT_NE((result.out + result.err).find("rank " + rank), std::string::npos) << result.out << result.err;
  }
  EXPECT_GE(killed, all ? 15 : 1);
  const auto result = run(arguments, mpirun(3));
  ASSERT_EQ(result.code, 0) << result.err;
  expect_same_figures("run", "whole");
}

TEST_F(Processes, EndTogetherIfOneIsToldTo) {
  RunningProgram program(training("run", "1000000"), folder_.path().string(), mpirun(2));
  for (int i = 0; i < 400 && !exists("run/metrics.csv"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (const int process : started())
    if (variable(process, "OMPI_COMM_WORLD_RANK") == "1") kill(process, SIGINT);
  const auto result = program.wait();
  EXPECT_EQ(result.code, 130) << result.err;
  EXPECT_NE(result.err.find("--resume continues it"), std::string::npos) << result.err;
}

TEST_F(Processes, EndWithTheErrorOfTheOneThatHasNoFile) {
  fs::create_directory(folder_ / "elsewhere");
  fs::copy_file(folder_ / "model.toml", folder_ / "elsewhere/model.toml");
  const std::string said = refusal(training("run"), mpirun(2, in_process_1("cd elsewhere")));
  EXPECT_NE(said.find("evenkeel: process 1 of 2"), std::string::npos) << said;
  EXPECT_NE(said.find("data.npz"), std::string::npos) << said;
  EXPECT_EQ(said.find("evenkeel: ", said.find("evenkeel: ") + 1), std::string::npos) << said;
  EXPECT_FALSE(exists("run"));
}

TEST_F(Processes, RefuseOtherDataInOneOfThem) {
  fs::create_directory(folder_ / "elsewhere");
  fs::copy_file(folder_ / "model.toml", folder_ / "elsewhere/model.toml");
  write_data("elsewhere/data.npz", 41);
  const std::string said = refusal(training("run"), mpirun(2, in_process_1("cd elsewhere")));
  EXPECT_NE(said.find("process 1 of 2"), std::string::npos) << said;
  EXPECT_NE(said.find("fingerprint of the data"), std::string::npos) << said;
}

TEST_F(Processes, RefuseABatchThatIsSmallerThanTheirNumberOnce) {
  auto arguments = training("run");
  arguments.insert(arguments.end(), {"--batch-size", "2"});
  const std::string said = refusal(arguments, mpirun(3));
  EXPECT_NE(said.find("a sample for each process"), std::string::npos) << said;
  EXPECT_EQ(said.find("a sample for each process", said.find("a sample for each process") + 1), std::string::npos);
}

TEST_F(Processes, SayAnErrorOfTheCommandLineOnce) {
  const std::string said = refusal({"train", "model.toml", "--dta", "x"}, mpirun(2));
  EXPECT_EQ(said.find("--dta", said.find("--dta") + 1), std::string::npos) << said;
}

TEST_F(Processes, EndTogetherIfOneCannotWrite) {
  // The folder cannot be made: process 0 alone knows.
  write("file", "");
  EXPECT_NE(failure(2, training("file/run"), mpirun(2)).find("file"), std::string::npos);
}

TEST_F(Processes, LetTheFirstOneDoWhatIsNotDivided) {
  // As JSON: mpirun gives a process a terminal, to whose width text is broken.
  const std::vector<std::string> arguments = {"layers", "Dense", "--json"};
  const auto result = run(arguments, mpirun(3));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out), nlohmann::json::parse(run(arguments).out));
}

TEST_F(Processes, NameThePluginThatIsMissing) {
  const std::string said = failure(3, training("run"), mpirun(2, {"env", "EVENKEEL_MPI=/nowhere/libevenkeel_mpi.so"}));
  EXPECT_NE(said.find("/nowhere/libevenkeel_mpi.so"), std::string::npos) << said;
}

TEST_F(App, PlansProcesses) {
  const auto result = run_json({"plan", "model.toml", "--processes", "8", "--network", "10Gb,5us"});
  const auto& rows = result.at("processes").at("rows");
  EXPECT_EQ(result.at("processes").at("samples_per_process"), 1);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows.back().at("processes"), 8);
  EXPECT_EQ(rows.front().at("efficiency"), 1.0);
  EXPECT_LT(rows.back().at("efficiency").get<double>(), 1.0);
  refusal({"plan", "model.toml", "--processes", "8", "--network", "fast"});
  EXPECT_NE(refusal({"plan", "model.toml", "--processes", "9"}).find("a sample for each process"), std::string::npos);
}

}  // namespace
}  // namespace evenkeel
