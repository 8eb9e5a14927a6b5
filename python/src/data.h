#pragma once

#include <nanobind/nanobind.h>

#include "evenkeel/data/dataset.h"

namespace evenkeel::python {

void bind_data(nanobind::module_& m);

}  // namespace evenkeel::python
