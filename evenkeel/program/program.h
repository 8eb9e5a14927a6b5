#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "evenkeel/program/op.h"
#include "evenkeel/program/value.h"

namespace evenkeel {

/// Where the values of one role are in their common block, each aligned to kAlignment.
struct BlockLayout {
  struct Entry {
    std::string name;
    TensorType type;
    std::int64_t offset = 0;  ///< bytes
  };
  std::vector<Entry> entries;
  std::int64_t bytes = 0;

  void add(Entry entry);
  const Entry* find(const std::string& name) const;
  bool operator==(const BlockLayout& other) const;

 private:
  std::unordered_map<std::string, std::size_t> places_;  ///< of the entries, by name
};

/// The memory that a program needs, and what the reuse of memory saves.
struct MemoryReport {
  std::int64_t arena_bytes = 0;      ///< one arena for all values of a step
  std::int64_t unplanned_bytes = 0;  ///< if each value had memory of its own
  std::int64_t parameter_bytes = 0, state_bytes = 0, slot_bytes = 0, gradient_bytes = 0;
};

/// A straight-line list of ops over values with static shapes: one training step, or one evaluation. It is built by
/// emitting ops in order, then finished: rewritten by passes and planned (finish.h). It returns `Value`s that point to
/// it, so a program cannot be copied or moved.
class Program {
 public:
  /// `real` is the type of parameters, state, statistics and losses: float32, or float64 on the reference kernels.
  /// Activations and their gradients have the same type, or bfloat16 if `activation_type` says so.
  explicit Program(DType real = DType::float32) : Program(real, real) {}
  Program(DType real, DType activation_type) : real_(real), activation_type_(activation_type) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  DType real() const { return real_; }
  DType activation_type() const { return activation_type_; }

  // Building. Names must be unique; an Error says which is not.
  Value input(const std::string& name, const Shape& shape, DType dtype);
  Value parameter(const std::string& name, const Shape& shape, bool trainable);
  Value state(const std::string& name, const Shape& shape);
  Value supplied(const std::string& name, const Shape& shape);
  Value slot(const std::string& name, const Shape& shape);
  Value probe(const std::string& name, const Shape& shape);  ///< float64 whatever `real` is
  /// All trainable parameters, and all their gradients, as vectors of equal length (padding between them included), for
  /// an optimizer. Call them after every parameter is declared and the program is differentiated.
  Value parameter_block();
  Value gradient_block();
  /// Appends a line. Outputs are named `label/name` by `names`, or `label/kind` made unique.
  std::vector<Value> emit(std::shared_ptr<const Op> op, const std::vector<Value>& inputs,
                          const std::vector<std::string>& names = {});
  /// The same for an op with one output.
  Value emit_one(std::shared_ptr<const Op> op, const std::vector<Value>& inputs, const std::string& name = {});
  template <std::derived_from<Op> O>
  Value emit_one(O op, const std::vector<Value>& inputs, const std::string& name = {}) {
    return emit_one(std::make_shared<const O>(std::move(op)), inputs, name);
  }
  /// Gives a value another name.
  void rename(Value value, const std::string& name);
  /// Keeps a value's memory from being reused, so that it can be read after a run.
  void keep(Value value) { info(value).kept = true; }
  /// Lines that are emitted from now on have this label and phase.
  void set_label(std::string label) { label_ = std::move(label); }
  void set_phase(Phase phase) { phase_ = phase; }
  const std::string& label() const { return label_; }

  // Reading.
  const std::vector<ValueInfo>& values() const { return values_; }
  const ValueInfo& value(int id) const { return values_[static_cast<std::size_t>(id)]; }
  const std::vector<Node>& nodes() const { return nodes_; }
  Value handle(int id) { return {this, id}; }
  /// The value with that name, or an absent one.
  Value find(const std::string& name);
  /// The number of the value with that name, or -1.
  int id_of(const std::string& name) const;
  /// The same, but throws Error, with the nearest name, if there is none.
  int require(const std::string& name) const;
  /// The value whose memory this one shares: itself, unless it is a view.
  int root(int id) const;

  // For passes and planning.
  /// Do not change names through this; use rename().
  ValueInfo& info(Value value) { return values_[static_cast<std::size_t>(value.id())]; }
  std::vector<Node>& mutable_nodes() { return nodes_; }
  std::vector<ValueInfo>& mutable_values() { return values_; }

  BlockLayout parameters, states, supplied_values, slots, gradients, probes;  ///< set by finish()
  MemoryReport memory;                                                        ///< set by finish()
  /// If the program is to run several times with the same weights: so many lines, the first ones, read nothing but
  /// parameters and state. What they compute stays in the arena (passes::put_constants_first).
  std::optional<int> constant_lines = {};

 private:
  Value add(ValueInfo info);
  std::string unique(const std::string& name) const;

  DType real_, activation_type_;
  std::vector<ValueInfo> values_;
  std::unordered_map<std::string, int> ids_;  ///< by name: a deep network has thousands of values
  std::vector<Node> nodes_;
  std::string label_;
  Phase phase_ = Phase::forward;
};

}  // namespace evenkeel
