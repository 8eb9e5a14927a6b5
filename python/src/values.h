#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

#include "evenkeel/config/settings.h"
#include "evenkeel/tensor/tensor.h"

// Values between Python and the library.

namespace evenkeel::python {

/// None, bool, int, float, str, and lists of numbers; NumPy's scalars as well. Throws Error, with `where`, for others.
FieldValue field_value_of(nanobind::handle value, const std::string& where);
nanobind::object object_of(const FieldValue& value);

/// Keyword arguments, in their order; those that are None are left out.
Settings settings_of(const nanobind::dict& values);
nanobind::dict dict_of(const Settings& settings);

Shape shape_of(nanobind::handle sizes, const std::string& where);
nanobind::tuple tuple_of(const Shape& shape);

/// The elements of a C-contiguous NumPy array, of a type that the library has, as a tensor. `name` is for errors.
Tensor tensor_of(nanobind::handle array, const std::string& name);
/// A NumPy array over elements that `owner` keeps alive. bfloat16 becomes float32, in memory of its own.
nanobind::object array_over(TensorView view, std::shared_ptr<const void> owner, bool writable);
/// A NumPy array that owns the tensor's elements.
nanobind::object array_of(Tensor tensor);

}  // namespace evenkeel::python
