#include "evenkeel/base/text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace evenkeel {
namespace {

const std::vector<std::string> kNames = {"mnist", "fashion-mnist", "strokes", "kernel_size", "kernel_initializer"};

TEST(Nearest, FindsTheNameWithTwoLettersSwapped) { EXPECT_EQ(nearest("mnsit", kNames), "mnist"); }

TEST(Nearest, FindsTheNameWithALetterMissing) { EXPECT_EQ(nearest("kernel_sze", kNames), "kernel_size"); }

TEST(Nearest, FindsTheNameWithALetterTooMany) { EXPECT_EQ(nearest("strockes", kNames), "strokes"); }

TEST(Nearest, FindsTheNameWithALetterReplaced) { EXPECT_EQ(nearest("stroket", kNames), "strokes"); }

TEST(Nearest, TakesAnExactNameBeforeANearOne) {
  const std::vector<std::string> names = {"units1", "units"};
  EXPECT_EQ(nearest("units", names), "units");
}

TEST(Nearest, TakesTheFirstOfEquallyNearNames) {
  const std::vector<std::string> names = {"beta_1", "beta_2"};
  EXPECT_EQ(nearest("beta_3", names), "beta_1");
}

TEST(Nearest, IgnoresCase) { EXPECT_EQ(nearest("MNIST", kNames), "mnist"); }

TEST(Nearest, IsEmptyWhereNothingIsNear) { EXPECT_EQ(nearest("imagenet", kNames), ""); }

TEST(Nearest, IsEmptyForAnEmptyName) { EXPECT_EQ(nearest("", kNames), ""); }

TEST(Nearest, IsEmptyWhereNothingIsKnown) { EXPECT_EQ(nearest("mnist", {}), ""); }

TEST(Nearest, DoesNotReplaceEveryLetter) {
  const std::vector<std::string> names = {"x"};
  EXPECT_EQ(nearest("y", names), "");
}

TEST(SameName, IgnoresCapitalsUnderscoresAndHyphens) {
  EXPECT_TRUE(same_name("LeakyReLU", "leaky_relu"));
  EXPECT_TRUE(same_name("fashion_mnist", "Fashion-MNIST"));
  EXPECT_FALSE(same_name("relu", "elu"));
  EXPECT_FALSE(same_name("conv2d", "conv3d"));
}

TEST(Join, PutsTheSeparatorBetweenPartsOnly) {
  const std::vector<std::string> parts = {"a", "b", "c"};
  EXPECT_EQ(join(parts), "a, b, c");
  EXPECT_EQ(join(parts, "/"), "a/b/c");
}

TEST(Join, KeepsEmptyParts) {
  const std::vector<std::string> parts = {"", "", "b"};
  EXPECT_EQ(join(parts), ", , b");
}

TEST(Join, OfNothingIsEmpty) { EXPECT_EQ(join({}), ""); }

TEST(Printable, KeepsUtf8) { EXPECT_EQ(printable("caf\xc3\xa9 \xf0\x9f\x90\xb1"), "caf\xc3\xa9 \xf0\x9f\x90\xb1"); }

TEST(Printable, WritesOtherBytesAsHexadecimalDigits) {
  EXPECT_EQ(printable("caf\xe9.jpg"), "caf\\xe9.jpg");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // longer than it must be
  EXPECT_EQ(printable("\xc3"), "\\xc3");
}

TEST(Printable, WritesControlCharactersAsHexadecimalDigits) { EXPECT_EQ(printable("a\n\x1b[31m"), "a\\x0a\\x1b[31m"); }

TEST(Printable, NamesCharactersThatTurnTheTextAroundOrEndItsLine) {
  EXPECT_EQ(printable("a\u202eb\u2066"), "a\\u202eb\\u2066");
  EXPECT_EQ(printable("\u2028\u200f"), "\\u2028\\u200f");
}

TEST(Printable, NamesTheControlCharactersBeyondAscii) { EXPECT_EQ(printable("\u009b31m"), "\\u009b31m"); }

TEST(Printable, NamesWhatXmlHasNoCharacterFor) { EXPECT_EQ(printable("\xef\xbf\xbe"), "\\ufffe"); }

TEST(Printable, DoesNotChangeWhatIsPrintable) {
  const std::string once = printable("a\x1b\u202e\xff\\x41");
  EXPECT_EQ(printable(once), once);
}

TEST(PrintableLines, KeepsTheEndsOfLinesAndTabs) { EXPECT_EQ(printable_lines("a\n\tb\r\x1b"), "a\n\tb\\x0d\\x1b"); }

TEST(TomlString, EscapesQuotesAndWhatCannotBeSeen) {
  EXPECT_EQ(toml_string("a\"b\\c\n\u202e"), "\"a\\\"b\\\\c\\u000a\\u202e\"");
  EXPECT_EQ(toml_string("caf\xe9"), "\"caf\\\\xe9\"");
}

TEST(CsvCell, QuotesCommasAndQuotes) {
  EXPECT_EQ(csv_cell("plain"), "plain");
  EXPECT_EQ(csv_cell("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(csv_cell("a\nb"), "a\\x0ab");
}

TEST(WithoutCredentials, LeavesUserAndPasswordOut) {
  EXPECT_EQ(without_credentials("https://me:secret@host:80/a@b?c"), "https://host:80/a@b?c");
  EXPECT_EQ(without_credentials("https://me:p@ss@host"), "https://host");
  EXPECT_EQ(without_credentials("file:///a@b"), "file:///a@b");
  EXPECT_EQ(without_credentials("no address@all"), "no address@all");
}

TEST(Shortened, SaysHowMuchIsLeftOut) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcdef", 4), "abcd... (2 more bytes)");
  EXPECT_EQ(shortened("ab\u00e9", 3), "ab... (2 more bytes)") << "no half characters";
}

TEST(Wrapped, BreaksAtBlanksAndIndentsWhatFollows) {
  EXPECT_EQ(wrapped("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrapped("one two three", 7, 2), "one two\n  three");
  EXPECT_EQ(wrapped("one two three", 8, 4), "one two\n    three");
}

TEST(Wrapped, KeepsBlanksWithinALine) { EXPECT_EQ(wrapped("a  b   c d", 8), "a  b   c\nd"); }

TEST(Wrapped, GivesALongWordALineOfItsOwn) {
  EXPECT_EQ(wrapped("a longer-than-six b", 6), "a\nlonger-than-six\nb");
  EXPECT_EQ(wrapped("longer-than-six", 6), "longer-than-six");
}

TEST(Wrapped, CountsCharactersNotBytes) { EXPECT_EQ(wrapped("äöü äöü", 7), "äöü äöü"); }

TEST(Wrapped, WithoutAWidthIsOneLine) { EXPECT_EQ(wrapped("one two", 0), "one two"); }

}  // namespace
}  // namespace evenkeel
