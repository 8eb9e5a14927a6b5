#pragma once

#include <cstddef>
#include <initializer_list>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/threads.h"

// oneDNN, as much of it as the kernels need. Debian 12's 2.6 and 3.x both build: what differs between them is in
// primitives.h. oneDNN's own exceptions (dnnl::error) do not leave this folder.

namespace evenkeel::kernels::onednn {

/// Limits oneDNN to the instruction sets of Machine::here(). It must be called before the first use of oneDNN, which
/// engine() does; later calls cost nothing.
void limit_instructions();

/// The processor's engine, one for the process.
const dnnl::engine& engine();

/// Attributes that make oneDNN use the caller's scratch memory.
dnnl::primitive_attr attributes();

/// The error of an unexpected failure in oneDNN: environment if it had no memory, else internal.
Error failed(const std::string& what, dnnl_status_t status);

/// What `prepare` returns, or nothing if oneDNN reports that it cannot serve such a shape.
template <class Prepare>
auto if_served(const Threads& threads, Prepare prepare) -> std::optional<decltype(prepare())> {
  threads.bind();
  try {
    return prepare();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments) return std::nullopt;
    throw failed(error.what(), error.status);
  }
}

/// A primitive with the layouts of its arguments, which can be run any number of times. run() allocates nothing outside
/// oneDNN. It is not re-entrant, because the addresses are stored in the object.
class Step {
 public:
  struct Argument {
    int index;  ///< DNNL_ARG_...
    dnnl::memory::desc layout;
  };
  Step(const dnnl::primitive& primitive, std::initializer_list<Argument> arguments);

  /// Runs it to the end with these addresses, in the order of the arguments.
  void run(std::initializer_list<const void*> addresses);

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

/// A step that copies from one layout into another, which may have padding.
class Reorder {
 public:
  Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to);
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  void run(const void* from, void* to, std::byte* scratch);

 private:
  Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to, const dnnl::reorder::primitive_desc& desc);

  std::size_t scratch_bytes_ = 0;
  Step step_;
};

}  // namespace evenkeel::kernels::onednn
