#pragma once

#include <nanobind/nanobind.h>

namespace evenkeel::python {

/// Layers, optimizers, losses and the keys of training, as their own descriptions have them: Python makes its classes
/// and docstrings of that.
void bind_layers(nanobind::module_& m);

}  // namespace evenkeel::python
