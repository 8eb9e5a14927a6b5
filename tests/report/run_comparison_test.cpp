#include "evenkeel/report/run_comparison.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "evenkeel/report/run_answer.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/runs/run_record.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kHeader = "epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s\n";

/// What a run is made of; its folder is as `train` leaves it.
struct Made {
  std::string metrics = "1,100,0.9,0.60,0.8,0.70,0.001,2,1000\n2,200,0.5,0.80,0.4,0.90,0.001,2,3000\n";
  int units = 3;
  double learning_rate = 0.001;
  std::string validation = "set:test", fingerprint = "abcd1234";
  bool ended = true, interrupted = false;
};

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

fs::path make_run(const fs::path& path, const Made& made = {}) {
  Sequential model({4}, "tiny");
  model.add(Dense{.units = made.units});
  Trainer trainer(model, {.loss = SoftmaxCrossEntropy{},
                          .optimizer = Adam{.learning_rate = made.learning_rate},
                          .compute = {.threads = 1}});
  const RunFolder folder(path);
  const RunDescription run{.command = {"train", "tiny.toml"},
                           .data = "set:train",
                           .data_fingerprint = "00112233",
                           .validation = made.validation,
                           .validation_fingerprint = made.fingerprint,
                           .epochs = 2};
  folder.write_description({.model = model}, trainer, run);
  History history;
  history.stopped = made.interrupted;
  if (made.ended || made.interrupted) folder.write_result({.model = model}, trainer, run, history, {});
  write(path / "metrics.csv", kHeader + made.metrics);
  return path;
}

/// A run whose validation accuracy ends at `accuracy`.
Made ending_at(const std::string& accuracy) {
  return {.metrics = "1,100,0.9,0.60,0.8,0.70,0.001,2,1000\n2,200,0.5,0.80,0.4," + accuracy + ",0.001,2,3000\n"};
}

const Section* section_of(const Report& report, const std::string& title) {
  const auto found = std::ranges::find(report.sections, title, &Section::title);
  return found == report.sections.end() ? nullptr : &*found;
}

template <class T>
std::vector<T> parts_of(const Report& report, const std::string& section) {
  std::vector<T> parts;
  if (const Section* in = section_of(report, section))
    for (const Part& part : in->parts)
      if (const T* is = std::get_if<T>(&part)) parts.push_back(*is);
  return parts;
}

std::string cell(const PageTable& table, const std::string& column, std::size_t row) {
  const auto found = std::ranges::find(table.columns, column);
  return found == table.columns.end() ? "no such column"
                                      : table.rows.at(row)[static_cast<std::size_t>(found - table.columns.begin())];
}

std::vector<std::string> titles_of(const std::vector<LineChart>& charts) {
  std::vector<std::string> titles;
  for (const LineChart& chart : charts) titles.push_back(chart.title);
  return titles;
}

TEST(RunComparison, SaysWhichRunEndsBestAndByHowMuch) {
  const TestFolder folder;
  const auto a = make_run(folder / "a", ending_at("0.90")), b = make_run(folder / "b", ending_at("0.93"));
  EXPECT_EQ(compare_runs({a, b}).answer,
            "`b` ends with the best validation accuracy, 0.9300: 0.0300 higher than `a` with 0.9000.");
}

TEST(RunComparison, SaysOtherwiseWhenFiguresDo) {
  const TestFolder folder;
  const auto a = make_run(folder / "a", ending_at("0.95")), b = make_run(folder / "b", ending_at("0.93"));
  EXPECT_EQ(compare_runs({a, b}).answer,
            "`a` ends with the best validation accuracy, 0.9500: 0.0200 higher than `b` with 0.9300.");
}

TEST(RunComparison, SaysThatTwoEndTheSame) {
  const TestFolder folder;
  const auto a = make_run(folder / "a"), b = make_run(folder / "b");
  EXPECT_EQ(compare_runs({a, b}).answer, "`a` and `b` end with the same validation accuracy, 0.9000.");
}

TEST(RunComparison, DoesNotCompareFiguresFromDifferentData) {
  const TestFolder folder;
  const auto a = make_run(folder / "a"), b = make_run(folder / "b", {.validation = "other", .fingerprint = "ffff0000"});
  EXPECT_EQ(
      compare_runs({a, b}).answer,
      "The runs' validation accuracy is not comparable, for it was measured on different data: `a` 0.9000 on set:test, "
      "`b` 0.9000 on other.");
}

TEST(RunComparison, GoesByTheLossWhereThereIsNoAccuracy) {
  const TestFolder folder;
  const auto a = make_run(folder / "a", {.metrics = "1,100,0.9,,0.8,,0.001,2,1000\n"});
  const auto b = make_run(folder / "b", {.metrics = "1,100,0.9,,0.7,,0.001,2,1000\n"});
  EXPECT_SAYS(compare_runs({a, b}).answer, "`b` ends with the best validation loss, 0.7000: 0.1000 lower than `a`");
}

TEST(RunComparison, GoesByWhatTwoRunsHave) {
  const TestFolder folder;
  const auto a = make_run(folder / "a"), b = make_run(folder / "b", {.metrics = "1,100,0.9,0.85,,,0.001,2,1000\n"});
  EXPECT_SAYS(compare_runs({a, b}).answer, "`b` ends with the best accuracy, 0.8500");
}

TEST(RunComparison, OfOneRunTellsItsEndAndItsBest) {
  const TestFolder folder;
  const auto a =
      make_run(folder / "a", {.metrics = "1,100,1,0.5,1,0.95,0.001,2,1000\n2,200,1,0.5,1,0.9,0.001,2,1000\n"});
  EXPECT_EQ(compare_runs({a}).answer, "`a` ends with validation accuracy 0.9000; its best, 0.9500, was at step 100.");
}

TEST(RunComparison, SaysThatARunEndsWithoutANumber) {
  const TestFolder folder;
  const auto a = make_run(folder / "a"), b = make_run(folder / "b", ending_at("nan"));
  EXPECT_EQ(compare_runs({a, b}).answer, "Only `a` ends with a finite validation accuracy: 0.9000.");
  EXPECT_TRUE(std::isnan(parts_of<LineChart>(compare_runs({b}), "Curves")[1].curves[0].traces[0].y[1]));
}

TEST(RunComparison, SaysThatNothingWasMeasured) {
  const TestFolder folder;
  EXPECT_EQ(compare_runs({make_run(folder / "a", {.metrics = ""})}).answer, "No run has measured anything yet.");
}

TEST(RunComparison, HasTheFiguresOfEachRun) {
  const TestFolder folder;
  const auto table = parts_of<PageTable>(compare_runs({make_run(folder / "a")}), "Results").at(0);
  EXPECT_EQ(cell(table, "run", 0), "`a`");
  EXPECT_EQ(cell(table, ">loss", 0), "0.5000");
  EXPECT_EQ(cell(table, ">validation accuracy", 0), "0.9000");
  EXPECT_EQ(cell(table, ">best", 0), "0.4000 at 200");
  EXPECT_EQ(cell(table, ">seconds", 0), "4.0");
  EXPECT_EQ(cell(table, ">images/s", 0), "2000");
  EXPECT_EQ(cell(table, ">parameters", 0), "15");
}

TEST(RunComparison, DrawsTrainingDashedBesideValidation) {
  const TestFolder folder;
  const auto charts = parts_of<LineChart>(compare_runs({make_run(folder / "a"), make_run(folder / "b")}), "Curves");
  EXPECT_THAT(titles_of(charts), ElementsAre("Loss", "Accuracy"));
  ASSERT_EQ(charts[1].curves.size(), 4u);
  EXPECT_EQ(charts[1].curves[0].name, "a, validation");
  EXPECT_THAT(charts[1].curves[0].traces[0].y, ElementsAre(0.7, 0.9));
  EXPECT_THAT(charts[1].curves[0].traces[0].x, ElementsAre(100, 200));
  EXPECT_TRUE(charts[1].curves[1].dashed);
  EXPECT_EQ(charts[1].curves[1].group, "a");
}

TEST(RunComparison, DrawsTheLearningRateWhereItChanges) {
  const TestFolder folder;
  const auto a = make_run(folder / "a", {.metrics = "1,1,1,1,1,1,0.1,1,1\n2,2,1,1,1,1,0.05,1,1\n"});
  EXPECT_THAT(titles_of(parts_of<LineChart>(compare_runs({a}), "Curves")),
              ElementsAre("Loss", "Accuracy", "Learning rate"));
}

TEST(RunComparison, ListsTheSettingsThatDiffer) {
  const TestFolder folder;
  const auto a = make_run(folder / "a"), b = make_run(folder / "b", {.learning_rate = 0.01});
  const auto tables = parts_of<PageTable>(compare_runs({a, b}), "Results");
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[1].columns.size(), 2u);
  EXPECT_EQ(cell(tables[1], "learning_rate", 0), "0.001");
  EXPECT_EQ(cell(tables[1], "learning_rate", 1), "0.01");
}

TEST(RunComparison, HasNoTableOfSettingsWhereAllAgree) {
  const TestFolder folder;
  EXPECT_EQ(parts_of<PageTable>(compare_runs({make_run(folder / "a"), make_run(folder / "b")}), "Results").size(), 1u);
}

TEST(RunComparison, DrawsIdenticalNetworksOnce) {
  const TestFolder folder;
  const auto a = make_run(folder / "a"), b = make_run(folder / "b"), c = make_run(folder / "c", {.units = 5});
  const auto diagrams = parts_of<Diagram>(compare_runs({a, b, c}), "Networks");
  ASSERT_EQ(diagrams.size(), 2u);
  EXPECT_EQ(diagrams[0].title, "`a`, `b`");
  EXPECT_EQ(diagrams[1].title, "`c`");
}

TEST(RunComparison, TellsFactsOnceThatAllShare) {
  const TestFolder folder;
  const auto a = make_run(folder / "a"), b = make_run(folder / "b", {.validation = "other", .fingerprint = "ffff0000"});
  const auto provenance = compare_runs({a, b}).provenance;
  EXPECT_THAT(provenance, Contains(std::pair<std::string, std::string>("command", "evenkeel train tiny.toml")));
  EXPECT_THAT(provenance, Contains(std::pair<std::string, std::string>("data", "set:train (fingerprint 00112233)")));
  EXPECT_THAT(provenance,
              Contains(std::pair<std::string, std::string>("validation data, `b`", "other (fingerprint ffff0000)")));
}

TEST(RunComparison, CallsFoldersOfOneNameByTheirPaths) {
  const TestFolder folder;
  fs::create_directories(folder / "x");
  fs::create_directories(folder / "y");
  const auto a = make_run(folder / "x/run", ending_at("0.9")), b = make_run(folder / "y/run", ending_at("0.95"));
  EXPECT_SAYS(compare_runs({a, b}).answer, "y/run` ends with the best");
}

TEST(RunComparison, NotesWhatIsNoRunAndReportsTheRest) {
  const TestFolder folder;
  fs::create_directories(folder / "empty");
  const Report report = compare_runs({make_run(folder / "a"), folder / "empty", folder / "nowhere"});
  EXPECT_SAYS(report.answer, "`a` ends");
  EXPECT_THAT(report.notes, Contains(HasSubstr("empty: expected a run folder")));
  EXPECT_THAT(report.notes,
              Contains(HasSubstr("nowhere: expected a run folder, with run.json and metrics.csv, received nothing")));
}

TEST(RunComparison, SaysOfAStudysFolderWithoutTrainingWhatItIs) {
  const TestFolder folder;
  fs::create_directories(folder / "dropout-seed0");
  write(folder / "dropout-seed0" / "result.json", "{}");
  EXPECT_THAT(compare_runs({make_run(folder / "a"), folder / "dropout-seed0"}).notes,
              Contains(HasSubstr("received what a study measured without training")));
}

TEST(RunComparison, NotesThatARunJsonIsDamagedAndShowsTheCurves) {
  const TestFolder folder;
  write(make_run(folder / "a") / "run.json", "{\"command\": [");
  const Report report = compare_runs({folder / "a"});
  EXPECT_THAT(report.notes, Contains(HasSubstr("run.json: expected the record of a run")));
  EXPECT_EQ(parts_of<LineChart>(report, "Curves").size(), 2u);
}

TEST(RunComparison, NotesAModelThatCannotBeRead) {
  const TestFolder folder;
  write(make_run(folder / "a") / "model.toml", "name = ");
  const Report report = compare_runs({folder / "a"});
  EXPECT_THAT(report.notes, Contains(HasSubstr("model.toml")));
  EXPECT_EQ(cell(parts_of<PageTable>(report, "Results").at(0), ">parameters", 0), "–");
}

TEST(RunComparison, NotesThatThereAreNoMetrics) {
  const TestFolder folder;
  fs::remove(make_run(folder / "a") / "metrics.csv");
  const Report report = compare_runs({folder / "a"});
  EXPECT_THAT(report.notes, Contains(HasSubstr("metrics.csv")));
  EXPECT_EQ(section_of(report, "Curves"), nullptr);
}

TEST(RunComparison, LeavesOutALineThatIsCutShort) {
  const TestFolder folder;
  const Made made{.metrics = Made{}.metrics + "3,300,0.4,0.8"};
  const Report report = compare_runs({make_run(folder / "a", made)});
  EXPECT_THAT(report.notes, Contains(HasSubstr("metrics.csv:4: expected 9 cells, received 4")));
  EXPECT_EQ(parts_of<LineChart>(report, "Curves")[0].curves[0].traces[0].x.size(), 2u);
}

TEST(RunComparison, NotesThatARunWasInterrupted) {
  const TestFolder folder;
  EXPECT_THAT(compare_runs({make_run(folder / "a", {.interrupted = true})}).notes,
              Contains(HasSubstr("`a` was interrupted at step 0")));
}

TEST(RunComparison, NotesThatARunHasNotEnded) {
  const TestFolder folder;
  EXPECT_THAT(compare_runs({make_run(folder / "a", {.ended = false})}).notes, Contains(HasSubstr("`a` has not ended")));
}

TEST(RunComparison, NotesThatSingleRunsMayDifferByLuck) {
  const TestFolder folder;
  EXPECT_THAT(compare_runs({make_run(folder / "a"), make_run(folder / "b")}).notes, Contains(HasSubstr("may be luck")));
}

TEST(RunComparison, ThrowsWhereNoFolderIsARun) {
  const TestFolder folder;
  EXPECT_SAYS(error_of([&] { compare_runs({folder / "x"}); }), "x: expected a run folder");
  const std::string said = error_of([&] { compare_runs({folder / "x", folder / "y"}); });
  EXPECT_SAYS(said, "expected at least one run folder");
  EXPECT_SAYS(said, "y: expected a run folder");
}

TEST(RunComparison, TakesAStudysFolderForItsRuns) {
  const TestFolder folder;
  const auto a = make_run(folder / "plain-seed0"), b = make_run(folder / "batch_norm-seed0");
  EXPECT_THAT(run_folders_in(folder.path()), ElementsAre(folder.path()));
  write(folder / "study.json", "{}");
  EXPECT_THAT(run_folders_in(folder.path()), ElementsAre(b, a));
}

}  // namespace
}  // namespace evenkeel
