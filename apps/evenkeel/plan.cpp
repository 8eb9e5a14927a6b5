#include "evenkeel/program/plan.h"

#include <numeric>

#include "commands.h"
#include "common.h"
#include "evenkeel/base/text.h"
#include "evenkeel/train/run_folder.h"
#include "evenkeel/train/settings.h"
#include "table.h"

namespace evenkeel::app {
namespace {

constexpr int kTimedRuns = 10;

struct PlanArguments {
  Shared shared;
  TrainingSettings settings;
  std::string model, mode = "train";
  bool time = false;
};

struct Plan {
  std::vector<PlanLine> lines;
  std::vector<double> seconds;  ///< by line; empty without --time
  MemoryReport memory;
  std::int64_t scratch_bytes = 0;
};

/// A training program needs a loss, though a model file need not name one.
TrainingSettings with_loss(const PlanArguments& a, TrainingSettings settings) {
  if (settings.loss || a.mode == "evaluate") return settings;
  settings.loss = name_of(TrainerOptions{}.loss);
  say(a.shared, "the model file names no loss: planned with {} and {}", *settings.loss,
      name_of(optimizer_of(settings)));
  return settings;
}

/// Numbers of the kind that the program reads: normal x, labels in turn.
Batch random_batch(const Network& network, std::int64_t size, Targets targets) {
  RandomStream random({.seed = 0, .purpose = Purpose::study});
  Batch batch;
  batch.size = size;
  batch.x = Tensor(network.model().input_shape().batched(size), DType::float32);
  for (float& x : batch.x.as<float>()) x = static_cast<float>(random.normal());
  if (targets == Targets::labels) {
    batch.labels = Tensor({size}, DType::int32);
    const auto labels = batch.labels.as<std::int32_t>();
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(size); ++i)
      labels[static_cast<std::size_t>(i)] = i % static_cast<std::int32_t>(network.outputs());
  } else if (targets == Targets::values) {
    batch.targets = Tensor({size, network.outputs()}, DType::float32);
  }
  return batch;
}

Plan make_plan(const PlanArguments& a) {
  const OpenedModel opened = open_model(a.model);
  const TrainingSettings settings = with_loss(a, overridden(opened.file.training, a.settings));
  const bool train = a.mode == "train";
  NetworkOptions options{.optimizer = optimizer_of(settings),
                         .class_weight = settings.class_weight.value_or(std::vector<double>()),
                         .threads = a.shared.threads,
                         .fuse = a.shared.fuse};
  if (settings.loss) options.loss = loss_of(settings);
  const Targets targets = !options.loss                                             ? Targets::none
                          : std::holds_alternative<MeanSquaredError>(*options.loss) ? Targets::values
                                                                                    : Targets::labels;
  Network network(opened.file.model, options);
  const std::int64_t batch_size = settings.batch_size.value_or(TrainerOptions{}.batch_size);
  Network::Runner& runner = network.runner(batch_size, targets, train);
  Plan plan{.lines = plan_of(*runner.executor),
            .seconds = {},
            .memory = runner.executor->program().memory,
            .scratch_bytes = static_cast<std::int64_t>(runner.executor->scratch_bytes())};
  if (a.time) {
    const Batch batch = random_batch(network, batch_size, targets);
    const StepContext step = network.context(train ? Mode::train : Mode::evaluate);
    network.run(runner, batch, step);
    plan.seconds = median_seconds(*runner.executor, step, kTimedRuns);
  }
  return plan;
}

Json as_json(const Plan& plan) {
  Json lines = Json::array();
  for (std::size_t i = 0; i < plan.lines.size(); ++i) {
    const PlanLine& line = plan.lines[i];
    Json outputs = Json::array();
    for (const Shape& shape : line.outputs) outputs.push_back(json_of(shape));
    lines.push_back({{"line", i},
                     {"phase", name_of(line.phase)},
                     {"label", line.label},
                     {"op", line.op},
                     {"detail", line.detail},
                     {"outputs", outputs},
                     {"kernel", line.kernel},
                     {"bytes", line.bytes},
                     {"flops", line.flops}});
    if (!plan.seconds.empty()) lines.back()["ms"] = plan.seconds[i] * 1e3;
  }
  const MemoryReport& m = plan.memory;
  return {{"lines", lines},
          {"memory",
           {{"arena_bytes", m.arena_bytes},
            {"arena_bytes_without_reuse", m.unplanned_bytes},
            {"scratch_bytes", plan.scratch_bytes},
            {"parameter_bytes", m.parameter_bytes},
            {"gradient_bytes", m.gradient_bytes},
            {"slot_bytes", m.slot_bytes},
            {"state_bytes", m.state_bytes}}}};
}

std::string table_of(const Plan& plan) {
  std::vector<std::string> titles = {">line", "phase", "layer", "op", "output", "kernel", ">bytes"};
  if (!plan.seconds.empty()) titles.insert(titles.end(), {">ms", ">share"});
  Table table(std::move(titles));
  const double total = std::accumulate(plan.seconds.begin(), plan.seconds.end(), 0.0);
  for (std::size_t i = 0; i < plan.lines.size(); ++i) {
    const PlanLine& line = plan.lines[i];
    std::vector<std::string> shapes;
    for (const Shape& shape : line.outputs) shapes.push_back(to_string(shape));
    std::vector<std::string> row = {std::to_string(i),
                                    std::string(name_of(line.phase)),
                                    line.label,
                                    line.detail.empty() ? line.op : line.op + ' ' + line.detail,
                                    join(shapes, " "),
                                    line.kernel.empty() ? "view" : line.kernel,
                                    line.kernel.empty() ? "" : bytes_text(line.bytes)};
    if (!plan.seconds.empty()) {
      row.push_back(fmt::format("{:.3f}", plan.seconds[i] * 1e3));
      row.push_back(fmt::format("{:.1f}%", 100 * plan.seconds[i] / std::max(total, 1e-12)));
    }
    table.row(std::move(row));
  }
  return table.text();
}

void print_as_text(const Plan& plan) {
  fmt::print("{}", table_of(plan));
  if (!plan.seconds.empty())
    fmt::print("\ntime       {:.3f} ms a step: sum over lines, each the median of {} runs on random input\n",
               1e3 * std::accumulate(plan.seconds.begin(), plan.seconds.end(), 0.0), kTimedRuns);
  const MemoryReport& m = plan.memory;
  fmt::print("\narena      {}, of {} without reuse; {} scratch for kernels\n", bytes_text(m.arena_bytes),
             bytes_text(m.unplanned_bytes), bytes_text(plan.scratch_bytes));
  fmt::print("weights    {} parameters, {} moving statistics\n", bytes_text(m.parameter_bytes),
             bytes_text(m.state_bytes));
  if (m.gradient_bytes > 0)
    fmt::print("training   {} gradients, {} optimizer\n", bytes_text(m.gradient_bytes), bytes_text(m.slot_bytes));
}

int run_plan(const PlanArguments& a) {
  const Plan plan = make_plan(a);
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
  add_setting(command, a->settings, "batch_size", "N");
  command.add_option("--mode", a->mode, "the program of a training step (the default) or of an evaluation")
      ->option_text("train|evaluate")
      ->check(CLI::IsMember({"train", "evaluate"}));
  command.add_flag("--time", a->time, "run it on random input and show the time of each line");
  add_threads_flag(command, a->shared);
  add_fuse_flag(command, a->shared);
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_plan(*a); }; });
}

}  // namespace evenkeel::app
