#include "study_display.h"

#include <algorithm>

#include "evenkeel/base/number.h"
#include "evenkeel/report/writers/text_table.h"
#include "terminal.h"

namespace evenkeel::app {
namespace {

/// The newest rows of the live table: older runs are in the lines above.
constexpr std::size_t kRows = 12;

}  // namespace

StudyDisplay::StudyDisplay(const Shared& shared) : shared_(shared), live_(!shared.quiet && is_terminal(stderr)) {}

StudyDisplay::~StudyDisplay() { erase(); }

void StudyDisplay::run_begins(const StudyVariant& variant, std::uint64_t seed) {
  first_step_.reset();
  print(fmt::format("{}, seed {}: {}{}", variant.name, seed, variant.description,
                    variant.parameters > 0 ? fmt::format("; {} parameters", with_commas(variant.parameters)) : ""));
  rows_.push_back({.variant = variant.name, .seed = std::to_string(seed)});
  draw();
}

void StudyDisplay::step(std::int64_t done, std::int64_t of, const Metrics& batch) {
  const auto now = Clock::now();
  // A resumed run has steps that took no time of this process.
  if (!first_step_) first_step_ = {done, now};
  if (!live_ || rows_.empty() || now - drawn_at_ < std::chrono::milliseconds(100)) return;
  Row& row = rows_.back();
  const double seconds = std::chrono::duration<double>(now - first_step_->at).count();
  const auto made = static_cast<double>(done - first_step_->number), left = static_cast<double>(of - done);
  row.progress = fmt::format("{} of {}", done, of);
  row.loss = fmt::format("{:.4f}", Number{batch.loss});
  row.accuracy = batch.accuracy ? fmt::format("{:.4f}", *batch.accuracy) : "";
  row.time = made > 0 ? duration_text(seconds * left / made) + " left" : "";
  draw();
}

void StudyDisplay::line(const std::string& text) { print(text); }

void StudyDisplay::run_ends(const StudyVariant& variant, const StudyRun& run, bool kept) {
  if (kept) {
    print(fmt::format("{}, seed {}: complete already", variant.name, run.seed));
    rows_.push_back({.variant = variant.name, .seed = std::to_string(run.seed)});
  }
  Row& row = rows_.back();
  row.progress = fmt::format("{} steps", run.steps);
  row.time = duration_text(run.seconds);
  row.loss = row.accuracy = "";
  if (const auto loss = run.figure("test_loss")) row.loss = fmt::format("{:.4f}", Number{*loss});
  if (const auto accuracy = run.figure("test_accuracy")) row.accuracy = fmt::format("{:.4f}", *accuracy);
  draw();
}

void StudyDisplay::warn(const std::string& text) {
  erase();
  tell("evenkeel: {}\n", text);
  draw();
}

/// A result for people; where the result is JSON, progress.
void StudyDisplay::print(const std::string& text) {
  erase();
  if (shared_.json) {
    say(shared_, "{}", Lines{text});
  } else {
    app::print("{}\n", Lines{text});
    flush_output();
  }
  draw();
}

void StudyDisplay::draw() {
  if (!live_ || rows_.empty()) return;
  erase();
  TextTable table({"run", ">seed", ">steps", ">loss", ">accuracy", ">time"});
  for (std::size_t i = rows_.size() > kRows ? rows_.size() - kRows : 0; i < rows_.size(); ++i)
    table.row({rows_[i].variant, rows_[i].seed, rows_[i].progress, rows_[i].loss, rows_[i].accuracy, rows_[i].time});
  const std::string text = table.text();
  tell("\n{}", Lines{text});
  drawn_ = static_cast<int>(std::ranges::count(text, '\n')) + 1;
  drawn_at_ = Clock::now();
}

void StudyDisplay::erase() {
  if (drawn_ > 0) tell("\x1b[{}F\x1b[J", drawn_);
  drawn_ = 0;
}

}  // namespace evenkeel::app
