#include "evenkeel/nn/tensor_role.h"

namespace evenkeel {

TensorRole role_of(const Layer& layer, const std::string& tensor) {
  const LayerTraits traits = layer.traits();
  const auto is = [&](const std::string& name) { return !name.empty() && tensor == layer.name() + '/' + name; };
  if (is(traits.scale)) return TensorRole::scale;
  if (is(traits.shift)) return TensorRole::shift;
  if (is(traits.slope)) return TensorRole::slope;
  if (const auto& linear = traits.linear) {
    if (is(linear->kernel) || is(linear->first_kernel)) return TensorRole::kernel;
    if (is(linear->bias)) return TensorRole::bias;
  }
  if (const auto& normalization = traits.normalization; normalization && normalization->moving) {
    if (is(normalization->moving->mean)) return TensorRole::moving_mean;
    if (is(normalization->moving->variance)) return TensorRole::moving_variance;
    if (is(normalization->moving->batches)) return TensorRole::batches;
  }
  return TensorRole::other;
}

TensorRole role_of(const Model& model, const std::string& tensor) {
  const int layer = model.find(tensor.substr(0, tensor.rfind('/')));
  return layer < 0 ? TensorRole::other : role_of(model.nodes()[static_cast<std::size_t>(layer)].layer, tensor);
}

bool is_statistic(const Model& model, const std::string& tensor) {
  const TensorRole role = role_of(model, tensor);
  return role == TensorRole::moving_mean || role == TensorRole::moving_variance;
}

}  // namespace evenkeel
