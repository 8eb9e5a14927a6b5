#include "plan_lines.h"

#include "evenkeel/runs/open_model.h"
#include "evenkeel/train/settings.h"

namespace evenkeel::app {

PlannedModel planned_model(const Shared& shared, const std::string& model, const Settings& flags, bool train) {
  OpenedModel opened = open_model(shared, model);
  Settings settings = overridden(opened.file.training, flags);
  if (train && !settings.has("loss")) {
    const std::string loss = name_of(TrainerOptions{}.loss);
    settings.set({"loss", loss});
    say(shared, "the model file names no loss: using {} and {}", loss, name_of(optimizer_of(settings)));
  }
  PlannedModel planned{.model = std::move(opened.file.model),
                       .options = network_options(shared, settings),
                       .batch_size = batch_size_of(settings)};
  planned.options.optimizer = optimizer_of(settings);
  planned.options.class_weight = settings.get<std::vector<double>>("class_weight").value_or(std::vector<double>());
  return planned;
}

Json json_of(const PlannedLines& plan) {
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
    if (plan.seconds.empty()) continue;
    const Standing standing = plan.standing(i);
    lines.back()["ms"] = plan.seconds[i] * 1e3;
    if (line.kernel.empty()) continue;
    lines.back()["gflops"] = standing.gflops;
    lines.back()["gbytes_per_s"] = standing.gbytes_per_s;
    lines.back()["bound_by"] = standing.bound_by_arithmetic ? "arithmetic" : "memory";
    lines.back()["share_of_bound"] = standing.share;
  }
  return lines;
}

Json json_of(const Roofline& roofline) {
  return {{"peak_gflops", roofline.gflops}, {"memory_gbytes_per_s", roofline.gbytes_per_s}};
}

Json json_of(const MemoryReport& m, std::int64_t scratch_bytes) {
  return {{"arena_bytes", m.arena_bytes},       {"arena_bytes_without_reuse", m.unplanned_bytes},
          {"scratch_bytes", scratch_bytes},     {"parameter_bytes", m.parameter_bytes},
          {"gradient_bytes", m.gradient_bytes}, {"slot_bytes", m.slot_bytes},
          {"state_bytes", m.state_bytes}};
}

std::string op_text(const PlanLine& line) { return line.detail.empty() ? line.op : line.op + ' ' + line.detail; }

std::string bound_text(const PlannedLines& plan, std::size_t line) {
  if (plan.lines[line].kernel.empty()) return {};
  const Standing standing = plan.standing(line);
  return fmt::format("{} {:>3.0f}%", standing.bound_by_arithmetic ? "arithmetic" : "memory    ", 100 * standing.share);
}

std::string roofline_text(const Roofline& roofline) {
  return fmt::format("{:.0f} GF/s of multiply-adds, {:.1f} GB/s to and from memory", roofline.gflops,
                     roofline.gbytes_per_s);
}

}  // namespace evenkeel::app
