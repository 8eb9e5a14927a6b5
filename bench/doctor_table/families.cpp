#include "families.h"

namespace evenkeel::table {
namespace {

using namespace activations;

/// Layers are named by what they are and by `n`: conv_2a, norm_2a, act_2a.
class Family {
 public:
  Family(Model& model, const Recipe& recipe) : model_(model), recipe_(recipe) {}

  void basic() {
    stem(8, relu);
    basic_block("2", 8, 1);
    basic_block("3", 16, 2);
    basic_block("4", 24, 2);
    drop();
    active_conv("last", 32, 1, 1, relu);
    head();
  }

  void inverted(bool squeezes) {
    const ActivationFunction f = squeezes ? silu : relu6;
    stem(8, f);
    inverted_block("2", 8, 1, squeezes);
    inverted_block("3", 12, 2, squeezes);
    inverted_block("4", 12, 1, squeezes);
    drop();
    active_conv("last", 32, 1, 1, f);
    head();
  }

  void concatenated() {
    convolve("1", 12, 3, 2);
    for (const std::string n : {"2", "3", "4"}) appending_layer(n, 6);
    normalize("transition", relu);
    convolve("transition", 16, 1);
    model_.append(AveragePooling2D{.pool_size = 2, .name = "pool"});
    for (const std::string n : {"5", "6", "7"}) appending_layer(n, 6);
    drop();
    normalize("last", relu);
    head();
  }

 private:
  std::string last() const { return model_.name_of(model_.layers() - 1); }

  void convolve(const std::string& n, std::int64_t filters, std::int64_t kernel, std::int64_t stride = 1,
                const std::vector<std::string>& inputs = {}) {
    model_.append(Conv2D{.filters = filters,
                         .kernel_size = kernel,
                         .strides = stride,
                         .padding = Padding(kernel / 2),
                         .use_bias = false,
                         .name = "conv_" + n},
                  inputs);
    channels_ = filters;
  }

  void normalize(const std::string& n, ActivationFunction f = linear) {
    model_.append(BatchNormalization{.momentum = recipe_.momentum, .name = "norm_" + n});
    if (f != linear) model_.append(Activation{.activation = f, .name = "act_" + n});
  }

  void active_conv(const std::string& n, std::int64_t filters, std::int64_t kernel, std::int64_t stride,
                   ActivationFunction f) {
    convolve(n, filters, kernel, stride);
    normalize(n, f);
  }

  void stem(std::int64_t filters, ActivationFunction f) { active_conv("1", filters, 3, 2, f); }

  void drop() {
    if (recipe_.dropout > 0) model_.append(Dropout{.rate = recipe_.dropout, .name = "drop"});
  }

  void head() {
    model_.append(GlobalAveragePooling2D{.name = "average"});
    model_.append(Dense{.units = 10, .name = "head"});
  }

  void basic_block(const std::string& n, std::int64_t filters, std::int64_t stride) {
    std::string shortcut = last();
    active_conv(n + "a", filters, 3, stride, relu);
    active_conv(n + "b", filters, 3, 1, linear);
    const std::string branch = last();
    if (stride > 1) {
      convolve(n + "s", filters, 1, stride, {shortcut});
      normalize(n + "s");
      shortcut = last();
    }
    model_.append(Add{.name = "sum_" + n}, {branch, shortcut});
    model_.append(Activation{.activation = relu, .name = "act_" + n});
  }

  void inverted_block(const std::string& n, std::int64_t filters, std::int64_t stride, bool squeezes) {
    const std::string x = last();
    const std::int64_t inputs = channels_;
    const ActivationFunction f = squeezes ? silu : relu6;
    active_conv(n + "a", 4 * inputs, 1, 1, f);
    model_.append(
        DepthwiseConv2D{.strides = stride, .padding = Padding(1), .use_bias = false, .name = "conv_" + n + "b"});
    normalize(n + "b", f);
    if (squeezes) squeeze(n, inputs);
    active_conv(n + "c", filters, 1, 1, linear);
    if (stride > 1 || filters != inputs) return;
    if (squeezes) model_.append(StochasticDepth{.rate = 0.1, .name = "depth_" + n});
    model_.append(Add{.name = "sum_" + n}, {last(), x});
  }

  void squeeze(const std::string& n, std::int64_t squeezed) {
    const std::string x = last();
    model_.append(GlobalAveragePooling2D{.keepdims = true, .name = "means_" + n});
    model_.append(Conv2D{.filters = squeezed, .kernel_size = 1, .activation = silu, .name = "squeeze_" + n});
    model_.append(Conv2D{.filters = channels_, .kernel_size = 1, .activation = sigmoid, .name = "gate_" + n});
    model_.append(Multiply{.name = "gated_" + n}, {x, last()});
  }

  void appending_layer(const std::string& n, std::int64_t growth) {
    const std::string x = last();
    const std::int64_t inputs = channels_;
    normalize(n + "a", relu);
    active_conv(n + "b", 2 * growth, 1, 1, relu);
    convolve(n + "c", growth, 3);
    model_.append(Concatenate{.name = "joined_" + n}, {x, last()});
    channels_ += inputs;
  }

  Model& model_;
  const Recipe& recipe_;
  std::int64_t channels_ = 0;  ///< of the last layer
};

}  // namespace

bool build_family(Model& model, const Recipe& recipe) {
  Family family(model, recipe);
  if (recipe.architecture == "basic")
    family.basic();
  else if (recipe.architecture == "inverted" || recipe.architecture == "squeezed")
    family.inverted(recipe.architecture == "squeezed");
  else if (recipe.architecture == "concatenated")
    family.concatenated();
  else
    return false;
  return true;
}

}  // namespace evenkeel::table
