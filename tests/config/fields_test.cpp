#include "evenkeel/config/fields.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/nn/helpers.h"

namespace evenkeel {
namespace {

struct Options {
  std::int64_t count = 3;
  double rate = 0.5;
  bool on = true;
  std::string title = "none yet";
  Size2D size = 2;
  Padding padding = Padding::valid;
  std::optional<Size2D> strides = {};
  std::optional<double> step = {};
  std::optional<std::vector<std::int64_t>> stops = {};
  std::vector<double> weights = {};

  static void describe(Fields<Options>& fields) {
    fields.add("count", &Options::count, "how many", kAtLeastOne)
        .add("rate", &Options::rate, "how much", kFraction)
        .add("on", &Options::on, "whether")
        .add("title", &Options::title, "what it is called")
        .add("size", &Options::size, "how large")
        .add("padding", &Options::padding, "at the rim")
        .add("strides", &Options::strides, "how far")
        .add("step", &Options::step, "how fast", kPositive)
        .add("stops", &Options::stops, "where", kNotNegative)
        .add("weights", &Options::weights, "how heavy", kNotNegative);
  }
};

void set(Options& options, const std::string& key, const FieldValue& value) {
  fields_of<Options>().find(key)->set(options, value);
}

std::string refusal(const std::string& key, const FieldValue& value) {
  return error_of([&] {
    Options options;
    set(options, key, value);
  });
}

TEST(Fields, SayWhatTheyAccept) {
  const auto accepted_by = [](const char* key) {
    const auto& field = *fields_of<Options>().find(key);
    return accepted(field.kind, field.range);
  };
  EXPECT_EQ(accepted_by("count"), "a whole number of at least 1");
  EXPECT_EQ(accepted_by("rate"), "a number in [0, 1)");
  EXPECT_EQ(accepted_by("step"), "a number above 0");
  EXPECT_EQ(accepted_by("stops"), "a list of whole numbers, each of at least 0");
  EXPECT_EQ(accepted_by("on"), "true or false");
}

TEST(Fields, KnowTheirChoicesWhereThereAreSome) {
  EXPECT_EQ(fields_of<Options>().find("padding")->choices, (std::vector<std::string>{"same", "valid"}));
  EXPECT_TRUE(fields_of<Options>().find("title")->choices.empty());
}

TEST(Padding, IsANameOrNumbersOfEachSide) {
  const auto read = [](const FieldValue& value) {
    Options options;
    set(options, "padding", value);
    return options.padding;
  };
  using Sides = std::vector<std::int64_t>;
  EXPECT_EQ(read(std::string("same")), Padding::same);
  EXPECT_EQ(read(std::int64_t{0}), Padding::valid);
  EXPECT_EQ(read(std::int64_t{2}), Padding(2, 2, 2, 2));
  EXPECT_EQ(read(Sides{1, 3}), Padding(1, 1, 3, 3));
  EXPECT_EQ(read(Sides{0, 1, 2, 3}), Padding(0, 1, 2, 3));
  for (const Padding padding : {Padding::same, Padding::valid, Padding(1), Padding(1, 2), Padding(0, 1, 0, 1)})
    EXPECT_EQ(read(field_value(padding)), padding);
}

TEST(Padding, RefusesOtherNamesAndNegativeNumbers) {
  const std::vector<FieldValue> wrong = {std::string("full"), std::int64_t{-1}, std::vector<std::int64_t>{1},
                                         std::vector<std::int64_t>{1, 2, 3}, std::vector<std::int64_t>{0, 1, 0, -1}};
  for (const FieldValue& value : wrong)
    EXPECT_SAYS(refusal("padding", value),
                "\"same\", \"valid\", a whole number, [height, width] or [top, bottom, left, right]");
}

TEST(FieldValue, ReadsAsTomlWritesIt) {
  EXPECT_EQ(to_string(FieldValue(true)), "true");
  EXPECT_EQ(to_string(FieldValue(std::int64_t{-3})), "-3");
  EXPECT_EQ(to_string(FieldValue(std::string("same"))), "\"same\"");
  EXPECT_EQ(to_string(FieldValue(std::vector<std::int64_t>{3, 5})), "[3, 5]");
}

TEST(FieldValue, WritesListsAsTomlDoes) {
  EXPECT_EQ(to_string(FieldValue(std::vector<double>{1, 0.5})), "[1.0, 0.5]");
  EXPECT_EQ(to_string(FieldValue(std::vector<double>{})), "[]");
}

TEST(FieldValue, KeepsANumberApartFromAWholeNumber) {
  EXPECT_EQ(to_string(FieldValue(2.0)), "2.0");
  EXPECT_EQ(to_string(FieldValue(1e-8)), "1e-08");
}

TEST(FieldValue, WritesEveryDigitThatANumberNeeds) {
  for (const double v : {1.0 / 255, 0.1, static_cast<double>(0.1f), 1e300, 0.99})
    EXPECT_EQ(std::stod(to_string(FieldValue(v))), v);
}

TEST(FieldValue, EscapesWhatWouldEndAText) {
  EXPECT_EQ(to_string(FieldValue(std::string("a\"b\\c\nd"))), R"("a\"b\\c\u000ad")");
}

TEST(Fields, TakeAWholeNumberForANumber) {
  Options options;
  set(options, "rate", std::int64_t{0});
  EXPECT_EQ(options.rate, 0.0);
}

TEST(Fields, RefuseANumberForAWholeNumber) {
  EXPECT_EQ(refusal("count", 2.0), "\"count\": expected a whole number, received 2.0.");
}

TEST(Fields, RefuseATextForATruth) {
  EXPECT_EQ(refusal("on", std::string("yes")), "\"on\": expected true or false, received \"yes\".");
}

TEST(Fields, RefuseWhatIsOutOfRange) {
  EXPECT_EQ(refusal("count", std::int64_t{0}), "\"count\": expected a number of at least 1, received 0.");
  EXPECT_EQ(refusal("rate", 1.0), "\"rate\": expected a number in [0, 1), received 1.0.");
  EXPECT_EQ(refusal("step", 0.0), "\"step\": expected a number above 0, received 0.0.");
}

TEST(Fields, RefuseWhatIsNotFinite) {
  EXPECT_NE(refusal("rate", std::nan("")), "");
  EXPECT_NE(refusal("step", std::numeric_limits<double>::infinity()), "");
}

TEST(Fields, TakeOneSizeForBothSides) {
  Options options;
  set(options, "size", std::int64_t{3});
  EXPECT_EQ(options.size, Size2D(3, 3));
  set(options, "size", std::vector<std::int64_t>{3, 2});
  EXPECT_EQ(options.size, Size2D(3, 2));
}

TEST(Fields, RefuseSizesThatAreNoWindow) {
  EXPECT_NE(refusal("size", std::int64_t{0}), "");
  EXPECT_NE(refusal("size", std::vector<std::int64_t>{3}), "");
  EXPECT_NE(refusal("size", std::vector<std::int64_t>{3, -1}), "");
  EXPECT_NE(refusal("size", std::numeric_limits<std::int64_t>::max()), "");
}

TEST(Fields, TakeListsOfNumbers) {
  Options options;
  set(options, "stops", std::vector<std::int64_t>{3, 2});
  EXPECT_EQ(options.stops, (std::vector<std::int64_t>{3, 2}));
  set(options, "weights", std::vector<std::int64_t>{3, 2});
  EXPECT_EQ(options.weights, (std::vector<double>{3, 2}));
  set(options, "weights", std::vector<double>{0.5, 2});
  EXPECT_EQ(options.weights, (std::vector<double>{0.5, 2}));
}

TEST(Fields, TakeANumberForAListOfOne) {
  Options options;
  set(options, "stops", std::int64_t{7});
  EXPECT_EQ(options.stops, (std::vector<std::int64_t>{7}));
  set(options, "weights", 0.5);
  EXPECT_EQ(options.weights, (std::vector<double>{0.5}));
}

TEST(Fields, RefuseListsThatAreNoneOrOutOfRange) {
  EXPECT_EQ(refusal("stops", std::vector<double>{0.5}), "\"stops\": expected a list of whole numbers, received [0.5].");
  EXPECT_EQ(refusal("weights", std::string("1")), "\"weights\": expected a list of numbers, received \"1\".");
  EXPECT_NE(refusal("weights", std::vector<double>{1, -0.5}), "");
  EXPECT_NE(refusal("stops", std::vector<std::int64_t>{-1}), "");
}

TEST(NamedNumber, IsTakenApart) {
  EXPECT_EQ(parse_named_number("l2")->name, "l2");
  EXPECT_EQ(parse_named_number("l2")->number, std::nullopt);
  EXPECT_EQ(parse_named_number("l2(0.5)")->name, "l2");
  EXPECT_EQ(parse_named_number("l2(0.5)")->number, 0.5);
}

TEST(NamedNumber, RefusesOtherForms) {
  for (const char* text : {"l2(", "l2()", "l2(a)", "l2(1)b", "l2(1", "l2(inf)", "(", "l2(1 )"})
    EXPECT_FALSE(parse_named_number(text)) << text;
}

TEST(Fields, LeaveTheOptionsAsTheyWereWhenTheyRefuse) {
  Options options;
  EXPECT_THROW(set(options, "count", std::int64_t{-1}), Error);
  EXPECT_EQ(options.count, 3);
}

TEST(Fields, TakeAnOptionalValueAndItsAbsence) {
  Options options;
  set(options, "step", 0.25);
  EXPECT_EQ(options.step, 0.25);
  set(options, "step", FieldValue());
  EXPECT_EQ(options.step, std::nullopt);
}

TEST(Fields, ListOnlyWhatDiffersFromTheDefaults) {
  Options options;
  options.count = 5;
  options.strides = Size2D(2);
  const auto changed = settings_of(options, true);
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed[0], (std::pair<std::string, FieldValue>("count", std::int64_t{5})));
  EXPECT_EQ(changed[1], (std::pair<std::string, FieldValue>("strides", std::int64_t{2})));
}

TEST(Fields, ListAllInTheOrderOfTheirDescription) {
  const auto all = settings_of(Options{});
  ASSERT_EQ(all.size(), 10u);
  EXPECT_EQ(all.front().first, "count");
  EXPECT_EQ(all[7], (std::pair<std::string, FieldValue>("step", FieldValue())));
}

TEST(Fields, AreCheckedInOptionsThatCodeHasSet) {
  EXPECT_NO_THROW(check_fields(Options{}));
  Options options;
  options.rate = -0.1;
  EXPECT_THROW(check_fields(options), Error);
}

}  // namespace
}  // namespace evenkeel
