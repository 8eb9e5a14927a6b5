#include "evenkeel/program/store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/memory.h"
#include "evenkeel/base/text.h"

namespace evenkeel {

Block::Block(BlockLayout layout)
    : layout_(std::move(layout)), buffer_(std::make_shared<AlignedBuffer>(static_cast<std::size_t>(layout_.bytes))) {
  zero();
}

TensorView Block::get(const std::string& name) const {
  const BlockLayout::Entry* entry = layout_.find(name);
  if (!entry) throw Error{{.where = "weights", .received = "no tensor is named \"" + name + '"'}};
  return {buffer_->data() + entry->offset, entry->type.shape, entry->type.dtype};
}

void Block::set(const std::string& name, TensorView value) {
  const TensorView own = get(name);
  if (own.shape != value.shape || own.dtype != value.dtype)
    throw Error{{.where = "tensor \"" + name + '"',
                 .expected = std::string(name_of(own.dtype)) + ' ' + to_string(own.shape),
                 .received = std::string(name_of(value.dtype)) + ' ' + to_string(value.shape)}};
  if (own.bytes() > 0) std::memcpy(const_cast<std::byte*>(own.data), value.data, own.bytes());
}

void Block::zero() {
  if (buffer_->size() > 0) std::memset(buffer_->data(), 0, buffer_->size());
}

namespace {

/// For the code that oneDNN writes in the first run. Where it gets no memory for that, it ends the process.
constexpr std::int64_t kForLibraries = std::int64_t{32} << 20;

/// Throws Error unless so many bytes are available.
void check_available(std::int64_t needed, std::int64_t available, const char* where, const char* hint) {
  if (needed > available)
    throw Error{{.kind = Error::environment,
                 .where = where,
                 .expected = "at most the " + with_commas(available) + " bytes that are available",
                 .received = with_commas(needed) + " bytes needed",
                 .hint = hint}};
}

void fit_block(Block& block, const BlockLayout& layout, const char* what) {
  if (layout.entries.empty()) return;
  if (block.layout().entries.empty())
    block = Block(layout);
  else if (!(block.layout() == layout))
    throw Error{
        {.where = std::string(what) + " of a program",
         .expected = "the layout of the programs before it",
         .received = "another one",
         .hint = "Programs that share memory must come from one model with one optimizer and the same probes."}};
}

}  // namespace

void Store::fit(const Program& program) {
  // The blocks are allocated one after the other, so their sum is checked.
  std::int64_t needed = 0;
  for (const auto& [block, layout] : {std::pair(&parameters, &program.parameters), std::pair(&state, &program.states),
                                      std::pair(&supplied, &program.supplied_values), std::pair(&slots, &program.slots),
                                      std::pair(&gradients, &program.gradients), std::pair(&probes, &program.probes)})
    if (block->layout().entries.empty()) needed += layout->bytes;
  if (needed > 0)
    check_available(needed, available_memory(), "memory for the model and its training", "Choose smaller layers.");
  fit_block(parameters, program.parameters, "parameters");
  fit_block(state, program.states, "state");
  fit_block(supplied, program.supplied_values, "supplied statistics");
  fit_block(slots, program.slots, "optimizer slots");
  fit_block(gradients, program.gradients, "gradients");
  fit_block(probes, program.probes, "probes");
}

Block& Store::of(Role role) {
  switch (role) {
    case Role::parameter_gradient: return gradients;
    case Role::state: return state;
    case Role::supplied: return supplied;
    case Role::slot: return slots;
    case Role::probe: return probes;
    default: return parameters;
  }
}

std::byte* Arena::reserve(std::size_t bytes) {
  if (bytes <= buffer_.size()) return buffer_.data();
  const std::int64_t held = static_cast<std::int64_t>(buffer_.size()), needed = static_cast<std::int64_t>(bytes);
  const std::int64_t available =
      limit_ > 0 ? limit_ : std::max<std::int64_t>(0, available_memory() + held - kForLibraries);
  check_available(needed, available, "memory of a step", "Choose a smaller batch.");
  user_ = nullptr;
  buffer_ = AlignedBuffer();  // freed before the new one is allocated, so that both need not fit
  buffer_ = AlignedBuffer(bytes);
  return buffer_.data();
}

}  // namespace evenkeel
