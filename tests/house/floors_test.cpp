// A folder of evenkeel/ is a floor: it includes its own and lower floors only. The order is that of
// evenkeel/CMakeLists.txt.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<std::string> floors() {
  std::istringstream list(EVENKEEL_FLOORS);
  std::vector<std::string> names;
  for (std::string name; std::getline(list, name, ',');) names.push_back(name);
  return names;
}

struct Include {
  fs::path file;
  std::string from, to;  ///< floors
};

std::vector<Include> includes() {
  const fs::path root = fs::path(EVENKEEL_SOURCE_DIR) / "evenkeel";
  const std::regex pattern("#include [\"<]evenkeel/([a-z_0-9]+)/");
  std::vector<Include> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
    const std::string floor = fs::relative(entry.path(), root).begin()->string();
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);) {
      std::smatch match;
      if (std::regex_search(line, match, pattern)) found.push_back({entry.path(), floor, match[1]});
    }
  }
  return found;
}

std::ptrdiff_t level(const std::string& floor) {
  const auto names = floors();
  return std::ranges::find(names, floor) - names.begin();
}

TEST(House, EveryFolderIsAFloorOfTheList) {
  const auto names = floors();
  for (const auto& entry : fs::directory_iterator(fs::path(EVENKEEL_SOURCE_DIR) / "evenkeel")) {
    if (!entry.is_directory()) continue;
    EXPECT_NE(std::ranges::find(names, entry.path().filename().string()), names.end()) << entry.path();
  }
}

TEST(House, NoFloorIncludesAHigherOne) {
  const auto all = includes();
  ASSERT_GT(all.size(), 100u);
  for (const Include& include : all) EXPECT_LE(level(include.to), level(include.from)) << include.file;
}

/// An op says what is to be computed; which kernel does it is said in its family's list.
TEST(House, NoOpNamesAKernel) {
  const std::regex kernel("#include \"evenkeel/kernels/(.*)\"");
  const std::regex plain("kernel\\.h|window\\.h|elementwise/activation\\.h|[a-z_0-9]+/list\\.h");
  std::size_t lists = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(EVENKEEL_SOURCE_DIR) / "evenkeel/program/ops")) {
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, kernel)) continue;
      const std::string header = match[1];
      EXPECT_TRUE(std::regex_match(header, plain)) << entry.path() << " includes " << header;
      lists += header.ends_with("list.h") ? 1 : 0;
    }
  }
  EXPECT_GT(lists, 10u);
}

/// Two types of one name would be one to the linker, which keeps the functions of either.
TEST(House, NoTwoHeadersDefineATypeOfOneNameInOneNamespace) {
  const std::regex opens("^namespace ([a-z_0-9:]+) \\{"), defines("^(?:struct|class) (\\w+)(?: final)?(?: :.*)? \\{");
  std::map<std::string, fs::path> first;
  const fs::path root = fs::path(EVENKEEL_SOURCE_DIR) / "evenkeel";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".h") continue;
    std::ifstream stream(entry.path());
    std::string space;
    for (std::string line; std::getline(stream, line);) {
      std::smatch match;
      if (std::regex_search(line, match, opens)) space = match[1];
      if (!std::regex_search(line, match, defines)) continue;
      const auto [known, is_new] = first.emplace(space + "::" + match[1].str(), entry.path());
      EXPECT_TRUE(is_new) << known->first << " is in " << known->second << " and " << entry.path();
    }
  }
  EXPECT_GT(first.size(), 150u);
}

TEST(House, OnlyTheKernelsFloorSeesOneDnn) {
  const fs::path root = fs::path(EVENKEEL_SOURCE_DIR) / "evenkeel";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || entry.path().string().find("/kernels/") != std::string::npos) continue;
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);)
      EXPECT_FALSE(line.starts_with("#include") && line.find("dnnl") != std::string::npos) << entry.path();
  }
}

/// That lines like these stand in the sources below `place` alone, and do there.
void expect_only_in(const std::string& place, const std::regex& lines) {
  const fs::path root = EVENKEEL_SOURCE_DIR;
  int there = 0;
  for (const char* folder : {"evenkeel", "apps"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      const std::string path = fs::relative(entry.path(), root).string();
      std::ifstream stream(entry.path());
      for (std::string line; std::getline(stream, line);) {
        const bool found = std::regex_search(line, lines);
        if (path.starts_with(place))
          there += found ? 1 : 0;
        else
          EXPECT_FALSE(found) << path << ": " << line;
      }
    }
  EXPECT_GT(there, 2);
}

/// Standard streams may be closed, full or without a reader: one place of the program knows what then is right.
TEST(House, OnlyTheProgramsOutputPrints) {
  const std::regex prints(
      "fmt::print|\\b(v?printf|puts|putchar|perror|v?fprintf)\\(|std::(cout|cerr|clog)\\b|"
      "\\bf(write|puts|putc|flush)\\(.*std(out|err)");
  expect_only_in("apps/evenkeel/output.cpp", prints);
}

/// The functions of formats/json_file.h limit the depth of what is read, and write UTF-8 whatever a name holds.
TEST(House, OnlyFormatsReadAndWriteJson) {
  const std::regex uses("\\.dump\\(|[jJ]son::parse\\(");
  expect_only_in("evenkeel/formats/", uses);
}

/// What others want to know of a layer it says itself (nn/layer_traits.h). A repair may rewrite a type of its own.
TEST(House, NobodyButTheLayersAsksForALayersType) {
  const fs::path root = EVENKEEL_SOURCE_DIR;
  std::string types;
  for (const auto& entry : fs::directory_iterator(root / "evenkeel/nn/layers")) {
    std::ifstream stream(entry.path());
    const std::regex declares("kType = \"(\\w+)\"");
    for (std::string line; std::getline(stream, line);)
      if (std::smatch match; std::regex_search(line, match, declares))
        types += (types.empty() ? "" : "|") + match[1].str();
  }
  ASSERT_NE(types.find("Conv2D"), std::string::npos);
  const std::regex asks("(as|layer)<(" + types + ")>|\\b(" + types + ")::kType|type\\(\\) [!=]= \"");
  for (const char* folder : {"evenkeel", "apps"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      const std::string path = fs::relative(entry.path(), root).string();
      if (path.starts_with("evenkeel/nn/") || path.starts_with("evenkeel/diagnose/repairs/")) continue;
      std::ifstream stream(entry.path());
      for (std::string line; std::getline(stream, line);)
        EXPECT_FALSE(std::regex_search(line, asks)) << path << ": " << line;
    }
}

/// What a file includes of the library, and what that includes.
void add_includes(const std::string& header, std::set<std::string>& found) {
  if (!found.insert(header).second) return;
  std::ifstream stream(fs::path(EVENKEEL_SOURCE_DIR) / header);
  const std::regex pattern("#include [\"<](evenkeel/[^\">]+)");
  for (std::string line; std::getline(stream, line);) {
    std::smatch match;
    if (std::regex_search(line, match, pattern)) add_includes(match[1], found);
  }
}

/// What is not reached from there is not installed.
TEST(House, TheUmbrellaHeaderHasEveryLayer) {
  std::set<std::string> found;
  add_includes("evenkeel/evenkeel.h", found);
  int layers = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(EVENKEEL_SOURCE_DIR) / "evenkeel/nn/layers")) {
    if (entry.path().extension() != ".h") continue;
    ++layers;
    EXPECT_TRUE(found.contains("evenkeel/nn/layers/" + entry.path().filename().string())) << entry.path();
  }
  EXPECT_GT(layers, 5);
}

TEST(House, ANetworkKnowsNoTrainer) {
  std::set<std::string> found;
  add_includes("evenkeel/train/network.h", found);
  EXPECT_GT(found.size(), 20u);
  const std::regex of_training("evenkeel/train/(optimizers.*|network\\.h)");
  for (const std::string& header : found)
    EXPECT_TRUE(!header.starts_with("evenkeel/train/") || std::regex_match(header, of_training)) << header;
}

/// The optimizers, schedules and losses there are: the types that name themselves in these headers.
std::string chosen_types() {
  const fs::path root = fs::path(EVENKEEL_SOURCE_DIR) / "evenkeel";
  std::vector<fs::path> headers = {root / "nn/losses.h"};
  for (const char* folder : {"train/optimizers", "train/schedules"})
    for (const auto& entry : fs::directory_iterator(root / folder))
      if (entry.path().extension() == ".h") headers.push_back(entry.path());
  const std::regex opens("^struct (\\w+) \\{");
  std::string types;
  for (const fs::path& header : headers) {
    std::ifstream stream(header);
    std::string type;
    for (std::string line; std::getline(stream, line);) {
      if (std::smatch match; std::regex_search(line, match, opens)) type = match[1];
      if (line.find(" kType = ") != std::string::npos) types += (types.empty() ? "" : "|") + type;
    }
  }
  return types;
}

/// One can be added in files of its own: nobody asks which it is.
TEST(House, NobodyAsksForAnOptimizerAScheduleOrALossByItsType) {
  const std::string types = chosen_types();
  for (const char* type : {"Adam", "SGD", "CosineSchedule", "SigmoidCrossEntropy"})
    EXPECT_NE(types.find(type), std::string::npos) << type << " is not among " << types;
  const std::regex asks("(get|get_if|holds_alternative)<(const )?(" + types + ")>");
  for (const char* top : {"evenkeel", "apps"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(EVENKEEL_SOURCE_DIR) / top)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      std::ifstream stream(entry.path());
      for (std::string line; std::getline(stream, line);)
        EXPECT_FALSE(std::regex_search(line, asks)) << entry.path() << ": " << line;
    }
}

}  // namespace
