#include "evenkeel/diagnose/codes.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/support/testing.h"

namespace evenkeel {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

const std::filesystem::path& root() {
  static const std::filesystem::path path = EVENKEEL_SOURCE_DIR;
  return path;
}

TEST(Codes, HaveAPageEach) {
  for (const CodeInfo& info : all_codes()) {
    const std::string page = text_of(root() / documentation_of(info.code));
    EXPECT_TRUE(page.starts_with("# " + std::string(info.code) + ":")) << info.code << ": " << page.substr(0, 40);
  }
}

TEST(Codes, StandInTheTableOfTheDocumentation) {
  const std::string table = text_of(root() / "docs/doctor/README.md");
  for (const CodeInfo& info : all_codes()) {
    const std::string code(info.code);
    EXPECT_SAYS(table, "| [`" + code + "`](" + code + ".md) | " + std::string(info.title) + " |");
  }
}

TEST(Codes, HaveCodeForKerasAndPytorch) {
  for (const CodeInfo& info : all_codes())
    for (const std::string_view snippet : {info.keras, info.pytorch}) {
      EXPECT_FALSE(snippet.empty() || snippet.starts_with('#')) << info.code << ": " << snippet;
      EXPECT_EQ(snippet.find("..."), std::string_view::npos) << info.code << ": " << snippet;
    }
}

TEST(Codes, HaveNoPageWithoutACode) {
  std::set<std::string> known;
  for (const CodeInfo& info : all_codes()) known.emplace(info.code);
  for (const auto& file : std::filesystem::directory_iterator(root() / "docs/doctor")) {
    const std::string code = file.path().stem().string();
    if (text_of(file.path()).starts_with("# " + code + ":")) {
      EXPECT_TRUE(known.contains(code)) << file.path();
    }
  }
}

}  // namespace
}  // namespace evenkeel
