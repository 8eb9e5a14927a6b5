// Every reader of foreign bytes has a fuzz target (CONTRIBUTING.md, "Fuzzing"), every target has seeds.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = EVENKEEL_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Name and source of each target.
std::map<std::string, std::string> targets() {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "tests/fuzz"))
    if (entry.path().extension() == ".cpp") found[entry.path().stem().string()] = text_of(entry.path());
  return found;
}

/// Readers that a target reaches through others, and that target.
const std::map<std::string, std::string>& reached() {
  static const std::map<std::string, std::string> through = {
      {"elements", "npy"},
      {"npy_header", "npy"},
      {"npz_or_texts", "npz_dataset"},
      {"image", "image_reading"},
      {"mnist", "idx"},
      {"fashion_mnist", "idx"},
      {"images", "image_reading"},
      {"image_folder", "image_reading"},
      {"model", "weights"},
      {"trained", "weights"},
      {"weights", "weights"},
      {"network", "weights"},
      {"file", "run_json"},
      {"maybe_gzip", "gzip"},
      {"cifar100", "class_names"},
      {"onnx_model", "onnx"},
      {"own_model", "onnx"},
      {"graph", "onnx"},
      {"keras", "keras"},
      {"record_in", "import_record"},
  };
  return through;
}

TEST(Fuzz, HasATargetForEveryReader) {
  const auto all = targets();
  std::string sources;
  for (const auto& [name, source] : all) sources += source;
  // A free function of a header; the bytes of one number are no format.
  const std::regex declares(
      "^[\\w:][\\w:<>, *&]* \\*?(?:read|decode|parse|load|unpack|import)_(\\w+)\\(|^\\w+ (gunzip|inflate)\\(");
  std::set<std::string> readers;
  for (const char* floor : {"formats", "data", "nn", "train", "interchange", "runs", "studies"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / "evenkeel" / floor)) {
      if (entry.path().extension() != ".h") continue;
      std::ifstream stream(entry.path());
      for (std::string line; std::getline(stream, line);)
        if (std::smatch match; std::regex_search(line, match, declares) && match[1] != "little")
          readers.insert(match[1].matched ? match[1] : match[2]);
    }
  EXPECT_GT(readers.size(), 25u);
  for (const std::string& reader : readers) {
    const bool is_called =
        std::regex_search(sources, std::regex("\\b((read|decode|parse|load|unpack|import)_)?" + reader + "\\("));
    const auto through = reached().find(reader);
    EXPECT_TRUE(is_called || (through != reached().end() && all.contains(through->second)))
        << "no target of tests/fuzz calls the reader of " << reader;
  }
}

TEST(Fuzz, HasSeedsForEveryTargetAndNoOthers) {
  const auto all = targets();
  std::uintmax_t bytes = 0;
  for (const auto& [name, source] : all) {
    const fs::path corpus = kRoot / "tests/fuzz/corpus" / name;
    ASSERT_TRUE(fs::exists(corpus)) << corpus;
    EXPECT_GE(std::distance(fs::directory_iterator(corpus), {}), 2) << corpus;
    for (const auto& seed : fs::directory_iterator(corpus)) bytes += seed.file_size();
  }
  EXPECT_LT(bytes, 300'000u);
  for (const auto& corpus : fs::directory_iterator(kRoot / "tests/fuzz/corpus"))
    EXPECT_TRUE(all.contains(corpus.path().filename().string())) << corpus.path();
  for (const auto& entry : fs::directory_iterator(kRoot / "tests/fuzz"))
    if (entry.path().extension() == ".dict") {
      EXPECT_TRUE(all.contains(entry.path().stem().string())) << entry.path();
    }
}

}  // namespace
