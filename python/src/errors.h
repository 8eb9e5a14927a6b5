#pragma once

#include <nanobind/nanobind.h>

namespace evenkeel::python {

/// Errors of the library become the exceptions of evenkeel_nn._errors, by their kind.
void bind_errors(nanobind::module_& m);

}  // namespace evenkeel::python
