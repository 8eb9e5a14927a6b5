// The Markdown of the repository: its links lead somewhere, here as on a git host, and its lines are short.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> pages() {
  const fs::path root(EVENKEEL_SOURCE_DIR);
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(root)) found.push_back(entry.path());
  for (const char* folder : {"docs", "examples", "bench", "tools"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) found.push_back(entry.path());
  std::erase_if(found, [](const fs::path& path) { return path.extension() != ".md"; });
  return found;
}

struct Line {
  int number;
  std::string text;
};

/// The lines of a page without blocks of code, fenced or indented.
std::vector<Line> prose(const fs::path& page) {
  std::ifstream stream(page);
  std::vector<Line> lines;
  bool fenced = false, after_blank = true, indented = false;
  int number = 0;
  for (std::string text; std::getline(stream, text);) {
    ++number;
    const bool fence = text.starts_with("```");
    indented = text.starts_with("    ") && (indented || after_blank);
    after_blank = text.empty();
    if (!fence && !fenced && !indented) lines.push_back({number, text});
    if (fence) fenced = !fenced;
  }
  return lines;
}

/// What a git host and the site make of a heading: "From C++" is #from-c.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char raw : heading) {
    const auto letter = static_cast<unsigned char>(raw);
    if (letter == ' ') anchor += '-';
    if (std::isalnum(letter) || letter == '-' || letter == '_') anchor += static_cast<char>(std::tolower(letter));
  }
  return anchor;
}

std::set<std::string> anchors(const fs::path& page) {
  std::set<std::string> found;
  for (const Line& line : prose(page))
    if (line.text.starts_with('#')) found.insert(anchor_of(line.text.substr(line.text.find_first_not_of("# "))));
  return found;
}

TEST(Markdown, LinksLeadToFilesAndHeadings) {
  const std::regex code("`[^`]*`"), link("\\]\\(([^)#\\s]*)(#[^)\\s]*)?\\)");
  int links = 0;
  for (const fs::path& page : pages())
    for (const Line& line : prose(page)) {
      const std::string text = std::regex_replace(line.text, code, "");
      for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it, ++links) {
        const std::string file = (*it)[1], anchor = (*it)[2];
        if (file.find("://") != std::string::npos) continue;
        const fs::path target = file.empty() ? page : page.parent_path() / file;
        EXPECT_TRUE(fs::is_regular_file(target)) << page << ':' << line.number << ": " << file;
        if (anchor.empty() || target.extension() != ".md" || !fs::is_regular_file(target)) continue;
        EXPECT_TRUE(anchors(target).contains(anchor.substr(1))) << page << ':' << line.number << ": " << file << anchor;
      }
    }
  EXPECT_GT(links, 100);
}

TEST(Markdown, HasLinesOfAtMost110Characters) {
  for (const fs::path& page : pages())
    for (const Line& line : prose(page)) {
      if (line.text.starts_with('|') || line.text.starts_with("![")) continue;
      // A byte that continues a character is not counted.
      const auto length = std::ranges::count_if(line.text, [](char c) { return (c & 0xC0) != 0x80; });
      EXPECT_LE(length, 110) << page << ':' << line.number;
    }
}

}  // namespace
