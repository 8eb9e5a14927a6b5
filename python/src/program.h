#pragma once

#include <nanobind/nanobind.h>

namespace evenkeel::python {

/// The program evenkeel as a function, and what this machine is.
void bind_program(nanobind::module_& m);

}  // namespace evenkeel::python
