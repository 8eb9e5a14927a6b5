#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/program/program.h"
#include "evenkeel/program/store.h"

namespace evenkeel {

/// Lines [first, last) of a program.
struct Segment {
  int first = 0;
  int last = -1;              ///< -1: to the end
  bool same_weights = false;  ///< what depends on weights alone is there already (Executor::after_constants)
};

/// Runs a finished program. The constructor chooses the kernels, and the first run takes memory of the arena; after
/// that nothing allocates.
class Executor {
 public:
  /// Program, store and arena must outlive the executor. The program must be finished.
  Executor(const Program& program, Store& store, Arena& arena, const Threads& threads,
           const Machine& machine = Machine::here());

  /// Takes the arena's memory now instead of in the first run. Throws Error if there is not enough (Arena::reserve).
  void reserve();

  /// Makes an input read the caller's memory, until it is bound again. Throws Error unless name, shape and type are the
  /// input's.
  void bind(const std::string& input, TensorView value);

  /// Runs all lines, or a segment. Throws Error where an input is not bound, or the program has no such lines. A
  /// segment reads values that earlier lines computed: they must be kept (Program::keep).
  void run(const StepContext& step, Segment segment = {});
  /// The lines after the constant ones (Program::constant_lines), if what those computed in an earlier run is still in
  /// the arena: for a further run with the same weights. Otherwise all lines.
  Segment after_constants() const;
  /// Called after each line that is not idle, once for each of its outputs, whose memory the next line may reuse.
  /// Returning false ends the run.
  using Visitor = std::function<bool(int line, int value, TensorView output)>;
  /// The same as run, with a visitor.
  void visit(const StepContext& step, Segment segment, const Visitor& visitor);
  /// Runs all lines and adds each line's seconds to `seconds`, by line.
  void run_timed(const StepContext& step, std::vector<double>& seconds);

  /// The inputs and values of the arena that the segment reads but does not compute. A run that ends before the segment
  /// must save them for the run that continues with it.
  std::vector<int> needed_by(Segment segment) const;
  std::int64_t bytes_of(std::span<const int> values) const;
  /// `save` copies values out, one after the other, directly after the run that computed them. `restore` copies them
  /// back before the run that reads them; into an input's bound memory if the value is an input.
  void save(std::span<const int> values, std::byte* to) const;
  void restore(std::span<const int> values, const std::byte* from);

  /// A value after a run: kept values, parameters, state, gradients of parameters, slots, probes.
  TensorView read(const std::string& name) const;
  TensorView read(int value) const;

  const Program& program() const { return program_; }
  const std::string& kernel_name(std::size_t line) const { return lines_[line].kernel.name; }
  /// Whether the line does nothing in such a step (Op::is_idle).
  bool is_idle(std::size_t line, const StepContext& step) const;
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  std::size_t prepared_bytes() const { return prepared_bytes_; }  ///< for what kernels make of constant operands

 private:
  struct Line {
    const Op* op = nullptr;
    std::optional<int> layer;  ///< the layer whose mode the line depends on
    Kernel kernel;
    std::vector<Operand> inputs, outputs;
    bool runs = true;             ///< views have nothing to run
    std::size_t prepared_at = 0;  ///< where what the kernel prepares is, in bytes after the scratch memory
  };

  void choose_kernels(const Machine& machine);
  void resolve();  ///< sets the operands' addresses, after the arena moved
  std::byte* address(int value) const;
  void prepare_run(Segment segment = {});
  /// The number of the line after the segment's last. Throws Error unless the program has these lines.
  int end_of(Segment segment) const;
  void run_line(std::size_t number, const StepContext& step);
  void call(const Line& line, const std::function<void(const KernelCall&)>& kernel, const KernelStep& step) const;
  /// Before a line that may read what kernels make of constants: makes it, if it is not there.
  void make_constants(std::size_t line);

  const Program& program_;
  Store& store_;
  Arena& arena_;
  Threads threads_;
  std::vector<Line> lines_;
  std::vector<std::byte*> bound_;  ///< by value number: inputs' memory
  std::size_t scratch_bytes_ = 0, prepared_bytes_ = 0;
  std::byte* resolved_for_ = nullptr;
  bool stale_ = true;
  bool has_constants_ = false;  ///< what depends on weights alone is in the arena, if nobody else has used it since
};

}  // namespace evenkeel
