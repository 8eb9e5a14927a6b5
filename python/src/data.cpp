#include "data.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>

#include "evenkeel/data/array_dataset.h"
#include "evenkeel/data/class_names.h"
#include "evenkeel/data/sources.h"
#include "network_model.h"
#include "values.h"
#include "work.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

/// How arrays are read for a model, which may be absent. Notes are collected.
ArrayOptions array_options(NetworkModel* model, const std::string& labels, bool channels_first,
                           std::vector<std::string>& notes) {
  ArrayOptions options{.channels_first = channels_first,
                       .labels = label_mapping_named(labels),
                       .note = [&notes](const std::string& text) { notes.push_back(text); }};
  if (!model) return options;
  options.inputs = arrays_for(model->model());
  options.output = output_for(model->model());
  options.channels_first |= model->read_as().channels_first;
  for (ArrayOptions::Input& input : options.inputs) input.or_channels_first = model->read_as().or_channels_first;
  return options;
}

/// In the classes of the model's weights, by their names.
Dataset in_classes_of(NetworkModel* model, Dataset data) {
  if (!model || model->class_names().empty() || !data.has_labels()) return data;
  return with_classes(data, model->class_names(), "the weights");
}

using Loaded = std::pair<Dataset, std::vector<std::string>>;

nb::tuple with_notes(Loaded loaded) {
  return nb::make_tuple(nb::cast(std::move(loaded.first)), nb::cast(std::move(loaded.second)));
}

/// `y`: an array of numbers, a pair of a list of texts and a shape, or None.
nb::tuple from_arrays(const std::string& name, const nb::list& x, const nb::object& y, NetworkModel* model,
                      const std::string& labels, bool channels_first) {
  std::vector<Tensor> samples;
  for (const nb::handle array : x) samples.push_back(tensor_of(array, name + ": x"));
  std::variant<std::monostate, Tensor, formats::TextArray> targets;
  if (nb::isinstance<nb::tuple>(y))
    targets = formats::TextArray{nb::cast<std::vector<std::string>>(y[0]), shape_of(y[1], name + ": y")};
  else if (!y.is_none())
    targets = tensor_of(y, name + ": y");
  Loaded loaded;
  Work::run(nullptr, [&](Work&) {
    const ArrayOptions options = array_options(model, labels, channels_first, loaded.second);
    loaded.first = in_classes_of(model, dataset_of(name, std::move(samples), std::move(targets), options));
  });
  return with_notes(std::move(loaded));
}

nb::tuple load(const std::string& spec, bool for_training, NetworkModel* model, const std::string& data_dir,
               const std::string& labels, bool channels_first, bool resize) {
  Loaded loaded;
  Work::run(nullptr, [&](Work&) {
    const ArrayOptions arrays = array_options(model, labels, channels_first, loaded.second);
    ImageOptions images = model ? images_for(model->model()) : ImageOptions();
    images.resize = resize;
    if (model && model->read_as().image_dtype) images.dtype = *model->read_as().image_dtype;
    const Split split = for_training ? Split::train : Split::test;
    loaded.first = in_classes_of(model, load_dataset(spec, split, data_dir, images, arrays));
  });
  return with_notes(std::move(loaded));
}

nb::object view_of(const Dataset& data, TensorView view) {
  if (!view.data || !data.size()) return nb::none();
  return array_over(view, std::make_shared<Dataset>(data), false);
}

}  // namespace

void bind_data(nb::module_& m) {
  nb::class_<Dataset>(m, "Dataset", "Samples in memory, with their labels or targets.")
      .def_static("from_arrays", &from_arrays, nb::arg("name"), nb::arg("x"), nb::arg("y").none(),
                  nb::arg("model").none(), nb::arg("labels"), nb::arg("channels_first"))
      .def_static("load", &load, nb::arg("spec"), nb::arg("for_training"), nb::arg("model").none(), nb::arg("data_dir"),
                  nb::arg("labels"), nb::arg("channels_first"), nb::arg("resize"))
      .def_prop_ro("name", &Dataset::name)
      .def("__len__", &Dataset::size)
      .def_prop_ro("sample_shape", [](const Dataset& d) { return tuple_of(d.sample_shape()); })
      .def_prop_ro(
          "x", [](const Dataset& d) { return view_of(d, d.x()); }, "The samples [N, ...]: a view, read-only.")
      .def_prop_ro(
          "y", [](const Dataset& d) { return d.has_targets() ? view_of(d, d.y()) : nb::none(); },
          "Labels [N] or targets [N, K]: a view, read-only; None without.")
      .def_prop_ro("classes", &Dataset::classes, "The number of classes, or of targets of a sample.")
      .def_prop_ro("class_names", &Dataset::class_names)
      .def_prop_ro("fingerprint", &Dataset::fingerprint)
      .def(
          "range", [](const Dataset& d, std::int64_t begin, std::int64_t end) { return d.range(begin, end); },
          nb::arg("begin"), nb::arg("end"), "Samples [begin, end), not copied; negative numbers count from the end.");
}

}  // namespace evenkeel::python
