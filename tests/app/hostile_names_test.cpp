// Names with bytes that are not UTF-8, and characters that terminals, pages and shells obey.
#include "evenkeel/base/text.h"
#include "evenkeel/formats/png.h"
#include "evenkeel/formats/safetensors.h"
#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

/// What no name may bring into output: an escape of terminals, bytes that are not UTF-8, a character that turns the
/// text around, the end of a script, quotes, commands of the shell, a line end.
const std::vector<std::string> kHostile = {"\x1b[31mred", "caf\xe9", "\u202eabc", "<script>\"&'", "$(x) `y`", "a\nb"};

class HostileNames : public App {
 protected:
  HostileNames() {
    for (std::size_t label = 0; label < kHostile.size(); ++label)
      for (int i = 0; i < 4; ++i)
        write_image(label < 3 ? kHostile[label] : kHostile[label] + "9", i, static_cast<std::uint8_t>(40 * label + 7));
    std::string model = kSmallModel;
    write("model.toml", model.replace(model.find("units = 3"), 9, "units = 6"));
  }

  void write_image(const std::string& name, int i, std::uint8_t value) {
    const auto path = folder_ / kFolder / name / (kHostile[0] + kHostile[1] + std::to_string(i) + ".png");
    std::filesystem::create_directories(path.parent_path());
    Tensor image({6, 6, 1}, DType::uint8);
    std::ranges::fill(image.as<std::uint8_t>(), value);
    formats::write_png(path, image);
  }

  /// Runs a command; nothing that it prints may be hostile.
  RunningProgram::Result run_clean(int code, std::vector<std::string> arguments) {
    if (arguments[0] != "summary" && arguments[0] != "report" && arguments[0] != "data" && arguments[0] != "weights")
      arguments.insert(arguments.end(), {"--threads", "1"});
    RunningProgram::Result result = run(arguments);
    EXPECT_EQ(result.code, code) << arguments[0] << ": " << result.err;
    for (const std::string* text : {&result.out, &result.err}) EXPECT_EQ(printable_lines(*text), *text) << arguments[0];
    return result;
  }
  void expect_clean_file(const std::string& name) {
    const std::string text = read(name);
    EXPECT_FALSE(text.empty()) << printable(name);
    EXPECT_EQ(printable_lines(text), text) << printable(name);
  }

  const std::string kFolder = "images\x1b[32m\xe9", kRun = "run\x1b[33m\xe9\u202e";
};

TEST_F(HostileNames, ReachNeitherTheTerminalNorFilesThroughAWholeRun) {
  run_clean(0, {"train", "model.toml", "--data", kFolder, "--validation", kFolder, "--epochs", "2", "--out", kRun});
  const std::string evaluated = run_clean(0, {"evaluate", kRun, "--data", kFolder, "--plot", "plot.svg"}).out;
  EXPECT_SAYS(evaluated, "caf\\xe9");
  EXPECT_SAYS(evaluated, "\\x1b[31mred");
  run_clean(0, {"evaluate", kRun, "--data", kFolder, "--json"});
  run_clean(0, {"predict", kRun, "--data", kFolder});
  run_clean(0, {"predict", kRun, "--data", kFolder, "--output", "predicted.csv"});
  run_clean(0, {"data", "info", kFolder});
  run_clean(0, {"doctor", kRun, "--data", kFolder, "--verbose", "--html", "doctor.html"});
  run_clean(0, {"doctor", kRun, "--data", kFolder, "--json"});
  run_clean(0, {"repair", kRun, "--data", kFolder, "--fix", "all", "--out", kRun + ".safetensors", "--keep"});
  run_clean(0, {"report", kRun, "--out", "report.html"});
  run_clean(0, {"report", kRun, "--out", kRun + ".html", "--json"});
  run_clean(0, {"summary", kRun});
  run_clean(0, {"weights", kRun});
  for (const std::string& file :
       {kRun + "/run.json", kRun + "/model.toml", kRun + "/metrics.csv", std::string("doctor.html"),
        std::string("report.html"), std::string("predicted.csv"), std::string("plot.svg")})
    expect_clean_file(file);
}

TEST_F(HostileNames, LeaveARunThatCanBeResumed) {
  run_clean(0, {"train", "model.toml", "--data", kFolder, "--epochs", "1", "--out", kRun});
  run_clean(0, {"train", kRun, "--resume", "--epochs", "2"});
}

TEST_F(HostileNames, OfNothingAreNotEchoedAsTheyAre) {
  for (const std::string& name : kHostile) {
    run_clean(2, {"summary", name + ".toml"});
    run_clean(2, {"evaluate", "model.toml", "--weights", name, "--data", name});
    run_clean(2, {"summary", "--" + name});
    run_clean(2, {"data", "info", name});
  }
}

TEST_F(HostileNames, OfLayersAndModelsAreRefused) {
  for (const char* name : {"\\u001b[31m", "\\u202e", "a\\nb", "\\u0000"}) {
    write("bad.toml", std::string("name = \"") + name + "\"\n" + std::string(kSmallModel).substr(15));
    EXPECT_SAYS(run_clean(2, {"summary", "bad.toml"}).err, "a name of characters that can be seen");
    std::string layer = kSmallModel;
    layer.replace(layer.find("units"), 0, std::string("name = \"") + name + "\"\n");
    write("bad.toml", layer);
    EXPECT_SAYS(run_clean(2, {"summary", "bad.toml"}).err, "bad.toml:29: Dense");
  }
  write("bad.toml", "name = \"caf\xe9\"\n");
  run_clean(2, {"summary", "bad.toml"});
}

TEST_F(HostileNames, OfTensorsAreShownEscaped) {
  const Tensor value = Tensor({1}, DType::float32);
  formats::write_safetensors(folder_ / "bad.safetensors", {{"a\x1b[31m\u202e\n", value.view()}});
  run_clean(2, {"weights", "model.toml", "--weights", "bad.safetensors"});
  std::string bytes = read("bad.safetensors");
  bytes[bytes.find("[31m")] = '\xe9';
  write("bad.safetensors", bytes);
  run_clean(2, {"weights", "model.toml", "--weights", "bad.safetensors"});
}

TEST_F(HostileNames, AreQuotedInCommandsThatCanBePasted) {
  run_clean(0, {"train", "model.toml", "--data", kFolder, "--epochs", "1", "--out", "name with $(x)"});
  const auto told = run_clean(
      0, {"repair", "name with $(x)", "--data", kFolder, "--fix", "all", "--out", "it's.safetensors", "--keep"});
  EXPECT_SAYS(told.out, "evenkeel evaluate 'name with $(x)' --weights 'it'\\''s.safetensors' --data $'images\\033[32m");
}

}  // namespace
}  // namespace evenkeel
