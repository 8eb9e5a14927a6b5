#include "evenkeel/program/plan.h"

#include <numeric>

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/version.h"
#include "evenkeel/distributed/cost_model.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/train/benchmark.h"
#include "evenkeel/train/local_step.h"
#include "plan_lines.h"
#include "processes.h"

namespace evenkeel::app {
namespace {

constexpr int kTimedRuns = 10;

struct PlanArguments {
  Shared shared;
  Settings settings;
  std::string model, mode = "train", network = "25Gb";
  int processes = 0;
  bool time = false;
};

/// The steps of several processes, as the model of their cost says (docs/cluster.md).
struct ClusterPlan {
  struct Row {
    int processes = 1;
    StepCost cost;
  };
  NetworkModel network;
  std::int64_t samples = 0;  ///< of each process
  std::vector<Row> rows = {};
};

struct ProgramPlan {
  PlannedLines planned;
  MemoryReport memory;
  std::int64_t scratch_bytes = 0;
};

ProgramPlan plan_of_executor(const Executor& executor, const StepContext& step) {
  return {.planned = {.lines = plan_of(executor, step)},
          .memory = executor.program().memory,
          .scratch_bytes = static_cast<std::int64_t>(executor.scratch_bytes())};
}

/// 1, 2, 4, ... and the number asked for.
ClusterPlan cluster_plan(const NetworkModel& network, const Program& program, const std::vector<double>& line_seconds,
                         std::int64_t samples, int processes) {
  ClusterPlan plan{.network = network, .samples = samples};
  const std::vector<LocalEvent> events = local_step(program, line_seconds);
  for (int n = 1; n < processes; n *= 2) plan.rows.push_back({n, step_cost(events, network, n)});
  plan.rows.push_back({processes, step_cost(events, network, processes)});
  return plan;
}

/// The least time that a line can take by the machine's limits.
std::vector<double> seconds_by(const Roofline& roofline, const std::vector<PlanLine>& lines) {
  std::vector<double> seconds;
  for (const PlanLine& line : lines)
    seconds.push_back(std::max(line.flops / (roofline.gflops * 1e9),
                               static_cast<double>(line.bytes) / (roofline.gbytes_per_s * 1e9)));
  return seconds;
}

ProgramPlan make_plan(const PlanArguments& a, std::optional<ClusterPlan>& cluster) {
  const bool train = a.mode == "train";
  PlannedModel planned = planned_model(a.shared, a.model, a.settings, train);
  Alone alone;
  if (a.processes > 0 && !train)
    throw Error{{.where = "--processes", .expected = "--mode train with it", .received = a.mode}};
  if (train && planned.batch_size < a.processes)
    throw Error{{.where = "batch size",
                 .expected = fmt::format("at least {}, a sample for each process", a.processes),
                 .received = std::to_string(planned.batch_size),
                 .hint = "The batch size is that of all processes together."}};
  if (train && among()) planned.batch_size = part_of(planned.batch_size, 0, among()->size()).size;
  if (train && a.processes > 0) planned.batch_size = part_of(planned.batch_size, 0, a.processes).size;
  if (train) planned.options.spreading.among = among() ? among() : a.processes > 0 ? &alone : nullptr;
  if (a.processes > 0 && !a.time) {
    Network network(planned.model, planned.options);
    const BatchPart part{.total = planned.batch_size, .first = 0, .size = planned.batch_size};
    const Executor& executor = *network.training_runner(part, random_targets(network)).executor;
    ProgramPlan plan = plan_of_executor(executor, network.context(Mode::train));
    const Roofline roofline = measure_roofline(Threads(planned.options.compute.threads));
    cluster = cluster_plan(NetworkModel::of(a.network), executor.program(), seconds_by(roofline, plan.planned.lines),
                           planned.batch_size, a.processes);
    return plan;
  }
  if (!a.time) {
    Network network(planned.model, planned.options);
    const auto use = train ? Network::Use::training : Network::Use::evaluation;
    return plan_of_executor(*network.runner(planned.batch_size, random_targets(network), use).executor,
                            network.context(train ? Mode::train : Mode::evaluate));
  }
  BenchmarkRun run(planned.model, planned.options, planned.batch_size, train);
  ProgramPlan plan = plan_of_executor(run.executor(), run.context());
  plan.planned.seconds = run.line_seconds(kTimedRuns);
  plan.planned.roofline = measure_roofline(Threads(planned.options.compute.threads));
  if (a.processes > 0)
    cluster = cluster_plan(NetworkModel::of(a.network), run.executor().program(), plan.planned.seconds,
                           planned.batch_size, a.processes);
  return plan;
}

Json as_json(const ProgramPlan& plan) {
  const PlanTotals totals = totals_of(plan.planned.lines);
  Json json = {{"lines", json_of(plan.planned)},
               {"bytes", totals.bytes},
               {"flops", totals.flops},
               {"memory", json_of(plan.memory, plan.scratch_bytes)}};
  if (!plan.planned.seconds.empty()) json["roofline"] = json_of(plan.planned.roofline);
  return json;
}

std::string table_of(const PlannedLines& plan) {
  std::vector<std::string> titles = {">line", "phase", "layer", "op", "output", "kernel", ">bytes"};
  if (!plan.seconds.empty()) titles.insert(titles.end(), {">ms", ">share", ">GF/s", ">GB/s", "bound by"});
  TextTable table(std::move(titles));
  const double total = std::accumulate(plan.seconds.begin(), plan.seconds.end(), 0.0);
  for (std::size_t i = 0; i < plan.lines.size(); ++i) {
    const PlanLine& line = plan.lines[i];
    const bool runs = !line.kernel.empty();
    std::vector<std::string> shapes;
    for (const Shape& shape : line.outputs) shapes.push_back(to_string(shape));
    std::vector<std::string> row = {
        std::to_string(i),           std::string(name_of(line.phase)),  line.label, op_text(line), join(shapes, " "),
        runs ? line.kernel : "view", runs ? bytes_text(line.bytes) : ""};
    if (!plan.seconds.empty()) {
      const Standing standing = plan.standing(i);
      row.push_back(fmt::format("{:.3f}", plan.seconds[i] * 1e3));
      row.push_back(fmt::format("{:.1f}%", 100 * plan.seconds[i] / std::max(total, 1e-12)));
      row.push_back(line.flops > 0 ? fmt::format("{:.0f}", standing.gflops) : "");
      row.push_back(runs ? fmt::format("{:.1f}", standing.gbytes_per_s) : "");
      row.push_back(bound_text(plan, i));
    }
    table.row(std::move(row));
  }
  return table.text();
}

void print_as_text(const ProgramPlan& plan) {
  const PlannedLines& planned = plan.planned;
  print_text(table_of(planned));
  if (!planned.seconds.empty())
    print(
        "\ntime       {:.3f} ms a step: sum over lines, each the median of {} runs on random input\n"
        "machine    {}; \"bound by\": the limit that a line meets first, and how much of it is reached (above 100%: "
        "from caches)\n",
        1e3 * std::accumulate(planned.seconds.begin(), planned.seconds.end(), 0.0), kTimedRuns,
        roofline_text(planned.roofline));
  const PlanTotals totals = totals_of(planned.lines);
  const MemoryReport& m = plan.memory;
  print("\npasses     {} read and written by all lines, {:.3g} GF in convolutions and products\n",
        bytes_text(totals.bytes), totals.flops / 1e9);
  print("arena      {}, of {} without reuse; {} scratch for kernels\n", bytes_text(m.arena_bytes),
        bytes_text(m.unplanned_bytes), bytes_text(plan.scratch_bytes));
  print("weights    {} parameters, {} moving statistics\n", bytes_text(m.parameter_bytes), bytes_text(m.state_bytes));
  if (m.gradient_bytes > 0)
    print("training   {} gradients, {} optimizer\n", bytes_text(m.gradient_bytes), bytes_text(m.slot_bytes));
}

double images_per_s(const ClusterPlan& plan, const ClusterPlan::Row& row) {
  return static_cast<double>(plan.samples) * row.processes / row.cost.seconds;
}

/// Of the speed that as many processes would have which need not wait for each other.
double efficiency(const ClusterPlan::Row& row) { return row.cost.compute / row.cost.seconds; }

Json json_of(const ClusterPlan& plan) {
  Json rows = Json::array();
  for (const ClusterPlan::Row& row : plan.rows)
    rows.push_back({{"processes", row.processes},
                    {"step_ms", 1e3 * row.cost.seconds},
                    {"compute_ms", 1e3 * row.cost.compute},
                    {"statistics_ms", 1e3 * row.cost.statistics},
                    {"gradients_ms", 1e3 * row.cost.gradients},
                    {"images_per_s", images_per_s(plan, row)},
                    {"efficiency", efficiency(row)},
                    {"limit", row.cost.limit(plan.network, row.processes)}});
  return {{"samples_per_process", plan.samples},
          {"latency_us", 1e6 * plan.network.latency},
          {"gbits_per_s", plan.network.bandwidth * 8 / 1e9},
          {"rows", rows}};
}

void print_as_text(const ClusterPlan& plan, bool timed) {
  TextTable table({">processes", ">batch", ">step ms", ">statistics ms", ">gradients ms", ">images/s", ">efficiency",
                   "limited by"});
  for (const ClusterPlan::Row& row : plan.rows)
    table.row({with_commas(row.processes), with_commas(plan.samples * row.processes),
               fmt::format("{:.2f}", 1e3 * row.cost.seconds), fmt::format("{:.2f}", 1e3 * row.cost.statistics),
               fmt::format("{:.2f}", 1e3 * row.cost.gradients),
               with_commas(static_cast<std::int64_t>(images_per_s(plan, row))),
               fmt::format("{:.0f}%", 100 * efficiency(row)), row.cost.limit(plan.network, row.processes)});
  print_text(table.text());
  print(
      "\nassumed    {}; one process on each machine, as fast as this one; each takes {} samples\n"
      "           computing: {}\n"
      "           sums: the fastest of ring, trees and exchange; those of gradients go on beside the backward pass\n"
      "           no process waits for a slower one, and reading the data costs nothing\n",
      plan.network.text(), plan.samples,
      timed ? "measured line by line" : "the least time by this machine's limits; --time measures it");
}

/// What the lines cost in which processes meet.
void print_communication(const PlannedLines& plan) {
  double total = 0, together = 0;
  for (std::size_t i = 0; i < plan.seconds.size(); ++i) {
    total += plan.seconds[i];
    if (plan.lines[i].kernel == "over processes") together += plan.seconds[i];
  }
  print("\nprocesses  {} ({}); {:.3f} ms of a step in lines that wait for others, {:.1f}%\n", among()->size(),
        among()->library(), 1e3 * together, 100 * together / std::max(total, 1e-12));
}

int run_plan(const PlanArguments& a) {
  NetworkModel::of(a.network);
  agree_on({{"version", kVersion}, {"program", program_digest()}, {"mode", a.mode}});
  begin_together();
  std::optional<ClusterPlan> cluster;
  const ProgramPlan plan = make_plan(a, cluster);
  if (a.shared.json) {
    Json json = as_json(plan);
    if (cluster) json["processes"] = json_of(*cluster);
    print_json(json);
  } else if (cluster) {
    print_as_text(*cluster, a.time);
  } else {
    print_as_text(plan);
    if (among() && a.time) print_communication(plan.planned);
  }
  return kDone;
}

}  // namespace

void add_plan(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<PlanArguments>();
  CLI::App& command =
      add_command(app, "plan", "Shows the program that a model becomes: every op with its shapes, kernel and memory.",
                  "  evenkeel plan examples/models/lenet.toml --batch-size 64\n"
                  "  evenkeel plan runs/lenet --mode evaluate --time\n"
                  "  evenkeel plan nets/mine --batch-size 4096 --processes 16 --network 25Gb --time");
  add_model(command, a->model);
  add_model_flags(command, a->shared);
  add_setting(command, a->settings, "batch_size", "N");
  choose_from(command.add_option("--mode", a->mode, "the program of a training step (the default) or of an evaluation")
                  ->option_text("train|evaluate"),
              {"train", "evaluate"});
  command.add_flag("--time", a->time,
                   "run it on random input and show the time of each line beside what this machine can do");
  command
      .add_option("--processes", a->processes,
                  "what training in so many processes would take, each on a machine like this one (docs/cluster.md); "
                  "the batch size is that of all")
      ->option_text("N")
      ->check(CLI::Range(1, 1'000'000));
  command
      .add_option("--network", a->network,
                  "the network between them: bits or bytes a second, and perhaps a latency, such as 100Gb,2us; default "
                  "25Gb,20us")
      ->option_text("RATE");
  add_precision_flags(command, a->shared, a->settings);
  add_threads_flag(command, a->shared);
  add_fuse_flag(command, a->shared);
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_plan(*a); }; });
}

}  // namespace evenkeel::app
