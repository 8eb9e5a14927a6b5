#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "common.h"
#include "evenkeel/data/streamed_images.h"
#include "evenkeel/diagnose/measure/sample_scores.h"

namespace evenkeel::app {

std::int64_t bytes_from(const std::string& flag, const std::string& text) {
  struct Unit {
    std::string_view name;
    double bytes;
  };
  constexpr Unit kUnits[] = {{"", 1},        {"B", 1},          {"K", 1e3},          {"KB", 1e3}, {"M", 1e6},
                             {"MB", 1e6},    {"G", 1e9},        {"GB", 1e9},         {"T", 1e12}, {"TB", 1e12},
                             {"KIB", 1024.}, {"MIB", 1048576.}, {"GIB", 1073741824.}};
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto found = std::ranges::find(kUnits, unit, &Unit::name);
  const double bytes = problem == std::errc() && found != std::end(kUnits) ? number * found->bytes : 0;
  if (!(bytes >= 1) || bytes > 1e15)
    throw Error{{.where = flag, .expected = "a number of bytes such as 256M, 2G or 1GiB", .received = text}};
  return static_cast<std::int64_t>(bytes);
}

void add_stream_flags(CLI::App& command, Shared& shared) {
  CLI::Option* stream = command.add_flag(
      "--stream", shared.stream,
      "read images of a folder or of shards when they are needed, instead of all into memory (docs/data.md)");
  // doctor and repair have one of their own, which bounds the stream too.
  if (command.get_option_no_throw("--memory") == nullptr)
    command
        .add_option_function<std::string>(
            "--memory", [&shared](const std::string& text) { shared.memory = bytes_from("--memory", text); },
            "with --stream: memory for all but the network, as 256M or 2G; default: no bound, and little is used")
        ->option_text("SIZE")
        ->needs(stream);
  command
      .add_option("--workers", shared.workers,
                  "with --stream: threads that read and decode; default: as many as compute")
      ->option_text("N")
      ->check(CLI::Range(1, 1024))
      ->needs(stream);
  command
      .add_option("--window", shared.window,
                  fmt::format("with --stream: samples of shards that are shuffled together; default {}", kShardWindow))
      ->option_text("N")
      ->check(at_least(1))
      ->needs(stream);
}

Dataset drawn_from_stream(const Shared& shared, const Dataset& data, std::int64_t samples, std::int64_t memory) {
  if (!data.is_streamed()) return data;
  const std::int64_t bytes = data.sample_shape().size() * static_cast<std::int64_t>(size_of(data.sample_dtype()));
  const std::int64_t wanted = samples <= 0 ? data.size() : std::min(samples, data.size());
  const std::int64_t n = std::min(wanted, std::max<std::int64_t>(memory / bytes, 1));
  if (samples <= 0 && n < wanted)
    throw Error{{.where = "--memory",
                 .expected = bytes_text(wanted * bytes) + " for all samples of " + data.name(),
                 .received = bytes_text(memory)}};
  if (n < data.size())
    say(shared, "{}: {} of {} samples are drawn{}", data.name(), with_commas(n), with_commas(data.size()),
        n < wanted ? "; more do not fit --memory" : "");
  return sample_of(data, n);
}

}  // namespace evenkeel::app
