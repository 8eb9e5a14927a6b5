#include "expected_outputs.h"

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/interchange/ports.h"
#include "evenkeel/nn/compile.h"

namespace evenkeel::app {

Tensor expected_outputs(const std::string& file, const Model& model, const std::optional<interchange::Record>& record) {
  const auto arrays = formats::read_npz(file);
  const std::string& layer = model.name_of(model.output());
  std::vector<std::string> names = {"outputs", "scores", layer};
  if (record)
    for (const interchange::PortRecord& port : record->outputs)
      if (port.name == layer && port.foreign != layer) names.push_back(port.foreign);
  auto found = arrays.end();
  for (const std::string& name : names)
    if (found == arrays.end()) found = arrays.find(name);
  if (found == arrays.end() && arrays.size() == 1 && arrays.begin()->first != "x" && arrays.begin()->first != "y")
    found = arrays.begin();
  if (found == arrays.end())
    throw Error{{.where = file,
                 .expected = "an array [N, K] under one of the names " + join(names),
                 .received = "none of them"}};
  const Tensor& theirs = found->second;
  if (!record || theirs.shape().rank() < 2) return theirs.clone();
  const auto output = static_cast<std::size_t>(model.output());
  const Shape ours = compile(model, {.batch_size = 1}).layer_outputs.at(output);
  Tensor result = interchange::output_of_ours(*record, layer, theirs, ours);
  if (result.shape().rank() == 2) return result;
  const std::int64_t samples = result.shape()[0];
  return Tensor::copy_of(result.view().reshaped({samples, result.shape().size() / std::max<std::int64_t>(samples, 1)}));
}

}  // namespace evenkeel::app
