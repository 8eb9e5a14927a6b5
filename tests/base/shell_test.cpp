#include "evenkeel/base/shell.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// What bash makes of a word.
std::string read_by_bash(const std::string& word) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      popen(("bash -c " + shell_quoted("printf %s " + word)).c_str(), "r"), pclose);
  std::string text;
  std::array<char, 256> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), n);
  return text;
}

TEST(ShellQuoted, LeavesPlainWordsAsTheyAre) { EXPECT_EQ(shell_quoted("runs/a-1.toml"), "runs/a-1.toml"); }

TEST(ShellQuoted, IsReadBackByTheShellAsTheWord) {
  for (const std::string word :
       {"a b", "$(x) `y` \"z\"", "it's", "new\nline", "\x1b[31m red", "caf\xe9 1", "\u202eabc'd\\"})
    EXPECT_EQ(read_by_bash(shell_quoted(word)), word) << shell_quoted(word);
}

TEST(ShellQuoted, IsPrintable) {
  for (const std::string word : {"new\nline", "\x1b[31m", "caf\xe9", "\u202e"})
    EXPECT_EQ(shell_quoted(word), printable(shell_quoted(word)));
}

}  // namespace
}  // namespace evenkeel
