#include "tests/support/memory_check.h"

#include <algorithm>

namespace evenkeel {
namespace {

struct Life {
  int value = -1;
  int born = -1, dead = -1;  ///< first and last line that touches it or a view of it
  std::int64_t begin = 0, end = 0;
};

std::vector<Life> lives_of(const Program& program) {
  std::vector<Life> lives(program.values().size());
  const int lines = static_cast<int>(program.nodes().size());
  for (int line = 0; line < lines; ++line) {
    const Node& node = program.nodes()[static_cast<std::size_t>(line)];
    for (const std::vector<int>* ids : {&node.inputs, &node.outputs})
      for (const int id : *ids) {
        if (id < 0) continue;
        Life& life = lives[static_cast<std::size_t>(program.root(id))];
        if (life.born < 0) life.born = line;
        life.dead = line;
      }
  }
  for (std::size_t id = 0; id < lives.size(); ++id) {
    const ValueInfo& v = program.value(static_cast<int>(id));
    lives[id].value = static_cast<int>(id);
    lives[id].begin = v.offset;
    lives[id].end = v.offset + static_cast<std::int64_t>(v.type.bytes());
    if (v.kept) lives[static_cast<std::size_t>(program.root(static_cast<int>(id)))].dead = lines;
  }
  std::erase_if(lives, [&](const Life& life) {
    const ValueInfo& v = program.value(life.value);
    const bool in_arena = v.role == Role::activation || v.role == Role::gradient;
    return !in_arena || v.view_of >= 0 || life.born < 0;
  });
  return lives;
}

bool takes_over(const Program& program, const Life& from, const Life& to) {
  if (from.dead != to.born || from.begin != to.begin || from.end != to.end) return false;
  const Node& node = program.nodes()[static_cast<std::size_t>(to.born)];
  return std::ranges::any_of(node.op->in_place(), [&](const auto& pair) {
    const int in = node.inputs[static_cast<std::size_t>(pair.second)];
    return node.outputs[static_cast<std::size_t>(pair.first)] == to.value && in >= 0 && program.root(in) == from.value;
  });
}

}  // namespace

testing::AssertionResult memory_is_sound(const Program& program) {
  const std::vector<Life> lives = lives_of(program);
  for (const Life& a : lives) {
    const std::string& name = program.value(a.value).name;
    if (a.begin < 0 || a.begin % static_cast<std::int64_t>(kAlignment) != 0 || a.end > program.memory.arena_bytes)
      return testing::AssertionFailure() << name << " lies at " << a.begin << " to " << a.end;
    for (const Life& b : lives) {
      const bool in_memory = a.begin < b.end && b.begin < a.end, in_time = a.born <= b.dead && b.born <= a.dead;
      if (a.value == b.value || !in_memory || !in_time) continue;
      if (!takes_over(program, a, b) && !takes_over(program, b, a))
        return testing::AssertionFailure() << name << " and " << program.value(b.value).name << " share memory";
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace evenkeel
