#include "evenkeel/diagnose/measure/reestimate.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/measure/instrument.h"
#include "evenkeel/diagnose/measure/spread_moments.h"
#include "evenkeel/distributed/batch_part.h"
#include "evenkeel/kernels/probe/moments.h"
#include "evenkeel/kernels/probe/moments_reference.h"

namespace evenkeel {
namespace {

/// What is known so far about one normalization's input.
struct Accumulator {
  Normalization of;
  std::string input;        ///< the value's name
  int made = -1, read = 0;  ///< lines: the one that computes the input (-1: an input of the model), and the first that
                            ///< needs the statistics
  bool done = false;
  double count = 0;
  std::vector<double> mean, m2;
  LayerStatistics moving = {};  ///< the network's own

  void add(TensorView x, const Threads& threads) {
    const std::int64_t columns = x.shape.back(), rows = x.shape.size() / columns;
    mean.resize(static_cast<std::size_t>(columns));
    m2.resize(mean.size());
    if (x.dtype == DType::float64)
      kernels::reference::accumulate_moments<double>({x.as<double>().data(), rows, columns}, count, mean, m2);
    else
      kernels::accumulate_moments({x.as<float>().data(), rows, columns}, count, mean, m2, threads);
    count += static_cast<double>(rows);
  }

  void add_up(Communicator& among) {
    mean.resize(moving.mean.size());  // where this process had no samples
    m2.resize(mean.size());
    LiveMoments all = merged(among, {.count = count, .mean = mean, .m2 = m2});
    count = all.count;
    mean = std::move(all.mean);
    m2 = std::move(all.m2);
  }

  LayerStatistics statistics(bool as_declared) const {
    const double divisor = as_declared && of.unbiased && count > 1 ? count - 1 : count;
    LayerStatistics result{.layer = of.name, .mean = mean, .variance = m2};
    for (double& v : result.variance) v /= divisor;
    return result;
  }
};

int line_that_makes(const Program& program, int value) {
  for (std::size_t line = 0; line < program.nodes().size(); ++line)
    if (std::ranges::find(program.nodes()[line].outputs, value) != program.nodes()[line].outputs.end())
      return static_cast<int>(line);
  return -1;
}

int line_that_reads(const Program& program, int value) {
  const auto& nodes = program.nodes();
  const auto reads = [&](const Node& node) { return std::ranges::find(node.inputs, value) != node.inputs.end(); };
  return static_cast<int>(std::ranges::find_if(nodes, reads) - nodes.begin());
}

/// One batch of the data set: its samples, and its values that are alive at the cut, if there was memory.
struct Piece {
  std::int64_t first = 0, size = 0;
  std::unique_ptr<std::byte[]> alive = {};
  std::int64_t bytes = 0;
};

class Reestimation {
 public:
  Reestimation(Network& network, const Dataset& data, const ReestimateOptions& options)
      : data_(data),
        options_(options),
        threads_(network.threads()),
        instrument_(network, {}),
        context_(network.context(Mode::evaluate)) {
    for (LayerMode& mode : context_.modes) {
      mode.statistics = Statistics::supplied;
      mode.dropout = options.dropout;
    }
    batch_size_ = std::min(options.batch_size, data.size());
    const BatchPart own = options.among
                              ? part_of(data.size(), options.among->rank(), options.among->size(), batch_size_)
                              : part_of(data.size(), 0, 1);
    samples_ = own.size;
    for (std::int64_t first = own.first, end = own.first + own.size; first < end; first += batch_size_)
      pieces_.push_back({.first = first, .size = std::min(batch_size_, end - first)});
    find_normalizations(instrument_.runner(batch_size_));
    keep_moving_statistics();
  }

  /// Each pass runs every batch from the last cut to where statistics that are not known yet are needed.
  std::vector<LayerStatistics> run() {
    int from = 0;
    while (const Accumulator* next = first_unknown()) {
      const Segment segment{from, next->read};
      const Executor& executor = *instrument_.runner(batch_size_).executor;
      const std::vector<int> alive = alive_;
      alive_ = executor.needed_by({segment.last, std::max(segment.last, last_needed_)});
      for (Piece& piece : pieces_) {
        pass(piece, segment, alive);
        if (options_.after_batch) options_.after_batch(forward_passes());
      }
      for (Accumulator& a : accumulators_) {
        if (a.made >= segment.last || a.done) continue;
        if (options_.among) a.add_up(*options_.among);
        finish(a);
      }
      from = segment.last;
    }
    std::vector<LayerStatistics> all;
    for (const Accumulator& a : accumulators_) all.push_back(statistics_of(a));
    return all;
  }

  std::int64_t kept_bytes() const { return most_bytes_; }
  /// Of this process's samples.
  double forward_passes() const {
    return static_cast<double>(sample_lines_) / static_cast<double>(std::max(samples_ * lines_, std::int64_t{1}));
  }

 private:
  void find_normalizations(const Network::Runner& runner) {
    const Program& program = *runner.compiled.program;
    const Model& model = instrument_.network().model();
    lines_ = static_cast<int>(program.nodes().size());
    for (const Normalization& n : normalizations(model)) {
      Accumulator a{.of = n, .input = input_value(model, runner.compiled, n.layer), .mean = {}, .m2 = {}};
      a.made = line_that_makes(program, program.id_of(a.input));
      a.read = line_that_reads(program, program.id_of(n.name + "/supplied_mean"));
      last_needed_ = std::max(last_needed_, a.made + 1);
      accumulators_.push_back(std::move(a));
    }
  }

  bool is_kept(const Accumulator& a) const {
    return (a.of.frozen && !options_.frozen_too) || std::ranges::count(options_.keep, a.of.name) > 0;
  }

  LayerStatistics statistics_of(const Accumulator& a) const {
    return is_kept(a) ? a.moving : a.statistics(options_.as_declared);
  }

  void keep_moving_statistics() {
    const std::vector<LayerStatistics> moving = moving_statistics(instrument_.network());
    for (std::size_t i = 0; i < accumulators_.size(); ++i) {
      accumulators_[i].moving = moving[i];
      if (is_kept(accumulators_[i])) finish(accumulators_[i]);
    }
  }

  const Accumulator* first_unknown() const {
    const Accumulator* first = nullptr;
    for (const Accumulator& a : accumulators_)
      if (!a.done && (!first || a.read < first->read)) first = &a;
    return first;
  }

  /// Makes the normalization use these statistics from here on.
  void finish(Accumulator& a) {
    if (a.done) return;
    a.done = true;
    const LayerStatistics found = statistics_of(a);
    const DType real = instrument_.network().options().compute.real;
    Block& supplied = instrument_.store().supplied;
    supplied.set(a.of.name + "/supplied_mean", as_tensor(found.mean, real));
    supplied.set(a.of.name + "/supplied_variance", as_tensor(found.variance, real));
  }

  /// `alive`: the piece's values that were alive at the beginning of the segment, if they were kept.
  void pass(Piece& piece, Segment segment, std::span<const int> alive) {
    Network::Runner& runner = instrument_.runner(piece.size);
    Executor& executor = *runner.executor;
    std::vector<Tensor>& inputs = inputs_of(runner, piece.size);
    context_.step = static_cast<std::uint64_t>(piece.first);  // the same masks in every segment
    if (piece.alive) {
      executor.restore(alive, piece.alive.get());
    } else {
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const TensorView samples = data_.input(i).rows(piece.first, piece.first + piece.size);
        const Tensor x = converted(samples, inputs[i].dtype());
        std::memcpy(inputs[i].data(), x.data(), x.bytes());
      }
      executor.run(context_, {0, segment.first});
      sample_lines_ += piece.size * segment.first;
    }
    for (std::size_t i = 0; segment.first == 0 && i < inputs.size(); ++i)
      take_in(-1, runner.compiled.program->id_of(name_of_input(i)), inputs[i], runner);
    executor.visit(context_, segment, [&](int line, int value, TensorView output) {
      take_in(line, value, output, runner);
      return true;
    });
    sample_lines_ += piece.size * (segment.last - segment.first);
    used_bytes_ -= piece.bytes;
    piece.alive.reset();
    piece.bytes = 0;
    if (segment.last > 0) save(piece, executor);
  }

  void take_in(int line, int value, TensorView output, const Network::Runner& runner) {
    for (Accumulator& a : accumulators_)
      if (!a.done && a.made == line && runner.compiled.program->value(value).name == a.input) a.add(output, threads_);
  }

  /// Keeps the piece's values that later lines need, if there is memory.
  void save(Piece& piece, const Executor& executor) {
    const std::int64_t bytes = executor.bytes_of(alive_);
    if (bytes == 0 || used_bytes_ + bytes > options_.memory_bytes) return;
    piece.alive = std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(bytes));
    piece.bytes = bytes;
    used_bytes_ += bytes;
    most_bytes_ = std::max(most_bytes_, used_bytes_);
    executor.save(alive_, piece.alive.get());
  }

  /// The memory for batches of this size. It belongs to the values that are alive, so it is written to.
  std::vector<Tensor>& inputs_of(Network::Runner& runner, std::int64_t size) {
    const auto [found, is_new] = inputs_.try_emplace(size);
    std::vector<Tensor>& inputs = found->second;
    for (std::size_t i = 0; is_new && i < instrument_.network().model().inputs().size(); ++i) {
      const Program& program = *runner.compiled.program;
      const TensorType& type = program.value(program.require(name_of_input(i))).type;
      inputs.emplace_back(type.shape, type.dtype);
      runner.executor->bind(name_of_input(i), inputs.back());
    }
    return inputs;
  }

  const std::string& name_of_input(std::size_t i) { return instrument_.network().model().inputs()[i].name; }

  const Dataset& data_;
  const ReestimateOptions& options_;
  Threads threads_;
  Instrument instrument_;
  StepContext context_;
  std::int64_t batch_size_ = 0, samples_ = 0;  ///< samples: of this process
  std::vector<Piece> pieces_;
  std::vector<Accumulator> accumulators_;
  std::map<std::int64_t, std::vector<Tensor>> inputs_;  ///< by batch size, then by the model's input
  int lines_ = 0, last_needed_ = 0;  ///< of the program; after the last line that any normalization needs
  std::vector<int> alive_;           ///< values that are alive at the cut at the end of the current pass
  std::int64_t used_bytes_ = 0, most_bytes_ = 0, sample_lines_ = 0;
};

}  // namespace

Reestimated measure_statistics(Network& network, const Dataset& data, const ReestimateOptions& options) {
  network.check(data, false);
  if (options.batch_size < 1)
    throw Error{{.where = "batch size", .expected = "at least 1", .received = std::to_string(options.batch_size)}};
  Reestimated result{.before = moving_statistics(network), .after = {}, .samples = data.size()};
  if (result.before.empty()) return result;
  const AveragedWeights averaged(network);
  Reestimation reestimation(network, data, options);
  result.after = reestimation.run();
  result.kept_bytes = reestimation.kept_bytes();
  result.forward_passes = reestimation.forward_passes();
  return result;
}

Reestimated reestimate_statistics(Network& network, const Dataset& data, const ReestimateOptions& options) {
  Reestimated result = measure_statistics(network, data, options);
  set_moving_statistics(network, result.after);
  return result;
}

}  // namespace evenkeel
