#include "tests/faults/faulty_run.h"

#include <set>
#include <sstream>

#include "evenkeel/train/checkpoint.h"
#include "tests/report/event_reader.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Without commands, times and speeds, at any depth.
std::string without_times_of_record(const fs::path& path) {
  const std::set<std::string> left_out = {"command", "started", "seconds", "images_per_s"};
  const auto json = nlohmann::json::parse(
      bytes_of(path),
      [&](int, nlohmann::json::parse_event_t event, nlohmann::json& key) {
        return event != nlohmann::json::parse_event_t::key || !left_out.contains(key.get<std::string>());
      },
      false);
  return json.is_object() ? json.dump(1) : "not JSON";
}

/// Without the last two columns, seconds and images per second.
std::string without_times_of_metrics(const fs::path& path) {
  std::istringstream lines(bytes_of(path));
  std::string text, line;
  while (std::getline(lines, line)) text += line.substr(0, line.rfind(',', line.rfind(',') - 1)) + '\n';
  return text;
}

std::string text_of(const Metrics& m) { return fmt::format("{} {} {}", m.loss, m.accuracy.value_or(-1), m.samples); }

std::string content_of_checkpoint(const fs::path& path) try {
  const Checkpoint c = read_checkpoint(path);
  const FitProgress& p = c.progress;
  std::string text;
  for (const auto& [key, value] : c.identity) text += key + '=' + value + '\n';
  text += fmt::format("steps {} at {}:{} in epoch {}: {} {} {}\n", p.steps, p.position.epoch, p.position.offset,
                      p.step_in_epoch, p.epoch_sums.loss, p.epoch_sums.correct, p.epoch_sums.samples);
  for (const EpochRecord& e : p.history.epochs)
    text += fmt::format("epoch {} step {}: {}, {}; rate {}\n", e.epoch, e.step, text_of(e.train),
                        e.validation ? text_of(*e.validation) : "", e.learning_rate);
  if (p.ending) text += p.ending->reason;
  text += fmt::format("rate times {}\n", c.learning_rate_scale);
  const auto add = [&](const std::string& name, const Tensor& tensor) {
    text += name + ' ' + std::string(reinterpret_cast<const char*>(tensor.data()), tensor.bytes()) + '\n';
  };
  for (const auto& [name, tensor] : c.weights) add(name, tensor);
  for (const auto& [name, tensor] : c.slots) add(name, tensor);
  for (const auto& [name, state] : c.callbacks) {
    for (const auto& [key, value] : state.numbers) text += fmt::format("{}/{} {}\n", name, key, value);
    for (const auto& [key, tensor] : state.tensors) add(name + '/' + key, tensor);
  }
  return text;
} catch (const Error& error) {
  return error.what();
}

/// All values, without speeds, and without which file of a run each is in.
std::string content_of_events(const fs::path& folder) {
  std::map<std::pair<std::int64_t, std::string>, std::string> values;
  for (const SeenValue& value : read_values(folder))
    if (value.tag != "images_per_s")
      values[{value.step, value.tag}] +=
          value.value.bytes(2) + value.image().bytes(4) + value.value.bytes(5) + value.value.bytes(8) + '\n';
  std::string text;
  for (const auto& [key, bytes] : values) text += fmt::format("{} {}: {}", key.first, key.second, bytes);
  return text;
}

std::string compared(const std::map<std::string, std::string>& expected,
                     const std::map<std::string, std::string>& found) {
  std::string text;
  for (const auto& [name, bytes] : expected) {
    const auto same = found.find(name);
    if (same == found.end())
      text += name + " is missing\n";
    else if (same->second != bytes)
      text += name + " differs\n";
  }
  for (const auto& [name, bytes] : found)
    if (!expected.contains(name)) text += name + " is left over\n";
  return text;
}

}  // namespace

FaultyRun::FaultyRun(std::vector<std::string> command) : command_(std::move(command)) {
  write_data("data.npz", 32);
  const auto result = begin(0, "");
  EXPECT_EQ(result.code, 0) << result.err;
  calls_ = calls();
  whole_ = content();
  EXPECT_GT(calls_.size(), 100u);
  remove_run();
}

std::vector<std::string> FaultyRun::under_shim(long n, const std::string& what, int milliseconds) const {
  return {"env",
          "LD_PRELOAD=" EVENKEEL_FAULT_SHIM,
          "FAULT_UNDER=" + (folder_ / "run").string(),
          "FAULT_LOG=" + (folder_ / "calls").string(),
          "FAULT_AT=" + std::to_string(n),
          "FAULT_ON=" + what,
          "FAULT_SLOW=" + std::to_string(milliseconds)};
}

RunningProgram::Result FaultyRun::begin(long n, const std::string& what, int milliseconds) {
  fs::remove(folder_ / "calls");
  return run(command_, under_shim(n, what, milliseconds));
}

RunningProgram::Result FaultyRun::go_on(bool by_resuming) {
  auto arguments = command_;
  if (by_resuming || exists("run/run.json")) arguments.emplace_back("--resume");
  return run(arguments, under_shim(0, ""));
}

void FaultyRun::expect_it_goes_on(bool by_resuming) {
  const auto result = go_on(by_resuming);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(differences(), "");
}

void FaultyRun::expect_a_failure_is_told(const RunningProgram::Result& result) {
  if (result.code == 0) {
    EXPECT_EQ(differences_of_results(), "");
    if (!differences().empty()) {
      EXPECT_SAYS(result.err, "evenkeel: ");
    }
    return;
  }
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_SAYS(result.err, "evenkeel: ");
  expect_it_goes_on(true);
}

std::vector<std::string> FaultyRun::calls() {
  std::istringstream lines(read("calls"));
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  return all;
}

void FaultyRun::remove_run() { fs::remove_all(folder_ / "run"); }

FaultyRun::Content FaultyRun::content() {
  Content content;
  const fs::path folder = folder_ / "run";
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() || name.starts_with("events.out.tfevents.")) continue;
    content[fs::relative(entry.path(), folder).string()] =
        name.ends_with(".json")     ? without_times_of_record(entry.path())
        : name == "metrics.csv"     ? without_times_of_metrics(entry.path())
        : name.starts_with("step-") ? content_of_checkpoint(entry.path())
                                    : bytes_of(entry.path());
  }
  content["events"] = content_of_events(folder);
  return content;
}

std::string FaultyRun::differences() { return compared(whole_, content()); }

std::string FaultyRun::differences_after_interruption() {
  Content expected = whole_, found = content();
  const auto is_missing_in = [](const Content& other) {
    return [&other](const auto& file) {
      return file.first.find("checkpoints/step-") != std::string::npos && !other.contains(file.first);
    };
  };
  std::erase_if(expected, is_missing_in(found));
  std::erase_if(found, is_missing_in(whole_));
  return compared(expected, found);
}

std::string FaultyRun::differences_of_results() {
  Content expected = whole_, found = content();
  const auto is_no_result = [](const auto& file) {
    const std::string name = fs::path(file.first).filename().string();
    return name != "weights.safetensors" && name != "best.safetensors" && name != "model.toml";
  };
  std::erase_if(expected, is_no_result);
  std::erase_if(found, is_no_result);
  return compared(expected, found);
}

}  // namespace evenkeel
