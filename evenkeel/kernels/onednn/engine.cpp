#include "evenkeel/kernels/onednn/engine.h"

#include <string>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/error.h"

namespace evenkeel::kernels::onednn {
namespace {

void check(dnnl_status_t status, const char* what) {
  if (status != dnnl_success) throw failed(what, status);
}

dnnl::reorder::primitive_desc reorder_desc(const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  return {engine(), from, engine(), to, attributes()};
}

/// The widest instruction set that oneDNN may use.
dnnl_cpu_isa_t widest(const Machine& machine) {
  if (machine.amx_bf16) return dnnl_cpu_isa_avx512_core_amx;
  if (machine.avx512_bf16) return dnnl_cpu_isa_avx512_core_bf16;
  if (machine.avx512) return dnnl_cpu_isa_avx512_core;
  return machine.avx2 ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_sse41;
}

}  // namespace

void limit_instructions() {
  static const bool done = [] {
    const Machine& machine = Machine::here();
    if (machine.limited) check(dnnl_set_max_cpu_isa(widest(machine)), "EVENKEEL_ISA");
    return true;
  }();
  static_cast<void>(done);
}

Error failed(const std::string& what, dnnl_status_t status) {
  if (status == dnnl_out_of_memory)
    return Error{{.kind = Error::environment,
                  .where = "memory",
                  .received = "the system has not enough of it for oneDNN's " + what}};
  return Error{
      {.kind = Error::internal, .where = "oneDNN", .received = what + " failed with status " + std::to_string(status)}};
}

const dnnl::engine& engine() {
  limit_instructions();
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

Step::Step(const dnnl::primitive& primitive, std::initializer_list<Argument> arguments)
    : primitive_(primitive), stream_(engine()) {
  memories_.reserve(arguments.size());
  for (const Argument& argument : arguments) {
    memories_.push_back({argument.layout, engine(), DNNL_MEMORY_NONE});
    arguments_.push_back({argument.index, memories_.back().get()});
  }
}

void Step::run(std::initializer_list<const void*> addresses) {
  auto memory = memories_.begin();
  for (const void* address : addresses)
    check(dnnl_memory_set_data_handle((memory++)->get(), const_cast<void*>(address)), "an address");
  // The C interface: dnnl.hpp's execute() builds a map for every call.
  check(dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()), arguments_.data()),
        "a primitive");
  check(dnnl_stream_wait(stream_.get()), "a stream");
}

Reorder::Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to)
    : Reorder(from, to, reorder_desc(from, to)) {}

Reorder::Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to,
                 const dnnl::reorder::primitive_desc& desc)
    : scratch_bytes_(desc.scratchpad_desc().get_size()),
      step_(dnnl::reorder(desc),
            {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc()}}) {}

void Reorder::run(const void* from, void* to, std::byte* scratch) { step_.run({from, to, scratch}); }

}  // namespace evenkeel::kernels::onednn
