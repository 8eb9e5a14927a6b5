#include "evenkeel/program/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "evenkeel/program/arena_intervals.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {
namespace {

std::int64_t slot_bytes(const TensorType& type) { return static_cast<std::int64_t>(aligned_size(type.bytes())); }

bool in_arena(const ValueInfo& v) { return v.view_of < 0 && (v.role == Role::activation || v.role == Role::gradient); }

void append(BlockLayout& layout, ValueInfo& v) {
  v.offset = layout.bytes;
  layout.add({v.name, v.type, v.offset});
  layout.bytes += slot_bytes(v.type);
}

/// A stretch of arena memory and the lines during which it is in use. Values that share it by working in place are one
/// region.
struct Region {
  std::int64_t bytes = 0;
  int first = -1, last = -1;  ///< first = -1: no line writes it
  std::int64_t offset = 0;
};

class ArenaPlanner {
 public:
  explicit ArenaPlanner(Program& program) : program_(program), region_of_(program.values().size()) {
    std::iota(region_of_.begin(), region_of_.end(), 0);
  }

  void plan() {
    find_lifetimes();
    share_in_place();
    place();
  }

 private:
  void find_lifetimes() {
    const auto& values = program_.values();
    regions_.resize(values.size());
    for (std::size_t id = 0; id < values.size(); ++id)
      if (in_arena(values[id])) regions_[id].bytes = slot_bytes(values[id].type);
    const int lines = static_cast<int>(program_.nodes().size());
    for (int line = 0; line < lines; ++line) {
      const Node& node = program_.nodes()[static_cast<std::size_t>(line)];
      for (int id : node.outputs) touch(id, line);
      for (int id : node.inputs)
        if (id >= 0) touch(id, line);
    }
    const int constant_lines = program_.constant_lines.value_or(0);
    for (int line = 0; line < constant_lines; ++line)
      for (int id : program_.nodes()[static_cast<std::size_t>(line)].outputs)
        if (region(id).last >= constant_lines) region(id).last = lines;
    for (std::size_t id = 0; id < values.size(); ++id)
      if (values[id].kept && region(static_cast<int>(id)).first >= 0) region(static_cast<int>(id)).last = lines;
  }

  void touch(int id, int line) {
    Region& r = region(id);
    if (r.first < 0) r.first = line;
    r.last = std::max(r.last, line);
  }

  int region_index(int id) const {
    int i = program_.root(id);
    while (region_of_[static_cast<std::size_t>(i)] != i) i = region_of_[static_cast<std::size_t>(i)];
    return i;
  }
  Region& region(int id) { return regions_[static_cast<std::size_t>(region_index(id))]; }

  void share_in_place() {
    for (int line = 0; line < static_cast<int>(program_.nodes().size()); ++line) {
      const Node& node = program_.nodes()[static_cast<std::size_t>(line)];
      for (const auto& [o, i] : node.op->in_place()) try_share(node, line, o, i);
    }
  }

  void try_share(const Node& node, int line, int o, int i) {
    const int out = node.outputs[static_cast<std::size_t>(o)];
    const int in = node.inputs[static_cast<std::size_t>(i)];
    if (in < 0 || !in_arena(program_.value(program_.root(in))) || !in_arena(program_.value(out))) return;
    const int to = region_index(in), from = region_index(out);
    if (to == from) return;
    Region& dying = regions_[static_cast<std::size_t>(to)];
    Region& born = regions_[static_cast<std::size_t>(from)];
    if (dying.last != line || born.first != line || dying.bytes != born.bytes) return;
    dying.last = born.last;
    born.bytes = 0;
    region_of_[static_cast<std::size_t>(from)] = to;
  }

  void place() {
    std::vector<Region*> order;
    for (Region& r : regions_)
      if (r.bytes > 0 && r.first >= 0) order.push_back(&r);
    std::stable_sort(order.begin(), order.end(), [](const Region* a, const Region* b) { return a->bytes > b->bytes; });
    ArenaIntervals taken(static_cast<int>(program_.nodes().size()) + 1);
    for (Region* r : order) {
      r->offset = taken.lowest_gap(r->bytes, r->first, r->last);
      taken.take(r->offset, r->bytes, r->first, r->last);
      program_.memory.arena_bytes = std::max(program_.memory.arena_bytes, r->offset + r->bytes);
    }
    for (std::size_t id = 0; id < region_of_.size(); ++id) {
      ValueInfo& v = program_.mutable_values()[id];
      if (!in_arena(v)) continue;
      const Region& r = region(static_cast<int>(id));
      if (r.first < 0) continue;
      v.offset = r.offset;
      program_.memory.unplanned_bytes += slot_bytes(v.type);
    }
  }

  Program& program_;
  std::vector<int> region_of_;
  std::vector<Region> regions_;
};

}  // namespace

std::vector<Extent> trainable_extents(const Program& program) {
  std::vector<Extent> extents;
  std::int64_t at = 0;
  for (const ValueInfo& v : program.values()) {
    if (v.role != Role::parameter || v.is_block || !v.trainable) continue;
    extents.push_back({at / static_cast<std::int64_t>(size_of(v.type.dtype)), v.type.shape.size()});
    at += slot_bytes(v.type);
  }
  return extents;
}

std::int64_t trainable_bytes(const Program& program) {
  std::int64_t bytes = 0;
  for (const ValueInfo& v : program.values())
    if (v.role == Role::parameter && v.trainable) bytes += slot_bytes(v.type);
  return bytes;
}

void plan_blocks(Program& program) {
  std::vector<ValueInfo>& values = program.mutable_values();
  for (bool trainable : {true, false})
    for (ValueInfo& v : values)
      if (v.role == Role::parameter && !v.is_block && v.trainable == trainable) append(program.parameters, v);
  const std::int64_t gradient_bytes = trainable_bytes(program);
  for (ValueInfo& v : values) {
    if (v.is_block) v.offset = 0;
    if (v.role == Role::state) append(program.states, v);
    if (v.role == Role::supplied) append(program.supplied_values, v);
    if (v.role == Role::slot) append(program.slots, v);
    if (v.role == Role::probe) append(program.probes, v);
    if (v.role == Role::parameter_gradient && !v.is_block) {
      const std::string parameter = v.name.substr(0, v.name.rfind("/gradient"));
      v.offset = program.parameters.find(parameter)->offset;
      program.gradients.add({v.name, v.type, v.offset});
      program.gradients.bytes = gradient_bytes;
    }
  }
  MemoryReport& memory = program.memory;
  memory.parameter_bytes = program.parameters.bytes;
  memory.state_bytes = program.states.bytes;
  memory.slot_bytes = program.slots.bytes;
  memory.gradient_bytes = program.gradients.bytes;
}

void plan_arena(Program& program) { ArenaPlanner(program).plan(); }

}  // namespace evenkeel
