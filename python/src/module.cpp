#include <nanobind/nanobind.h>

#include "data.h"
#include "errors.h"
#include "layers.h"
#include "live.h"
#include "model.h"
#include "program.h"
#include "report.h"
#include "studies.h"
#include "train.h"

// The library for evenkeel_nn, which gives it the form that users see. Every topic is a file.
NB_MODULE(_native, m) {
  using namespace evenkeel::python;
  nanobind::set_leak_warnings(false);  // a notebook may end while a worker holds an array
  bind_errors(m);
  bind_layers(m);
  bind_data(m);
  bind_model(m);
  bind_train(m);
  bind_diagnose(m);
  bind_live(m);
  bind_studies(m);
  bind_program(m);
}
