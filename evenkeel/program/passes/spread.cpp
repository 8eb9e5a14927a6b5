#include "evenkeel/program/passes/spread.h"

#include <algorithm>
#include <map>

#include "evenkeel/base/error.h"
#include "evenkeel/program/memory_plan.h"
#include "evenkeel/program/ops/communication.h"
#include "evenkeel/program/ops/noise.h"
#include "evenkeel/program/ops/normalize.h"
#include "evenkeel/program/ops/statistics.h"
#include "evenkeel/program/passes/links.h"

namespace evenkeel::passes {
namespace {

/// Elements of gradients that leave together: large enough that their bytes cost more than their latency.
constexpr std::int64_t kLeastStretch = std::int64_t{1} << 18;

class Spreader {
 public:
  Spreader(Program& program, const Spreading& spreading, const BatchPart& part,
           const std::map<std::string, std::int64_t>& together)
      : program_(program), spreading_(spreading), part_(part), together_(together), label_(program.label()) {}

  void run() {
    std::vector<Node> lines = std::move(program_.mutable_nodes());
    program_.mutable_nodes().clear();
    find(lines);
    for (Node& line : lines) add(std::move(line));
    program_.mutable_nodes() = std::move(made_);
    sum_gradients();
    program_.set_phase(Phase::backward);
    program_.set_label(label_);
  }

 private:
  bool counts() const { return part_.size > 0; }

  /// Rows of a sample of x [N, ..., C]; N is 1 in a part without samples.
  std::int64_t rows_of_sample(int x) const {
    const Shape& shape = program_.value(x).type.shape;
    return shape.size() / shape.back() / shape[0];
  }

  /// What the lines know of each other: the moving mean that follows a batch's, who made a value.
  void find(const std::vector<Node>& lines) {
    for (const Node& line : lines) {
      if (dynamic_cast<const ops::UpdateStatistics*>(line.op.get())) moving_mean_of_[line.inputs[2]] = line.inputs[0];
      if (dynamic_cast<const ops::MergeGroups*>(line.op.get())) of_groups_.push_back(line.outputs[0]);
    }
  }

  void add(Node line) {
    if (const auto* noise = dynamic_cast<const ops::Noise*>(line.op.get()))
      line.op = noise->from_sample(part_.first, program_.value(line.inputs[0]).type.shape);
    else if (spreading_.statistics == StatisticsOf::synchronized)
      return add_synchronized(std::move(line));
    made_.push_back(std::move(line));
  }

  void add_synchronized(Node line) {
    if (const auto* moments = dynamic_cast<const ops::Moments*>(line.op.get())) return add_moments(line, *moments);
    if (const auto* groups = dynamic_cast<const ops::MergeGroups*>(line.op.get())) {
      line.op = groups->of_batch(part_.total);
      return add_and_sum(std::move(line));
    }
    if (const auto* update = dynamic_cast<const ops::UpdateStatistics*>(line.op.get())) {
      if (const auto merged = merged_.find(line.inputs[2]); merged != merged_.end()) {
        line.inputs[2] = merged->second.first;
        line.inputs[3] = merged->second.second;
        // Of groups, the rows are those of a whole one.
        line.op = update->of_batch({.from = compiled_size(), .to = group_of(line)});
      } else if (std::ranges::count(of_groups_, line.inputs[2]) == 0) {
        line.op = update->of_batch({.from = compiled_size(), .to = part_.total});
      }
    } else if (const auto* gradient = dynamic_cast<const ops::NormalizeDataGradient*>(line.op.get())) {
      if (!gradient->is_by_groups() && group_of(line) == 0) {
        line.op = gradient->over(rows_of_sample(line.inputs[0]) * part_.total);
        sum_operands(line, 7, 8, line.op->layer());
      }
    } else if (dynamic_cast<const ops::MomentsGradient*>(line.op.get())) {
      line.op = std::make_shared<const ops::MomentsGradient>(rows_of_sample(line.inputs[0]) * part_.total);
      sum_operands(line, 2, 3, {});
    }
    made_.push_back(std::move(line));
  }

  /// Samples that the program computes.
  std::int64_t compiled_size() const { return std::max<std::int64_t>(1, part_.size); }

  /// The samples that share the layer's statistics; 0: the whole batch.
  std::int64_t group_of(const Node& line) const {
    const auto found = together_.find(line.label);
    return found == together_.end() || found->second >= part_.total ? 0 : found->second;
  }

  /// Emits an op beside the lines, and returns its line.
  Node emitted(const Node& beside, std::shared_ptr<const Op> op, const std::vector<int>& inputs,
               const std::vector<std::string>& names) {
    program_.set_label(beside.label);
    program_.set_phase(beside.phase);
    std::vector<Value> values;
    for (const int id : inputs) values.push_back(id < 0 ? Value() : program_.handle(id));
    program_.emit(std::move(op), values, names);
    Node line = std::move(program_.mutable_nodes().back());
    program_.mutable_nodes().pop_back();
    return line;
  }

  /// The moments of the batch keep their values, which others read; those of the part get new ones.
  void add_moments(Node line, const ops::Moments& moments) {
    if (const std::int64_t group = group_of(line); group > 0) {
      check_groups(line, group);
      if (moments.group_samples() == 0) return add_single_group(std::move(line), *moments.layer());
      made_.push_back(std::move(line));
      return;
    }
    if (moments.group_samples() > 0)
      throw Error{
          {.kind = Error::unsupported,
           .where = "layer \"" + line.label + '"',
           .expected = "moving statistics, if samples share statistics (virtual_batch_size) in several processes",
           .received = "none"}};
    const std::int64_t rows = rows_of_sample(line.inputs[0]);
    const auto near = moving_mean_of_.find(line.outputs[0]);
    Node merge = emitted(
        line,
        std::make_shared<const ops::MergeMoments>(
            moments.layer(),
            kernels::MergeMoments{.among = spreading_.among, .rows = part_.size * rows, .total = part_.total * rows}),
        {line.outputs[0], line.outputs[1], near == moving_mean_of_.end() ? -1 : near->second},
        {"part_mean", "part_variance"});
    for (const std::size_t i : {0, 1}) {
      merge.inputs[i] = merge.outputs[i];
      merge.outputs[i] = line.outputs[i];
      line.outputs[i] = merge.inputs[i];
    }
    made_.push_back(std::move(line));
    made_.push_back(std::move(merge));
  }

  void check_groups(const Node& line, std::int64_t group) const {
    if (part_.first % group == 0 || part_.size == 0) return;
    throw Error{
        {.kind = Error::unsupported,
         .where = "layer \"" + line.label + '"',
         .expected =
             "parts of a batch that begin with a group of " + std::to_string(group) + " samples (virtual_batch_size)",
         .received = "a part of " + std::to_string(part_.size) + " samples from " + std::to_string(part_.first) + " on",
         .hint = "Use fewer processes or larger batches."}};
  }

  /// A part that is a single group: its moments normalize it, and have their share of those of the batch, as the merged
  /// ones of several groups have.
  void add_single_group(Node line, int layer) {
    Node share = emitted(line, ops::MergeGroups(layer, compiled_size(), compiled_size()).of_batch(part_.total),
                         {line.outputs[0], line.outputs[1]}, {"share_mean", "share_variance"});
    merged_.emplace(line.outputs[0], std::pair(share.outputs[0], share.outputs[1]));
    made_.push_back(std::move(line));
    add_and_sum(std::move(share));
  }

  /// The line's two outputs become sums over the processes, under the same names.
  void add_and_sum(Node line) {
    Node sum = emitted(line, summing({}), {line.outputs[0], line.outputs[1]}, {"part_mean", "part_variance"});
    for (const std::size_t i : {0, 1}) {
      sum.inputs[i] = sum.outputs[i];
      sum.outputs[i] = line.outputs[i];
      line.outputs[i] = sum.inputs[i];
    }
    made_.push_back(std::move(line));
    made_.push_back(std::move(sum));
  }

  std::shared_ptr<const Op> summing(std::optional<int> layer) const {
    return std::make_shared<const ops::SumOverProcesses>(
        layer, kernels::SumOverProcesses{.among = spreading_.among, .counts = counts()});
  }

  /// The line reads sums over the processes in place of two of its operands.
  void sum_operands(Node& line, std::size_t a, std::size_t b, std::optional<int> layer) {
    if (line.inputs[a] < 0 && line.inputs[b] < 0) return;
    Node sum = emitted(line, summing(layer), {line.inputs[a], line.inputs[b]}, {"sum_a", "sum_b"});
    if (line.inputs[a] >= 0) line.inputs[a] = sum.outputs[0];
    if (line.inputs[b] >= 0) line.inputs[b] = sum.outputs[1];
    made_.push_back(std::move(sum));
  }

  /// A stretch of the gradients, and the line after which nothing changes it.
  struct Stretch {
    std::int64_t offset = 0, size = 0;
    int line = 0;
  };

  /// By parameter, in their order: the last line that writes its gradient.
  std::vector<int> last_writers() const {
    std::map<std::string, int> last;
    for (std::size_t line = 0; line < program_.nodes().size(); ++line)
      for (const int id : program_.nodes()[line].outputs) {
        const ValueInfo& value = program_.value(program_.root(id));
        if (value.role == Role::parameter_gradient) last[value.name] = static_cast<int>(line);
      }
    std::vector<int> lines;
    for (const ValueInfo& v : program_.values())
      if (v.role == Role::parameter && !v.is_block && v.trainable) lines.push_back(last[v.name + "/gradient"]);
    return lines;
  }

  /// The last layers' gradients are ready first.
  std::vector<Stretch> stretches() const {
    const std::vector<Extent> extents = trainable_extents(program_);
    const std::vector<int> written = last_writers();
    std::vector<Stretch> all;
    std::int64_t end = trainable_bytes(program_) / static_cast<std::int64_t>(size_of(program_.real()));
    int line = 0;
    for (std::size_t i = extents.size(); i-- > 0;) {
      line = std::max(line, written[i]);
      if (end - extents[i].offset < kLeastStretch && i > 0) continue;
      all.push_back({.offset = extents[i].offset, .size = end - extents[i].offset, .line = line});
      end = extents[i].offset;
      line = 0;
    }
    std::ranges::stable_sort(all, {}, &Stretch::line);
    return all;
  }

  void sum_gradients() {
    const std::vector<Stretch> all = stretches();
    if (all.empty()) return;
    const Value block = program_.gradient_block();
    Node place{.op = nullptr, .inputs = {}, .outputs = {}, .label = "gradients", .phase = Phase::backward};
    std::vector<Node> lines;
    auto next = all.begin();
    const std::vector<Node> before = std::move(program_.mutable_nodes());
    program_.mutable_nodes().clear();
    for (std::size_t line = 0; line < before.size(); ++line) {
      lines.push_back(before[line]);
      for (; next != all.end() && std::cmp_equal(next->line, line); ++next)
        lines.push_back(
            emitted(place,
                    std::make_shared<const ops::StartGradientSum>(kernels::StartGradientSum{
                        .among = spreading_.among, .offset = next->offset, .size = next->size, .counts = counts()}),
                    {block.id()}, {}));
    }
    lines.push_back(emitted(
        place, std::make_shared<const ops::FinishGradientSums>(kernels::FinishGradientSums{.among = spreading_.among}),
        {block.id()}, {}));
    program_.mutable_nodes() = std::move(lines);
  }

  Program& program_;
  const Spreading& spreading_;
  const BatchPart& part_;
  const std::map<std::string, std::int64_t>& together_;
  std::string label_;
  std::map<int, int> moving_mean_of_;          ///< by the value of a batch's mean
  std::vector<int> of_groups_;                 ///< means that are merged from those of groups
  std::map<int, std::pair<int, int>> merged_;  ///< by the mean of a single group: mean and variance of the batch
  std::vector<Node> made_;
};

}  // namespace

void spread(Program& program, const Spreading& spreading, const BatchPart& part,
            const std::map<std::string, std::int64_t>& together) {
  Spreader(program, spreading, part, together).run();
}

}  // namespace evenkeel::passes
