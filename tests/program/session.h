#pragma once

#include <vector>

#include "evenkeel/program/executor.h"
#include "evenkeel/program/finish.h"
#include "evenkeel/program/program.h"

namespace evenkeel {

/// A program under construction with memory of its own; `go` finishes it at the first call and runs it.
struct Session {
  explicit Session(DType real = DType::float32) : program(real) {}

  Value input(const std::string& name, const Shape& shape, bool wants_gradient = false) {
    const Value x = program.input(name, shape, program.real());
    program.info(x).wants_gradient = wants_gradient;
    return x;
  }
  Value keep(Value value) {
    program.keep(value);
    return value;
  }
  Executor& executor() {
    if (!made) {
      finish(program);
      made = std::make_unique<Executor>(program, store, arena, threads);
    }
    return *made;
  }
  void bind(const std::string& name, const Tensor& value) { executor().bind(name, value); }
  void go() { executor().run(step); }
  std::vector<float> read(const std::string& name) {
    const auto values = executor().read(name).as<float>();
    return {values.begin(), values.end()};
  }

  Program program;
  Store store;
  Arena arena;
  Threads threads{2};
  StepContext step;
  std::unique_ptr<Executor> made;
};

inline Tensor floats(const Shape& shape, const std::vector<float>& values) { return Tensor::of<float>(shape, values); }

inline std::vector<std::string> kinds_of(const Program& program) {
  std::vector<std::string> kinds;
  for (const Node& node : program.nodes()) kinds.emplace_back(node.op->kind());
  return kinds;
}

}  // namespace evenkeel
