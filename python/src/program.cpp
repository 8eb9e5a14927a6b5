#include "program.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "apps/evenkeel/program.h"
#include "evenkeel/base/cpu.h"
#include "evenkeel/base/version.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

/// The program evenkeel; returns its exit code. It takes the signals itself.
int program(std::vector<std::string> arguments) {
  std::vector<char*> line;
  for (std::string& argument : arguments) line.push_back(argument.data());
  line.push_back(nullptr);
  const nb::gil_scoped_release released;
  return app::run_program(line.data());
}

}  // namespace

void bind_program(nb::module_& m) {
  m.attr("version") = kVersion;
  m.def("program", &program, nb::arg("arguments"));
  m.def("has_avx2", [] { return Machine::here().avx2; });
  m.def("machine", [] { return Machine::here().cpu + " (" + Machine::here().features() + ')'; });
}

}  // namespace evenkeel::python
