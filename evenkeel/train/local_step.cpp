#include "evenkeel/train/local_step.h"

#include "evenkeel/program/ops/communication.h"

namespace evenkeel {
namespace {

/// Loss, correct predictions, samples, and whether to stop.
constexpr std::int64_t kFigureBytes = 4 * sizeof(double);

}  // namespace

std::vector<LocalEvent> local_step(const Program& program, const std::vector<double>& line_seconds) {
  std::vector<LocalEvent> events;
  for (std::size_t i = 0; i < program.nodes().size(); ++i) {
    const Node& node = program.nodes()[i];
    // Two vectors of numbers per channel, in double.
    const auto both = [&] {
      return 2 * program.value(node.outputs[0]).type.shape.size() * std::int64_t{sizeof(double)};
    };
    if (dynamic_cast<const ops::MergeMoments*>(node.op.get()) ||
        dynamic_cast<const ops::SumOverProcesses*>(node.op.get()))
      events.push_back({.kind = LocalEvent::wait_for_sum, .bytes = both()});
    else if (const auto* start = dynamic_cast<const ops::StartGradientSum*>(node.op.get()))
      events.push_back({.kind = LocalEvent::start_sum,
                        .bytes = start->elements() * static_cast<std::int64_t>(size_of(program.real()))});
    else if (dynamic_cast<const ops::FinishGradientSums*>(node.op.get()))
      events.push_back({.kind = LocalEvent::finish_sums});
    else
      events.push_back({.seconds = line_seconds[i]});
  }
  events.push_back({.kind = LocalEvent::wait_for_sum, .bytes = kFigureBytes});
  return events;
}

}  // namespace evenkeel
