#include "progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "common.h"
#include "terminal.h"

namespace evenkeel::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSoon = 3;                        ///< seconds after which a diagnosis knows how long it takes
constexpr std::chrono::seconds kBetweenLines{20};  ///< of a diagnosis that is written to no terminal

void print_line(const std::string& text) { tell("{}\n", text); }

}  // namespace

std::string with_bar(std::int64_t done, std::int64_t of, const std::string& text) {
  constexpr std::int64_t kLeast = 5, kMost = 30, kFrame = 3;  // the brackets and a blank
  const std::int64_t room = terminal_columns(stderr) - 1 - std::ssize(text) - kFrame;
  if (room < kLeast || of < 1) return text;
  const std::int64_t width = std::min(room, kMost), filled = std::min(width, width * done / of);
  std::string bar(static_cast<std::size_t>(filled), '=');
  if (filled < width) bar += '>';
  return fmt::format("[{:<{}}] {}", bar, width, text);
}

StatusLine::~StatusLine() {
  if (open_) tell_text("\n");
}

bool StatusLine::due() const { return Clock::now() - drawn_ >= std::chrono::milliseconds(100); }

void StatusLine::draw(const std::string& text) {
  // A line that wraps could not be drawn over.
  const auto columns = static_cast<std::size_t>(std::max(1, terminal_columns(stderr) - 1));
  tell("\r{}\x1b[K", text.substr(0, columns));
  drawn_ = Clock::now();
  open_ = true;
}

void StatusLine::finish(const std::string& text) {
  if (!open_ && text.empty()) return;
  tell("\r\x1b[K{}", text);
  if (!text.empty()) tell_text("\n");
  open_ = false;
}

ProgressBar::ProgressBar(bool step_driven)
    : step_driven_(step_driven), terminal_(is_terminal(stderr)), line_(std::make_unique<StatusLine>()) {}

double ProgressBar::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

std::string ProgressBar::epoch_name(std::int64_t epoch) const {
  return fmt::format("epoch {}/{}", epoch, begin_.epochs);
}

void ProgressBar::on_begin(const FitBegin& begin) {
  begin_ = begin;
  start_ = Clock::now();
}

std::int64_t ProgressBar::position(const StepEnd& step) const {
  return begin_.done_steps + static_cast<std::int64_t>(step.step - begin_.first_step);
}

void ProgressBar::on_step(const StepEnd& step) {
  const std::int64_t done = position(step);
  if (terminal_) {
    if (line_->due()) line_->draw(bar(step));
    return;
  }
  const std::int64_t total = begin_.total_steps;
  if (step_driven_ && done < total && 10 * done / total != 10 * (done - 1) / total)
    print_line(fmt::format("step {}/{}  {}", done, total, metrics_text(step.epoch_so_far)));
}

std::string ProgressBar::bar(const StepEnd& step) const {
  const std::int64_t done = position(step);
  // What an interrupted run did before took none of the time since this one began.
  const double passed = std::max(seconds(), 1e-9), steps = static_cast<double>(done - begin_.done_steps);
  const double images = steps * static_cast<double>(begin_.batch_size);
  const double left = passed / steps * static_cast<double>(begin_.total_steps - done);
  const std::int64_t at = step_driven_ ? done : step.step_in_epoch;
  const std::int64_t of = step_driven_ ? begin_.total_steps : begin_.steps_per_epoch;
  return with_bar(at, of,
                  fmt::format("{} {}/{}  {}  {} images/s  {} left", step_driven_ ? "step" : epoch_name(step.epoch), at,
                              of, metrics_text(step.epoch_so_far),
                              with_commas(static_cast<std::int64_t>(images / passed)), duration_text(left)));
}

void ProgressBar::on_epoch(const EpochRecord& record) { finish(record, epoch_name(record.epoch)); }

void ProgressBar::on_partial_epoch(const EpochRecord& record) {
  finish(record, epoch_name(record.epoch) + " (in part)");
}

void ProgressBar::finish(const EpochRecord& record, const std::string& name) {
  std::string text = fmt::format("{}  step {}  {}", name, record.step, metrics_text(record.train));
  if (record.validation) text += "  " + metrics_text(*record.validation, "val_");
  text += fmt::format("  {} images/s  {}", with_commas(static_cast<std::int64_t>(record.images_per_s)),
                      duration_text(record.seconds));
  if (terminal_)
    line_->finish(text);
  else
    print_line(text);
}

std::function<void(std::int64_t, std::int64_t)> evaluation_progress(const std::string& what, bool quiet) {
  if (quiet || !is_terminal(stderr)) return {};
  return [what, line = std::make_shared<StatusLine>()](std::int64_t done, std::int64_t of) {
    if (done == of)
      line->finish("");
    else if (line->due())
      line->draw(with_bar(done, of, fmt::format("{} {}/{}", what, done, of)));
  };
}

DiagnosisProgress diagnosis_progress(bool quiet) {
  if (quiet) return {};
  struct State {
    StatusLine line;
    bool terminal = is_terminal(stderr);
    Clock::time_point start = Clock::now(), told = Clock::now();
  };
  return [state = std::make_shared<State>()](const DiagnosisStep& step) {
    if (step.what.empty()) {
      if (state->terminal) state->line.finish("");
      return;
    }
    const double passed = std::chrono::duration<double>(Clock::now() - state->start).count();
    std::string text(step.what);
    if (step.passes > 0 && passed > kSoon)
      text = fmt::format("{} left  {}",
                         duration_text(passed / step.passes * std::max(0.0, step.expected - step.passes)), text);
    if (state->terminal) {
      // Each part is drawn, however short the one before was, because the next may be long.
      if (step.begins || state->line.due())
        state->line.draw(
            fmt::format("{}  {}", with_bar(step.done, step.of, fmt::format("{}/{}", step.done + 1, step.of)), text));
    } else if (Clock::now() - state->told >= kBetweenLines) {
      print_line(fmt::format("{}/{}  {}", step.done + 1, step.of, text));
      state->told = Clock::now();
    }
  };
}

}  // namespace evenkeel::app
