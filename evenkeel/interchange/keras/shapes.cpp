#include "evenkeel/interchange/keras/shapes.h"

namespace evenkeel::interchange::keras {

void Shapes::add_input(const std::string& name, const Shape& sample) {
  const Value value = program_.input(name, sample.batched(1), program_.real());
  values_.insert_or_assign(name, value);
  shapes_.insert_or_assign(name, value.shape());
}

std::vector<WeightInfo> Shapes::add(const Layer& layer, const std::vector<std::string>& inputs) {
  std::vector<Value> read;
  for (const std::string& input : inputs) read.push_back(values_.at(input));
  program_.set_label(layer.name());
  const auto index = static_cast<int>(values_.size());
  const std::size_t before = weights_.size();
  LayerBuilder builder(program_, layer.name(), index, layer.trainable(), weights_);
  Value made;
  try {
    made = layer.build(builder, read);
  } catch (const Error& error) {
    const std::string where = "layer \"" + layer.name() + '"';
    if (error.parts().where.starts_with(where)) throw;
    throw error.inside(where);
  }
  values_.insert_or_assign(layer.name(), made);
  shapes_.insert_or_assign(layer.name(), made.shape());
  return {weights_.begin() + static_cast<std::ptrdiff_t>(before), weights_.end()};
}

}  // namespace evenkeel::interchange::keras
