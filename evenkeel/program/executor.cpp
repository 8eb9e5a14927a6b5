#include "evenkeel/program/executor.h"

#include <chrono>
#include <cstring>
#include <set>
#include <utility>

#include "evenkeel/base/denormals.h"
#include "evenkeel/base/error.h"
#include "evenkeel/program/passes/constants.h"

namespace evenkeel {

Executor::Executor(const Program& program, Store& store, Arena& arena, const Threads& threads, const Machine& machine)
    : program_(program), store_(store), arena_(arena), threads_(threads), bound_(program.values().size(), nullptr) {
  store_.fit(program_);
  choose_kernels(machine);
}

void Executor::reserve() {
  arena_.reserve(static_cast<std::size_t>(program_.memory.arena_bytes) + scratch_bytes_ + prepared_bytes_);
}

void Executor::choose_kernels(const Machine& machine) {
  threads_.bind();
  passes::Constants constants(program_);
  for (const Node& node : program_.nodes()) {
    std::vector<TensorType> inputs, outputs;
    for (int id : node.inputs) inputs.push_back(id < 0 ? TensorType{} : program_.value(id).type);
    for (int id : node.outputs) outputs.push_back(program_.value(id).type);
    Line line;
    line.op = node.op.get();
    line.layer = node.op->layer();
    line.runs = !node.op->is_view();
    std::vector<char> constant;
    constants.add(node);
    for (int id : node.inputs) constant.push_back(program_.constant_lines && id >= 0 && constants.holds(id));
    if (line.runs) line.kernel = node.op->choose({inputs, outputs, machine, threads_, program_.real(), constant});
    scratch_bytes_ = std::max(scratch_bytes_, aligned_size(line.kernel.scratch_bytes));
    line.prepared_at = prepared_bytes_;
    prepared_bytes_ += aligned_size(line.kernel.prepared_bytes);
    const auto operand = [](const TensorType& type) {
      return Operand{nullptr, type.shape.size(), type.shape.rank() > 0 ? type.shape.back() : 1};
    };
    for (const TensorType& type : inputs) line.inputs.push_back(operand(type));
    for (const TensorType& type : outputs) line.outputs.push_back(operand(type));
    lines_.push_back(std::move(line));
  }
}

void Executor::bind(const std::string& input, TensorView value) {
  const int id = program_.id_of(input);
  if (id < 0 || program_.value(id).role != Role::input)
    throw Error{{.where = "program", .received = "no input is named \"" + input + '"'}};
  const TensorType& type = program_.value(id).type;
  if (type.shape != value.shape || type.dtype != value.dtype)
    throw Error{{.where = "input \"" + input + '"',
                 .expected = std::string(name_of(type.dtype)) + ' ' + to_string(type.shape),
                 .received = std::string(name_of(value.dtype)) + ' ' + to_string(value.shape)}};
  std::byte* data = const_cast<std::byte*>(value.data);
  stale_ = stale_ || bound_[static_cast<std::size_t>(id)] != data;
  bound_[static_cast<std::size_t>(id)] = data;
}

std::byte* Executor::address(int value) const {
  const int root = program_.root(value);
  const ValueInfo& v = program_.value(root);
  switch (v.role) {
    case Role::input: return bound_[static_cast<std::size_t>(root)];
    case Role::activation:
    case Role::gradient: return v.offset < 0 ? nullptr : arena_.data() + v.offset;
    default: return store_.of(v.role).data() + v.offset;
  }
}

void Executor::resolve() {
  for (std::size_t line = 0; line < lines_.size(); ++line) {
    const Node& node = program_.nodes()[line];
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] < 0) continue;
      std::byte* data = address(node.inputs[i]);
      if (!data && program_.value(node.inputs[i]).type.bytes() > 0)
        throw Error{{.where = "line \"" + node.label + '"',
                     .received = "the input \"" + program_.value(node.inputs[i]).name + "\" is not bound"}};
      lines_[line].inputs[i].data = data;
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i) lines_[line].outputs[i].data = address(node.outputs[i]);
  }
}

void Executor::prepare_run(Segment segment) {
  threads_.bind();
  reserve();
  if (!segment.same_weights || arena_.user() != this) has_constants_ = false;
  arena_.set_user(this);
  if (!stale_ && arena_.data() == resolved_for_) return;
  resolve();
  resolved_for_ = arena_.data();
  stale_ = false;
}

bool Executor::is_idle(std::size_t line, const StepContext& step) const {
  const Line& l = lines_[line];
  return l.layer && l.op->is_idle(step.mode(*l.layer));
}

void Executor::run_line(std::size_t number, const StepContext& step) {
  make_constants(number);
  const Line& line = lines_[number];
  if (!line.runs || is_idle(number, step)) return;
  KernelStep of_line{.seed = step.seed, .step = step.step, .learning_rate = step.learning_rate, .mode = {}};
  if (line.layer) of_line.mode = step.mode(*line.layer);
  call(line, line.kernel.run, of_line);
}

void Executor::call(const Line& line, const std::function<void(const KernelCall&)>& kernel,
                    const KernelStep& step) const {
  std::byte* const scratch = arena_.data() + program_.memory.arena_bytes;
  kernel(KernelCall(line.inputs, line.outputs, {scratch, line.kernel.scratch_bytes},
                    scratch + scratch_bytes_ + line.prepared_at, step, threads_));
}

void Executor::make_constants(std::size_t number) {
  if (has_constants_ || !program_.constant_lines || std::cmp_less(number, *program_.constant_lines)) return;
  for (const Line& line : lines_)
    if (line.kernel.prepare) call(line, line.kernel.prepare, {});
  has_constants_ = true;
}

int Executor::end_of(Segment segment) const {
  const int lines = static_cast<int>(lines_.size());
  const int last = segment.last < 0 ? lines : segment.last;
  if (segment.first < 0 || segment.first > last || last > lines)
    throw Error{{.where = "segment",
                 .expected = "lines of [0, " + std::to_string(lines) + ")",
                 .received = "[" + std::to_string(segment.first) + ", " + std::to_string(last) + ")"}};
  return last;
}

void Executor::run(const StepContext& step, Segment segment) {
  const int last = end_of(segment);
  prepare_run(segment);
  const DenormalsAsZero flushed(threads_);
  for (int i = segment.first; i < last; ++i) run_line(static_cast<std::size_t>(i), step);
}

Segment Executor::after_constants() const {
  if (!has_constants_ || arena_.user() != this) return {};
  return {.first = program_.constant_lines.value_or(0), .same_weights = true};
}

void Executor::visit(const StepContext& step, Segment segment, const Visitor& visitor) {
  const int last = end_of(segment);
  prepare_run();
  const DenormalsAsZero flushed(threads_);
  for (int i = segment.first; i < last; ++i) {
    if (is_idle(static_cast<std::size_t>(i), step)) continue;
    run_line(static_cast<std::size_t>(i), step);
    for (int id : program_.nodes()[static_cast<std::size_t>(i)].outputs)
      if (id >= 0 && !visitor(i, id, {address(id), program_.value(id).type.shape, program_.value(id).type.dtype}))
        return;
  }
}

void Executor::run_timed(const StepContext& step, std::vector<double>& seconds) {
  prepare_run();
  seconds.resize(lines_.size());
  const DenormalsAsZero flushed(threads_);
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    make_constants(i);  // no line's own time
    const auto start = std::chrono::steady_clock::now();
    run_line(i, step);
    seconds[i] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
}

std::vector<int> Executor::needed_by(Segment segment) const {
  const int last = end_of(segment);
  std::set<int> made, needed;
  for (int id = 0; id < static_cast<int>(program_.values().size()); ++id)
    if (program_.value(id).role == Role::input) made.insert(id);
  for (int line = 0; line < last; ++line) {
    const Node& node = program_.nodes()[static_cast<std::size_t>(line)];
    for (int id : node.inputs)
      if (line >= segment.first && id >= 0 && made.contains(program_.root(id))) needed.insert(program_.root(id));
    for (int id : node.outputs)
      if (line < segment.first) made.insert(program_.root(id));
  }
  return {needed.begin(), needed.end()};
}

std::int64_t Executor::bytes_of(std::span<const int> values) const {
  std::int64_t bytes = 0;
  for (int id : values) bytes += static_cast<std::int64_t>(program_.value(id).type.bytes());
  return bytes;
}

void Executor::save(std::span<const int> values, std::byte* to) const {
  for (int id : values) {
    const std::size_t bytes = program_.value(id).type.bytes();
    std::memcpy(to, address(id), bytes);
    to += bytes;
  }
}

void Executor::restore(std::span<const int> values, const std::byte* from) {
  prepare_run();  // the arena may grow, and then loses its contents
  for (int id : values) {
    const std::size_t bytes = program_.value(id).type.bytes();
    std::memcpy(address(id), from, bytes);
    from += bytes;
  }
}

TensorView Executor::read(const std::string& name) const { return read(program_.require(name)); }

TensorView Executor::read(int value) const {
  const ValueInfo& v = program_.value(value);
  const ValueInfo& root = program_.value(program_.root(value));
  const bool in_arena = root.role == Role::activation || root.role == Role::gradient;
  if (in_arena && !v.kept && !root.kept)
    throw Error{{.where = "value \"" + v.name + '"',
                 .received = "its memory is reused within the step",
                 .hint = "Keep it when the program is built."}};
  return {address(value), v.type.shape, v.type.dtype};
}

}  // namespace evenkeel
