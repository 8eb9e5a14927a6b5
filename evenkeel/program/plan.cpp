#include "evenkeel/program/plan.h"

#include <algorithm>

namespace evenkeel {

std::vector<PlanLine> plan_of(const Executor& executor, const StepContext& step) {
  const Program& program = executor.program();
  std::vector<PlanLine> plan;
  for (const Node& node : program.nodes()) {
    PlanLine line{.phase = node.phase,
                  .label = node.label,
                  .op = std::string(node.op->kind()),
                  .detail = node.op->detail(),
                  .kernel = {},
                  .outputs = {}};
    std::vector<TensorType> inputs, outputs;
    for (int id : node.inputs) inputs.push_back(id < 0 ? TensorType{} : program.value(id).type);
    for (int id : node.outputs) outputs.push_back(program.value(id).type);
    for (const TensorType& type : outputs) line.outputs.push_back(type.shape);
    if (!node.op->is_view() && !executor.is_idle(plan.size(), step)) {
      line.kernel = executor.kernel_name(plan.size());
      for (std::size_t i = 0; i < inputs.size(); ++i)
        if (node.inputs[i] >= 0) line.bytes += static_cast<std::int64_t>(inputs[i].bytes());
      for (const TensorType& type : outputs) line.bytes += static_cast<std::int64_t>(type.bytes());
      line.flops = node.op->flops(inputs, outputs);
    }
    plan.push_back(std::move(line));
  }
  return plan;
}

PlanTotals totals_of(const std::vector<PlanLine>& plan) {
  PlanTotals totals;
  for (const PlanLine& line : plan) {
    totals.bytes += line.bytes;
    totals.flops += line.flops;
  }
  return totals;
}

std::vector<double> median_seconds(Executor& executor, StepContext step, int runs) {
  std::vector<std::vector<double>> by_line(executor.program().nodes().size());
  for (int run = -1; run < runs; ++run, ++step.step) {
    std::vector<double> seconds;
    executor.run_timed(step, seconds);
    for (std::size_t line = 0; run >= 0 && line < by_line.size(); ++line) by_line[line].push_back(seconds[line]);
  }
  std::vector<double> medians;
  for (std::vector<double>& seconds : by_line) {
    const auto middle = seconds.begin() + std::ssize(seconds) / 2;
    std::ranges::nth_element(seconds, middle);
    medians.push_back(*middle);
  }
  return medians;
}

}  // namespace evenkeel
