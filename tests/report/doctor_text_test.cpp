#include "evenkeel/report/doctor/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "evenkeel/base/text.h"
#include "evenkeel/report/doctor/json.h"
#include "tests/report/sample_diagnosis.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

DoctorDescription described(const Diagnosis& d) { return describe(d, {.model = "net.toml", .data = "data.npz"}); }

std::string short_of(const Diagnosis& d, const TerminalStyle& style = {}) { return doctor_text(described(d), style); }

std::string details_of(const Diagnosis& d) { return doctor_details(described(d)); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Diagnosis with_findings(std::size_t count) {
  Diagnosis d = sample_diagnosis();
  while (d.findings.size() < count)
    d.findings.push_back({.code = "redundant-bias",
                          .layers = {"dense"},
                          .cause = "the bias has no effect",
                          .certainty = Certainty::possible("read from the model")});
  return d;
}

TEST(DoctorText, BeginsWithTheVerdict) {
  EXPECT_TRUE(short_of(sample_diagnosis()).starts_with("The mode makes the difference.\n"));
}

TEST(DoctorText, HasALineForEachFindingWithCodeLayersCauseAndCertainty) {
  const std::string text = short_of(with_findings(2));
  EXPECT_SAYS(text, "\nerror    never-updated  norm: the moving statistics of norm are exactly 0 and 1 (sure)\n");
  EXPECT_SAYS(text, "\ninfo     redundant-bias  dense: the bias has no effect (possible)\n");
}

TEST(DoctorText, SaysWhatToDoFirstAndByWhichCommand) {
  const std::string text = short_of(with_findings(3));
  EXPECT_SAYS(text, "What to do first: Estimate the statistics from data.");
  EXPECT_SAYS(text, "\n  evenkeel repair net.toml --data data.npz --fix never-updated --out repaired.safetensors\n");
  EXPECT_FALSE(contains(text, "--fix redundant-bias"));
}

TEST(DoctorText, SaysWhatTheCommandBringsOrWhyThereIsNone) {
  Diagnosis d = sample_diagnosis();
  EXPECT_SAYS(short_of(d), "  measured on the sample: loss 2.5 -> 0.5 with statistics of all data\n");
  d.findings[0].outlook->why_not = "that is near guessing";
  EXPECT_SAYS(short_of(d), "  no repair is promised: that is near guessing (loss 2.5 -> 0.5");
  EXPECT_FALSE(contains(short_of(d), "evenkeel repair"));
}

TEST(DoctorText, AsksNothingOfAReaderForWhatIsOnlyGoodToKnow) {
  Diagnosis d = sample_diagnosis();
  d.findings = {{.code = "batch-dependence", .cause = "scores depend on the batch"}};
  EXPECT_FALSE(contains(short_of(d), "What to do first"));
  d.findings[0].severity = Severity::warning;
  EXPECT_SAYS(short_of(d), "What to do first: Evaluate and predict in evaluation mode.\n\nChecked");
}

TEST(DoctorText, LeavesTheRestToTheDetails) {
  const std::string text = short_of(sample_diagnosis()), details = details_of(sample_diagnosis());
  for (const char* part : {"norm: distance: 1.25 nats", "cost: loss +2", "PyTorch:", "from training mode to evaluation",
                           "docs/doctor/never-updated.md", "Not checked, since none are known"}) {
    EXPECT_FALSE(contains(text, part)) << part;
    EXPECT_SAYS(details, part);
  }
  EXPECT_SAYS(text, "1 questions; not checked: 1. --verbose has the rest.");
}

TEST(DoctorText, FitsAScreenHoweverManyFindingsThereAre) {
  Diagnosis d = with_findings(40);
  d.cells.train_evaluation = d.cells.train_training = d.cells.training;
  const std::string text = short_of(d);
  EXPECT_LE(lines_of(text).size(), 27u) << text;
  EXPECT_SAYS(text, "and 28 more: redundant-bias, redundant-bias");
}

TEST(DoctorText, ShowsAConsequenceOnlyWithItsCause) {
  Diagnosis d = sample_diagnosis();
  d.findings.push_back({.code = "lagging", .layers = {"norm"}, .cause = "c", .consequence_of = "never-updated"});
  EXPECT_FALSE(contains(short_of(d), "lagging"));
  EXPECT_SAYS(details_of(d), "  consequence, which goes away with it: lagging in norm\n");
}

TEST(DoctorText, HasColoursAndFitsTheLinesOfATerminal) {
  const std::string text = short_of(with_findings(2), {.colours = true, .columns = 60});
  EXPECT_SAYS(text, "\x1b[1mThe mode makes the difference.\x1b[0m\n");
  EXPECT_SAYS(text, "\x1b[1;31merror\x1b[0m    never-updated  norm: the moving statistics of norm\n    are exactly");
  EXPECT_SAYS(text, "\x1b[1;36minfo\x1b[0m     redundant-bias");
  const std::string plain = short_of(with_findings(2), {.columns = 60});
  for (const std::string& line : lines_of(plain.substr(plain.find("\nerror"))))  // after the table of scores
    if (!line.starts_with("  evenkeel ")) {
      EXPECT_LE(characters_in(line), 60u) << line;
    }
}

TEST(DoctorText, HasNoColoursElsewhere) { EXPECT_FALSE(contains(short_of(with_findings(2)), "\x1b")); }

TEST(DoctorText, SaysWhereNothingWasFound) {
  Diagnosis healthy = sample_diagnosis();
  healthy.findings.clear();
  EXPECT_SAYS(short_of(healthy), "\nNothing found.\n");
  EXPECT_SAYS(details_of(healthy), "\nNothing found.\n");
}

TEST(DoctorText, HasWhatWasExcludedAndWhatCannotBeSeenInItsDetails) {
  Diagnosis d = sample_diagnosis();
  d.findings[0].certainty = {.level = Confidence::possible,
                             .why = "nothing else fits",
                             .excluded = {"another range: tried"},
                             .unseen = {"orientation"}};
  EXPECT_SAYS(short_of(d), "exactly 0 and 1 (possible)\n");
  EXPECT_SAYS(details_of(d),
              "  possible: nothing else fits.\n  Estimate the statistics from data. Then find out why nothing updated "
              "them.\n  excluded: another range: tried\n  cannot be seen: orientation\n");
  const auto json = nlohmann::json::parse(doctor_json(described(d)));
  EXPECT_EQ(json["findings"][0]["certainty"], "possible");
  EXPECT_EQ(json["findings"][0]["excluded"][0], "another range: tried");
  EXPECT_EQ(json["findings"][0]["unseen"][0], "orientation");
}

TEST(DoctorText, HasAFindingsOwnRemedy) {
  Diagnosis d = sample_diagnosis();
  d.findings[0].remedy = {.advice = "Divide by 16.5.", .keras = "Rescaling(1 / 16.5)"};
  EXPECT_SAYS(short_of(d), "What to do first: Divide by 16.5.\n");
  EXPECT_SAYS(details_of(d), "  Keras:\n      Rescaling(1 / 16.5)\n  PyTorch:\n      for m in model.modules():\n");
}

}  // namespace
}  // namespace evenkeel
