#pragma once

#include <memory>
#include <string>

#include "evenkeel/program/program.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// Memory with a BlockLayout, zero at first, read and written by name. Copies share the memory.
class Block {
 public:
  Block() = default;
  explicit Block(BlockLayout layout);

  const BlockLayout& layout() const { return layout_; }
  std::byte* data() { return buffer_->data(); }
  bool has(const std::string& name) const { return layout_.find(name) != nullptr; }
  /// A tensor by name. Throws Error if there is none.
  TensorView get(const std::string& name) const;
  template <class T>
  std::span<T> values(const std::string& name) {
    const auto view = get(name).as<T>();
    return {const_cast<T*>(view.data()), view.size()};
  }
  /// Copies a value into a tensor. Throws Error (expected, received) if name, shape or type differ.
  void set(const std::string& name, TensorView value);
  void zero();

 private:
  BlockLayout layout_;
  std::shared_ptr<AlignedBuffer> buffer_ = std::make_shared<AlignedBuffer>();
};

/// The memory that outlives a step. The programs of one model (for other batch sizes or purposes) share it. The first
/// program that has a block makes it; later ones must have the same layout.
struct Store {
  Block parameters, state, supplied, slots, gradients, probes;

  /// Makes the program's blocks. Throws Error if a block exists with another layout.
  void fit(const Program& program);
  Block& of(Role role);
  /// A store with the same parameters and state, and everything else of its own: for programs that watch a model.
  Store sharing_weights() const {
    return {.parameters = parameters, .state = state, .supplied = {}, .slots = {}, .gradients = {}, .probes = {}};
  }
};

/// The memory that is used within a step. Programs that run one after the other share it; it has the size of the
/// largest.
class Arena {
 public:
  /// `limit`: the most bytes it may have; 0: what the machine and the control group have left.
  explicit Arena(std::int64_t limit = 0) : limit_(limit) {}
  /// Contents are lost when it grows. If it would grow beyond the limit, throws Error with the bytes needed and
  /// available, before anything is allocated.
  std::byte* reserve(std::size_t bytes);
  std::byte* data() const { return buffer_.data(); }
  std::size_t size() const { return buffer_.size(); }
  /// Who wrote to it last. An executor whose values are to last for several runs asks whether that was itself.
  const void* user() const { return user_; }
  void set_user(const void* user) { user_ = user; }

 private:
  const void* user_ = nullptr;
  std::int64_t limit_;
  AlignedBuffer buffer_;
};

}  // namespace evenkeel
