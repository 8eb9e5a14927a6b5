#include "evenkeel/distributed/cost_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

/// A number with one of these units after it, times the unit's factor.
struct Unit {
  std::string_view name;
  double factor;
};
std::optional<double> quantity(std::string_view text, std::initializer_list<Unit> units) {
  double number = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || !(number > 0) || !std::isfinite(number)) return {};
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  for (const Unit& known : units)
    if (unit == known.name) return number * known.factor;
  return {};
}

}  // namespace

NetworkModel NetworkModel::of(const std::string& text) {
  const std::size_t comma = text.find(',');
  NetworkModel network;
  const auto rate =
      quantity(std::string_view(text).substr(0, comma), {{"Gb", 1e9 / 8}, {"Mb", 1e6 / 8}, {"GB", 1e9}, {"MB", 1e6}});
  const auto latency = comma == std::string::npos
                           ? std::optional(network.latency)
                           : quantity(std::string_view(text).substr(comma + 1), {{"us", 1e-6}, {"ms", 1e-3}});
  if (!rate || !latency)
    throw Error{
        {.where = "--network",
         .expected = "a rate in Gb, Mb, GB or MB a second, and perhaps a latency in us or ms: 25Gb or 100Gb,2us",
         .received = '"' + text + '"'}};
  network.bandwidth = *rate;
  network.latency = *latency;
  return network;
}

std::string NetworkModel::text() const {
  return fmt::format("{:g} Gb/s, {:g} us a message", bandwidth * 8 / 1e9, latency * 1e6);
}

double all_reduce_seconds(const NetworkModel& network, std::int64_t bytes, int processes) {
  if (processes < 2) return 0;
  const double n = processes, rounds = std::ceil(std::log2(n));
  const double whole = static_cast<double>(bytes) / network.bandwidth;
  const double ring = 2 * (n - 1) * network.latency + 2 * (n - 1) / n * whole;
  const double trees = 2 * rounds * network.latency + 2 * (n - 1) / n * whole;
  const double exchange = rounds * (network.latency + whole);
  return std::min({ring, trees, exchange});
}

std::string StepCost::limit(const NetworkModel& network, int processes) const {
  if (communication_share() < 0.1) return "computing";
  if (statistics >= gradients) return fmt::format("the latency of {} sums", sums);
  const double bytes = 2 * (processes - 1.0) / processes * gradient_bytes / network.bandwidth;
  return bytes > 0.5 * gradients ? "the bandwidth for gradients" : "the latency of gradients";
}

StepCost step_cost(const std::vector<LocalEvent>& events, const NetworkModel& network, int processes) {
  StepCost cost;
  double free_at = 0;  // when the network has sent the gradients that were given to it
  for (const LocalEvent& event : events) {
    const double sum = event.bytes > 0 ? all_reduce_seconds(network, event.bytes, processes) : 0;
    switch (event.kind) {
      case LocalEvent::compute:
        cost.compute += event.seconds;
        cost.seconds += event.seconds;
        break;
      case LocalEvent::wait_for_sum:
        cost.statistics += sum;
        cost.seconds += sum;
        ++cost.sums;
        free_at += sum;
        break;
      case LocalEvent::start_sum:
        free_at = std::max(free_at, cost.seconds) + sum;
        cost.gradient_bytes += static_cast<double>(event.bytes);
        break;
      case LocalEvent::finish_sums: {
        const double wait = std::max(0.0, free_at - cost.seconds);
        cost.gradients += wait;
        cost.seconds += wait;
        break;
      }
    }
  }
  return cost;
}

}  // namespace evenkeel
