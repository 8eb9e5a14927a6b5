#include "evenkeel/program/plan.h"

#include <numeric>

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/base/text.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/train/benchmark.h"
#include "plan_lines.h"

namespace evenkeel::app {
namespace {

constexpr int kTimedRuns = 10;

struct PlanArguments {
  Shared shared;
  Settings settings;
  std::string model, mode = "train";
  bool time = false;
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

ProgramPlan make_plan(const PlanArguments& a) {
  const bool train = a.mode == "train";
  const PlannedModel planned = planned_model(a.shared, a.model, a.settings, train);
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

int run_plan(const PlanArguments& a) {
  const ProgramPlan plan = make_plan(a);
  if (a.shared.json)
    print_json(as_json(plan));
  else
    print_as_text(plan);
  return kDone;
}

}  // namespace

void add_plan(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<PlanArguments>();
  CLI::App& command =
      add_command(app, "plan", "Shows the program that a model becomes: every op with its shapes, kernel and memory.",
                  "  evenkeel plan examples/models/lenet.toml --batch-size 64\n"
                  "  evenkeel plan runs/lenet --mode evaluate --time");
  add_model(command, a->model);
  add_model_flags(command, a->shared);
  add_setting(command, a->settings, "batch_size", "N");
  choose_from(command.add_option("--mode", a->mode, "the program of a training step (the default) or of an evaluation")
                  ->option_text("train|evaluate"),
              {"train", "evaluate"});
  command.add_flag("--time", a->time,
                   "run it on random input and show the time of each line beside what this machine can do");
  add_precision_flags(command, a->shared, a->settings);
  add_threads_flag(command, a->shared);
  add_fuse_flag(command, a->shared);
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_plan(*a); }; });
}

}  // namespace evenkeel::app
