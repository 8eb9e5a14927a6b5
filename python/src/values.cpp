#include "values.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "evenkeel/base/error.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

std::string class_of(nb::handle value) { return nb::cast<std::string>(nb::str(value.type().attr("__name__"))); }

[[noreturn]] void refuse(nb::handle value, const std::string& where) {
  throw Error{{.where = where,
               .expected = "None, a bool, a number, a text or a list of numbers",
               .received = "an object of type " + class_of(value)}};
}

std::int64_t whole_number(nb::handle value, const std::string& where) {
  const std::int64_t number = PyLong_AsLongLong(value.ptr());
  if (number != -1 || !PyErr_Occurred()) return number;
  PyErr_Clear();
  throw Error{
      {.where = where, .expected = "a whole number of 64 bits", .received = nb::cast<std::string>(nb::str(value))}};
}

FieldValue list_of(nb::handle value, const std::string& where) {
  std::vector<std::int64_t> whole;
  std::vector<double> all;
  bool is_whole = true;
  for (const nb::handle item : value) {
    const FieldValue number = field_value_of(item, where);
    if (const auto* i = std::get_if<std::int64_t>(&number)) {
      whole.push_back(*i);
      all.push_back(static_cast<double>(*i));
    } else if (const auto* d = std::get_if<double>(&number)) {
      is_whole = false;
      all.push_back(*d);
    } else {
      refuse(value, where);
    }
  }
  return is_whole ? FieldValue(whole) : FieldValue(all);
}

nb::dlpack::dtype dlpack_type(DType dtype) {
  using nb::dlpack::dtype_code;
  const auto of = [&](dtype_code code) {
    return nb::dlpack::dtype{static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * size_of(dtype)), 1};
  };
  switch (dtype) {
    case DType::uint8: return of(dtype_code::UInt);
    case DType::int32:
    case DType::int64: return of(dtype_code::Int);
    default: return of(dtype_code::Float);
  }
}

DType dtype_of(const nb::dlpack::dtype& dtype, const std::string& name) {
  for (const DType known : {DType::float32, DType::float64, DType::uint8, DType::int32, DType::int64})
    if (dlpack_type(known) == dtype) return known;
  throw Error{{.where = name,
               .expected = "an array of uint8, int32, int64, float32 or float64",
               .received = "one of another type"}};
}

}  // namespace

FieldValue field_value_of(nb::handle value, const std::string& where) {
  if (value.is_none()) return {};
  if (PyBool_Check(value.ptr())) return value.ptr() == Py_True;
  if (PyLong_Check(value.ptr())) return whole_number(value, where);
  if (PyFloat_Check(value.ptr())) return PyFloat_AsDouble(value.ptr());
  if (PyUnicode_Check(value.ptr())) return nb::cast<std::string>(value);
  if (nb::hasattr(value, "item") && nb::hasattr(value, "ndim") && nb::cast<int>(value.attr("ndim")) == 0)
    return field_value_of(value.attr("item")(), where);
  if (nb::hasattr(value, "__iter__") && nb::hasattr(value, "__len__")) return list_of(value, where);
  refuse(value, where);
}

nb::object object_of(const FieldValue& value) {
  return std::visit(
      []<class T>(const T& v) -> nb::object {
        if constexpr (std::is_same_v<T, std::monostate>)
          return nb::none();
        else if constexpr (std::is_same_v<T, std::vector<std::int64_t>> || std::is_same_v<T, std::vector<double>>)
          return nb::tuple(nb::cast(v));
        else
          return nb::cast(v);
      },
      value);
}

Settings settings_of(const nb::dict& values) {
  Settings settings;
  for (const auto& [key, value] : values) {
    const auto name = nb::cast<std::string>(key);
    if (!value.is_none()) settings.set({.key = name, .value = field_value_of(value, '"' + name + '"')});
  }
  return settings;
}

nb::dict dict_of(const Settings& settings) {
  nb::dict dict;
  for (const Setting& setting : settings.all()) dict[setting.key.c_str()] = object_of(setting.value);
  return dict;
}

Shape shape_of(nb::handle sizes, const std::string& where) {
  const FieldValue value = field_value_of(sizes, where);
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) return Shape(*list);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return Shape{*number};
  throw Error{
      {.where = where, .expected = "the sizes of a sample's axes, such as (28, 28, 1)", .received = to_string(value)}};
}

nb::tuple tuple_of(const Shape& shape) {
  return nb::tuple(nb::cast(std::vector<std::int64_t>(shape.sizes().begin(), shape.sizes().end())));
}

Tensor tensor_of(nb::handle array, const std::string& name) {
  using Borrowed = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
  Borrowed borrowed;
  if (!nb::try_cast(array, borrowed))
    throw Error{{.where = name,
                 .expected = "an array of numbers in the memory of the processor",
                 .received = "an object of type " + class_of(array)}};
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < borrowed.ndim(); ++i) sizes.push_back(static_cast<std::int64_t>(borrowed.shape(i)));
  const TensorView view{static_cast<const std::byte*>(borrowed.data()), Shape(sizes), dtype_of(borrowed.dtype(), name)};
  return Tensor::copy_of(view);
}

nb::object array_over(TensorView view, std::shared_ptr<const void> owner, bool writable) {
  if (view.dtype == DType::bfloat16) return array_of(converted(view, DType::float32));
  std::vector<std::size_t> sizes;
  for (const std::int64_t size : view.shape.sizes()) sizes.push_back(static_cast<std::size_t>(size));
  auto held = std::make_unique<std::shared_ptr<const void>>(std::move(owner));
  const nb::capsule keeper(held.get(), [](void* p) noexcept { delete static_cast<std::shared_ptr<const void>*>(p); });
  static_cast<void>(held.release());
  void* const data = const_cast<std::byte*>(view.data);
  if (writable)
    return nb::cast(nb::ndarray<nb::numpy>(data, sizes.size(), sizes.data(), keeper, nullptr, dlpack_type(view.dtype)));
  return nb::cast(
      nb::ndarray<nb::numpy, nb::ro>(data, sizes.size(), sizes.data(), keeper, nullptr, dlpack_type(view.dtype)));
}

nb::object array_of(Tensor tensor) {
  const auto owner = std::make_shared<Tensor>(std::move(tensor));
  return array_over(owner->view(), owner, true);
}

}  // namespace evenkeel::python
