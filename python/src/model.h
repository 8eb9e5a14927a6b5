#pragma once

#include <nanobind/nanobind.h>

namespace evenkeel::python {

void bind_model(nanobind::module_& m);

}  // namespace evenkeel::python
