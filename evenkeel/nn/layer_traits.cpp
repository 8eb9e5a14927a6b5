#include "evenkeel/nn/layer_traits.h"

namespace evenkeel {

LinearTraits::Ends LinearTraits::ends_of(std::int64_t k, const Shape& shape) const {
  const std::int64_t inputs = inputs_of(shape), of_groups = groups_of(inputs);
  const std::int64_t inputs_of_group = inputs / of_groups, outputs_of_group = outputs_of(inputs) / of_groups;
  if (transposed) {
    const std::int64_t input = k % inputs, output = k / inputs % outputs_of_group;
    return {input, input / inputs_of_group * outputs_of_group + output};
  }
  const std::int64_t output = k % outputs_of(inputs), input = k / outputs_of(inputs) % inputs_of_group;
  return {output / outputs_of_group * inputs_of_group + input, output};
}

kernels::Window LinearTraits::over(const Shape& inputs) const {
  Shape images = window_axes == 1 ? Shape{inputs[0], 1, inputs[1], inputs[2]} : inputs;
  if (transposed) images = ops::transposed_over(images, *window, output_padding, outputs);
  kernels::Window seen = ops::window_over(images, *window);
  seen.groups = groups_of(inputs.back());
  return seen;
}

}  // namespace evenkeel
