#include "evenkeel/config/settings.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/testing.h"

namespace evenkeel {
namespace {

struct Round {
  double radius = 1;
  std::int64_t sides = 0;
  static constexpr std::string_view kType = "round";
  static void describe(Fields<Round>& fields) {
    fields.add("radius", &Round::radius, "of it", kPositive).add("sides", &Round::sides, "how many", kNotNegative);
  }
};

struct Angular {
  std::int64_t sides = 4;
  std::optional<double> edge = {}, height = {};
  static constexpr std::string_view kType = "angular";
  static std::vector<std::pair<std::string, Angular>> presets() { return {{"triangle", {.sides = 3}}}; }
  static void describe(Fields<Angular>& fields) {
    fields.add("edge", &Angular::edge, "length", kPositive)
        .add("height", &Angular::height, "instead of edge", kPositive)
        .at_most_one_of({"edge", "height"})
        .add("sides", &Angular::sides, "how many", Range{.low = 3});
  }
};

using Form = std::variant<Round, Angular>;

struct Paint {
  bool gloss = false;
  static void describe(Fields<Paint>& fields) {
    fields.add("gloss", &Paint::gloss, "shines").add_switch("dry", "waits");
  }
};

struct Clash {
  double radius = 1;
  static void describe(Fields<Clash>& fields) { fields.add("radius", &Clash::radius, "another"); }
};

SettingKeys keys() {
  SettingKeys made;
  made.add_choice("form", "what it is", Form(Round{})).add<Paint>();
  return made;
}

TEST(SettingKeys, AreThoseOfTheFields) {
  EXPECT_EQ(keys().names(), (std::vector<std::string>{"form", "radius", "edge", "height", "sides", "gloss", "dry"}));
}

TEST(SettingKeys, HaveTheDefaultsOfAllThatHaveThem) {
  using Defaults = std::vector<std::pair<std::string, FieldValue>>;
  EXPECT_EQ(keys().find("sides")->defaults, (Defaults{{"round", std::int64_t{0}}, {"angular", std::int64_t{4}}}));
  EXPECT_EQ(keys().find("form")->defaults, (Defaults{{"", std::string("round")}}));
  EXPECT_EQ(keys().find("gloss")->defaults, (Defaults{{"", false}}));
  EXPECT_TRUE(keys().find("edge")->defaults.empty());
  SettingKeys without = keys();
  EXPECT_TRUE(without.without_default("gloss").find("gloss")->defaults.empty());
}

TEST(SettingKeys, HaveChoicesAndARangeWhereItIsTheSameForAll) {
  EXPECT_EQ(keys().find("form")->choices, (std::vector<std::string>{"round", "angular", "triangle"}));
  EXPECT_EQ(keys().find("radius")->range, kPositive);
  EXPECT_EQ(keys().find("sides")->range, kAnyNumber);
}

TEST(SettingKeys, SayWhoseTheyAreWhereNotAllHaveThem) {
  EXPECT_EQ(keys().find("form")->help, "what it is: round, angular, triangle");
  EXPECT_EQ(keys().find("edge")->help, "angular: length");
  EXPECT_EQ(keys().find("sides")->help, "how many");
}

TEST(SettingKeys, WithTheSameNameInTwoPlacesAreAFault) { EXPECT_THROW(keys().add<Clash>(), std::logic_error); }

TEST(CheckedSettings, HaveTheOrderOfTheKeysAndTheirKinds) {
  const Settings checked = keys().checked({{"radius", 2}, {"form", "round"}});
  ASSERT_EQ(checked.all().size(), 2u);
  EXPECT_EQ(checked.all()[0].key, "form");
  EXPECT_EQ(checked.all()[1].value, FieldValue(2.0));
}

TEST(CheckedSettings, HaveValuesThatOneOfTheOwnersTakes) {
  EXPECT_NO_THROW(keys().checked({{"sides", 2}})) << "not angular, but round";
  EXPECT_THROW(keys().checked({{"sides", -1}}), Error);
  EXPECT_THROW(keys().checked({{"dry", 1}}), Error);
}

TEST(CheckedSettings, AreRefusedFromWhereTheyStand) {
  EXPECT_SAYS(error_of([] { keys().checked({{.key = "radios", .value = 1, .where = "f:3"}}); }),
              "f:3: unknown key \"radios\". Known: form, radius,");
  EXPECT_SAYS(error_of([] { keys().checked({{.key = "radius", .value = 0, .where = "f:3"}}); }),
              "f:3: \"radius\": expected a number above 0, received 0.");
  EXPECT_SAYS(error_of([] { keys().checked({{.key = "form", .value = "triangel", .where = "f:3"}}); }),
              "Did you mean \"triangle\"?");
}

TEST(ChosenBySettings, HasItsPresetAndItsFields) {
  const Form form = chosen_by({{"form", "triangle"}, {"edge", 2}}, "form", Form(Round{}));
  EXPECT_EQ(std::get<Angular>(form).sides, 3);
  EXPECT_EQ(std::get<Angular>(form).edge, 2.0);
}

TEST(ChosenBySettings, RefusesAFieldThatOnlyAnotherHas) {
  EXPECT_SAYS(error_of([] { chosen_by({{"edge", 2}}, "form", Form(Round{})); }), "\"round\": it has no \"edge\"");
}

TEST(OverriddenSettings, ForgetWhatOnlyTheOldChoiceHas) {
  EXPECT_EQ(keys().overridden({{"form", "angular"}, {"edge", 2}, {"sides", 5}}, {{"form", "round"}}),
            (Settings{{"form", "round"}, {"sides", 5}}));
}

TEST(OverriddenSettings, ReplaceAlternatives) {
  EXPECT_EQ(keys().overridden({{"form", "angular"}, {"edge", 2}}, {{"height", 3}}),
            (Settings{{"form", "angular"}, {"height", 3.0}}));
}

TEST(Settings, AreReadAsTheTypeThatIsAskedFor) {
  const Settings settings{{"a", 3}, {"b", "text"}};
  EXPECT_EQ(settings.get<double>("a"), 3.0);
  EXPECT_EQ(settings.get<double>("c"), std::nullopt);
  EXPECT_SAYS(error_of([&] { settings.get<double>("b"); }), "\"b\": expected a number, received \"text\".");
}

TEST(CheckedFields, ThatExcludeEachOtherAreRefused) {
  EXPECT_NO_THROW(check_fields(Form(Angular{.edge = 1})));
  EXPECT_SAYS(error_of([] { check_fields(Form(Angular{.edge = 1, .height = 1})); }),
              "\"angular\": expected at most one of edge and height, received 2 of them.");
}

}  // namespace
}  // namespace evenkeel
