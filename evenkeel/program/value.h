#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/tensor/tensor_type.h"

namespace evenkeel {

class Program;

/// The purpose of a value, which decides where its memory is. Inputs are in the caller's memory. Parameters, their
/// gradients, state, statistics that the caller supplies, optimizer slots and probes are in one block each (Store).
/// Everything else is in the arena.
enum class Role { input, parameter, parameter_gradient, state, supplied, slot, probe, activation, gradient };

std::string_view name_of(Role role);

/// A value of a program by its number; cheap to copy. A default-constructed Value stands for an absent optional
/// operand.
class Value {
 public:
  Value() = default;
  Value(Program* program, int id) : program_(program), id_(id) {}

  explicit operator bool() const { return program_ != nullptr; }
  int id() const { return id_; }
  Program& program() const { return *program_; }
  // These return copies, because emitting an op may move the program's ValueInfos.
  Shape shape() const;
  TensorType type() const;
  std::string name() const;
  bool operator==(const Value&) const = default;

 private:
  Program* program_ = nullptr;
  int id_ = -1;
};

/// What a program stores about a value.
struct ValueInfo {
  std::string name;  ///< unique: "conv2d/kernel", "dense/output", "dense/output/gradient"
  TensorType type;
  Role role = Role::activation;
  bool trainable = false;  ///< of parameters: in the gradient block and the update
  bool wants_gradient = false;
  bool is_block = false;     ///< stands for all trainable parameters, or all their gradients
  bool kept = false;         ///< readable after a run: its memory is not reused
  int view_of = -1;          ///< shares the memory of that value (a reshape), which is no view itself
  std::int64_t offset = -1;  ///< bytes into its block or arena, once planned
};

}  // namespace evenkeel
