#include "evenkeel/train/run_arrays.h"

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/array_conversion.h"

namespace evenkeel {
namespace {

std::string wanted_arrays(const Model& model) {
  std::vector<std::string> wanted;
  for (const auto& [name, shape] : model.inputs()) wanted.push_back(name + ' ' + to_string_batched(shape));
  return join(wanted);
}

std::string listed(const std::map<std::string, Tensor>& arrays) {
  std::vector<std::string> names;
  for (const auto& [name, array] : arrays) names.push_back(name + ' ' + to_string(array.shape()));
  return names.empty() ? "no arrays" : join(names);
}

/// The name and the array of each input, in the model's order.
std::vector<std::pair<std::string, const Tensor*>> arrays_of_inputs(const Model& model,
                                                                    const std::map<std::string, Tensor>& arrays,
                                                                    const std::string& where) {
  std::vector<std::pair<std::string, const Tensor*>> found;
  for (const Model::Input& input : model.inputs()) {
    auto array = arrays.find(input.name);
    if (array == arrays.end() && model.inputs().size() == 1 && arrays.size() == 1) array = arrays.begin();
    if (array == arrays.end())
      throw Error{{.where = where, .expected = wanted_arrays(model), .received = listed(arrays)}};
    found.emplace_back(array->first, &array->second);
  }
  return found;
}

Batch batch_of(const Model& model, const std::map<std::string, Tensor>& arrays, const std::string& where) {
  const auto found = arrays_of_inputs(model, arrays, where);
  Batch batch;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [name, array] = found[i];
    const Shape& shape = array->shape();
    if (i == 0) batch.size = shape.rank() > 0 ? shape[0] : 0;
    const Shape expected = model.inputs()[i].shape.batched(batch.size);
    if (shape.rank() == 0 || batch.size < 1 || shape != expected)
      throw Error{{.where = where + ": " + name,
                   .expected = i > 0 ? to_string(expected)
                                     : to_string_batched(model.inputs()[i].shape) + " of at least one sample",
                   .received = to_string(shape)}};
    Tensor samples = as_float32(where, name, *array);
    if (i == 0)
      batch.x = std::move(samples);
    else
      batch.more.push_back(std::move(samples));
  }
  return batch;
}

}  // namespace

std::vector<std::pair<std::string, Tensor>> run_arrays(Network& network, const std::map<std::string, Tensor>& arrays,
                                                       Mode mode, const std::string& where) {
  const Model& model = network.model();
  const Batch batch = batch_of(model, arrays, where);
  const auto use = mode == Mode::evaluate ? Network::Use::evaluation : Network::Use::any_mode;
  Network::Runner& runner = network.runner(batch.size, Targets::none, use);
  StepContext context = network.context(mode);
  for (LayerMode& layer : context.modes) layer.update_statistics = false;
  const AveragedWeights averaged(network);
  network.run(runner, batch, context);
  std::vector<std::pair<std::string, Tensor>> outputs;
  const std::vector<int> layers = model.outputs();
  for (std::size_t i = 0; i < layers.size(); ++i)
    outputs.emplace_back(model.name_of(layers[i]),
                         converted(runner.read(runner.compiled.all_outputs[i]), DType::float32));
  return outputs;
}

}  // namespace evenkeel
