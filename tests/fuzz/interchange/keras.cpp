// A config, and the HDF5 file of its weights, or either alone: a file of Keras in whatever it wraps them.
#include <nlohmann/json.hpp>

#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/keras/importer.h"
#include "evenkeel/nn/compile.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;
using interchange::keras::File;

namespace {

/// The datasets that the config's layers ask for, of any shape they like, are found in a tree of a few shapes.
formats::Hdf5File tree() {
  formats::Hdf5File file;
  const auto add = [&](const std::string& path, const Shape& shape) {
    formats::Hdf5Object object{.path = path};
    object.is_dataset = true;
    object.shape = shape;
    object.type = "f4";
    object.numbers = formats::Bytes(static_cast<std::size_t>(shape.size()) * 4);
    file.objects.push_back(std::move(object));
  };
  for (const char* layer : {"batch_normalization", "conv2d", "dense", "depthwise_conv2d", "sequential/layers/dense"})
    for (int i = 0; i < 4; ++i) {
      const std::string path = "layers/" + std::string(layer) + "/vars/" + std::to_string(i);
      if (std::string(layer) == "conv2d" && i == 0)
        add(path, {3, 3, 2, 2});
      else if (std::string(layer).ends_with("dense") && i == 0)
        add(path, {2, 2});
      else
        add(path, {2});
    }
  std::ranges::sort(file.objects, {}, &formats::Hdf5Object::path);
  return file;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Parts parts(data, size);
  const std::uint8_t kind = parts.byte();
  interchange::Imported imported{.file = {.model = Model(Shape{1})}, .weights = {}, .record = {}};
  const bool read = fuzz::accepts([&] {
    if (kind % 4 == 3) {
      formats::Bytes bytes(parts.rest().begin(), parts.rest().end());
      imported = interchange::keras::imported_from(interchange::keras::open_bytes(std::move(bytes), "input"));
      return;
    }
    File file{.where = "input", .is_archive = kind % 2 == 0};
    file.keras_version = kind % 4 == 1 ? "2.15.0" : "3.15.0";
    file.config = formats::parse_json(fuzz::text_of(parts.rest()), "input");
    if (file.config.is_object() && file.config.contains("compile_config"))
      file.training = file.config["compile_config"];
    file.tree = tree();
    imported = interchange::keras::imported_from(file);
  });
  if (!read) return 0;
  // A model that is returned is one that its own file describes, with all its tensors.
  parse_model_file(write_model_file(imported.file), "output");
  for (const WeightInfo& weight : weights_of(imported.file.model)) {
    const Tensor* tensor = imported.weights.find(weight.name);
    fuzz::require(tensor && tensor->shape() == weight.shape);
  }
  return 0;
}
