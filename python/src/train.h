#pragma once

#include <nanobind/nanobind.h>

#include "evenkeel/data/dataset.h"
#include "network_model.h"

namespace evenkeel::python {

void bind_train(nanobind::module_& m);

/// The model's settings with those of `values` over them. Without a loss, that which outputs and targets imply; where
/// there are no targets, none.
Settings settings_for(const NetworkModel& model, const nanobind::dict& values, const Dataset& data);

/// Throws Error if the data have no targets, which a loss needs.
void require_targets(const Dataset& data);

/// Of a network that is not trained.
NetworkOptions options_of(const NetworkModel& model, const Settings& settings, int threads);

}  // namespace evenkeel::python
