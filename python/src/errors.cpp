#include "errors.h"

#include <nanobind/stl/string.h>

#include <new>
#include <system_error>

#include "evenkeel/base/error.h"
#include "work.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

const char* class_of(Error::Kind kind) {
  switch (kind) {
    case Error::environment: return "ResourceError";
    case Error::unsupported: return "UnsupportedError";
    case Error::internal: return "InternalError";
    default: return "InputError";
  }
}

void raise(const Error& error) {
  const Error::Parts& parts = error.parts();
  const nb::object type = nb::module_::import_("evenkeel_nn._errors").attr(class_of(error.kind()));
  const nb::object exception = type(error.what(), parts.where, parts.expected, parts.received, parts.hint);
  PyErr_SetObject(type.ptr(), exception.ptr());
}

void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    raise(error);
  } catch (const std::bad_alloc& error) {
    raise(as_error(error));
  } catch (const std::system_error& error) {
    raise(as_error(error));
  } catch (const Interrupted&) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
  }
}

}  // namespace

void bind_errors(nb::module_&) { nb::register_exception_translator(translate); }

}  // namespace evenkeel::python
