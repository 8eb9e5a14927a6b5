#include "fetch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "command_tree.h"
#include "commands.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/fetch/fetch.h"
#include "evenkeel/report/writers/text_table.h"
#include "interruption.h"
#include "progress.h"
#include "terminal.h"

namespace evenkeel::app {
namespace {

using Clock = std::chrono::steady_clock;

struct FetchArguments {
  Shared shared;
  std::string name, url;
  bool force = false;
  std::optional<std::int64_t> timeout = {};  ///< seconds
};

/// Shows how far a download is: on a terminal a bar with bytes, rate and the time left, else a line per tenth.
class FetchBar {
 public:
  void operator()(const FetchProgress& now) {
    if (now.file != at_.file || now.phase != at_.phase) begin(now);
    at_ = now;
    const bool is_done = now.done >= now.of, was_done = std::exchange(done_, is_done);
    if (!terminal_) {
      const std::int64_t tenth = 10 * now.done / std::max<std::int64_t>(now.of, 1);
      if (tenth > std::exchange(tenth_, tenth)) tell("{}\n", bytes());
    } else if (is_done && !was_done) {
      line_.finish(fmt::format("{}  {}", bytes(), duration_text(seconds())));
    } else if (!is_done && line_.due()) {
      line_.draw(with_bar(now.done, now.of, bytes() + rate()));
    }
  }

 private:
  void begin(const FetchProgress& now) {
    done_ = false;
    first_ = now.done;
    start_ = Clock::now();
    tenth_ = 10 * now.done / std::max<std::int64_t>(now.of, 1);
  }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  std::string bytes() const {
    const char* what = at_.phase == FetchProgress::Phase::unpack ? "unpacking " : "";
    return fmt::format("{}{}  {} of {}", what, at_.file, bytes_text(at_.done), bytes_text(at_.of));
  }
  std::string rate() const {
    const double per_second = static_cast<double>(at_.done - first_) / std::max(seconds(), 1e-9);
    if (per_second < 1) return {};
    return fmt::format("  {}/s  {} left", bytes_text(static_cast<std::int64_t>(per_second)),
                       duration_text(static_cast<double>(at_.of - at_.done) / per_second));
  }

  bool terminal_ = is_terminal(stderr);
  StatusLine line_;
  FetchProgress at_;
  bool done_ = false;
  std::int64_t first_ = 0, tenth_ = 0;  ///< bytes and tenths there at the beginning of this file
  Clock::time_point start_ = Clock::now();
};

const char* name_of(FetchResult::Status status) {
  switch (status) {
    case FetchResult::Status::already_there: return "already_there";
    case FetchResult::Status::fetched: return "fetched";
    case FetchResult::Status::interrupted: break;
  }
  return "interrupted";
}

void print_result(const FetchArguments& a, const FetchResult& result) {
  const bool fetched = result.status == FetchResult::Status::fetched;
  print("{} is {}in {}\n", a.name, fetched ? "" : "already there, ", result.folder.string());
  print_text(text_of(result.files));
  if (!result.replaced.empty()) print("what was there before is in {}\n", result.replaced.string());
  if (std::ranges::find(result.files, FileState::differs, &FileReport::state) != result.files.end())
    say(a.shared, "unchanged; --force fetches the published files and keeps this folder beside them");
}

int run_fetch(const FetchArguments& a) {
  const PublishedSet& set = published_set(a.name);
  const Interruption interruption;
  FetchOptions options{.data_dir = a.shared.data_dir, .url = a.url, .force = a.force, .stop = interruption.token()};
  if (a.timeout) options.timeout = std::chrono::seconds(*a.timeout);
  if (!a.shared.quiet)
    options.progress = [bar = std::make_shared<FetchBar>()](const FetchProgress& now) { (*bar)(now); };
  const FetchResult result = fetch_dataset(set, options);
  options.progress = {};
  if (a.shared.json)
    print_json({{"name", a.name},
                {"status", name_of(result.status)},
                {"folder", result.folder.string()},
                {"replaced", result.replaced.empty() ? Json() : Json(result.replaced.string())},
                {"files", json_of(result.files)}});
  if (result.status == FetchResult::Status::interrupted) {
    say(a.shared, "interrupted; the same command continues from here");
    return kInterrupted;
  }
  if (!a.shared.json) print_result(a, result);
  return kDone;
}

}  // namespace

Json json_of(const std::vector<FileReport>& files) {
  Json json = Json::array();
  for (const FileReport& file : files) json.push_back({{"name", file.name}, {"state", name_of(file.state)}});
  return json;
}

std::string text_of(const std::vector<FileReport>& files) {
  if (files.empty()) return {};
  TextTable table({"file", "state"});
  for (const FileReport& file : files) table.row({file.name, describe(file.state)});
  return table.text();
}

void add_fetch(CLI::App& data, Command& chosen) {
  const auto a = std::make_shared<FetchArguments>();
  std::vector<std::string> names;
  for (const PublishedSet& set : published_sets()) names.push_back(set.name);
  CLI::App& fetch = add_command(data, "fetch",
                                "Downloads a published data set, checks it, and puts it where the commands look. "
                                "An interrupted download is continued.",
                                "  evenkeel data fetch cifar10\n"
                                "  evenkeel data fetch mnist --url file:///mnt/mirror/mnist --data-dir /data");
  offer(fetch.add_option("NAME", a->name, join(names))->required()->option_text(" "), names);
  fetch
      .add_option("--url", a->url,
                  "a mirror: the address (http, https, file) of a folder with the published files, or of the one file")
      ->option_text("URL");
  fetch.add_flag("--force", a->force, "download again what is there; the old folder is kept beside the new one");
  fetch
      .add_option("--data-dir", a->shared.data_dir,
                  "where to put it; default the first of $EVENKEEL_DATA and ~/.cache/evenkeel that can be written")
      ->option_text("DIR");
  fetch
      .add_option("--timeout", a->timeout,
                  "give up after so many seconds of downloading; default: while at least 1 kB/s arrives, never")
      ->option_text("SECONDS")
      ->check(CLI::Range(1, 1'000'000'000));
  add_output_flags(fetch, a->shared);
  fetch.callback([a, &chosen] { chosen = [a] { return run_fetch(*a); }; });
}

}  // namespace evenkeel::app
