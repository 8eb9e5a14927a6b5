#pragma once

#include <memory>
#include <string>

#include "evenkeel/program/program.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// Memory in a BlockLayout, zero at first, read and written by name. Copies share it.
class Block {
 public:
  Block() = default;
  explicit Block(BlockLayout layout);

  const BlockLayout& layout() const { return layout_; }
  std::byte* data() { return buffer_->data(); }
  bool has(const std::string& name) const { return layout_.find(name) != nullptr; }
  /// Throws Error where there is no such tensor.
  TensorView get(const std::string& name) const;
  template <class T>
  std::span<T> values(const std::string& name) {
    const auto view = get(name).as<T>();
    return {const_cast<T*>(view.data()), view.size()};
  }
  /// Throws Error (expected, received) where name, shape or type differ.
  void set(const std::string& name, TensorView value);
  void zero();

 private:
  BlockLayout layout_;
  std::shared_ptr<AlignedBuffer> buffer_ = std::make_shared<AlignedBuffer>();
};

/// The memory that outlives a step and is shared by the programs of one model (other batch sizes, other modes).
/// A block is made by the first program that has it; later ones must lay it out alike.
struct Store {
  Block parameters, state, supplied, slots, gradients, probes;

  /// Throws Error where a block exists and the program lays it out otherwise.
  void fit(const Program& program);
  Block& of(Role role);
  /// The same parameters and state with everything else of its own: for programs that watch a model and leave the rest
  /// of its memory alone.
  Store sharing_weights() const {
    return {.parameters = parameters, .state = state, .supplied = {}, .slots = {}, .gradients = {}, .probes = {}};
  }
};

/// The memory within a step, shared by programs that run one after the other. Grows to the largest.
class Arena {
 public:
  /// `limit`: bytes it may have; 0: what this machine and the control group have left.
  explicit Arena(std::int64_t limit = 0) : limit_(limit) {}
  /// Contents are lost when it grows. Throws Error, before anything is allocated, with the bytes needed and available
  /// where it would grow beyond the limit.
  std::byte* reserve(std::size_t bytes);
  std::byte* data() const { return buffer_.data(); }
  std::size_t size() const { return buffer_.size(); }

 private:
  std::int64_t limit_;
  AlignedBuffer buffer_;
};

}  // namespace evenkeel
