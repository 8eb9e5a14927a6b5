#include "evenkeel/program/passes/links.h"

namespace evenkeel::passes {

Links::Links(const Program& program) : producer(program.values().size(), -1), readers(program.values().size(), 0) {
  const std::vector<Node>& nodes = program.nodes();
  for (std::size_t line = 0; line < nodes.size(); ++line) {
    for (int id : nodes[line].inputs)
      if (id >= 0) ++readers[static_cast<std::size_t>(id)];
    for (int id : nodes[line].outputs) producer[static_cast<std::size_t>(id)] = static_cast<int>(line);
  }
}

}  // namespace evenkeel::passes
