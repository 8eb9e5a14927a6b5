#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/methods.h"
#include "evenkeel/train/evaluate.h"
#include "tests/diagnose/helpers.h"

// What each method does to a network, without training and scores around it.

namespace evenkeel {
using namespace activations;

inline constexpr double kEqual = 1e-5;  ///< relative difference of outputs (L2) that an exact repair may make

/// Every tensor made of other numbers than a new network has: gamma and statistics that do something.
inline std::unique_ptr<Network> trained(const Model& model) {
  auto network = std::make_unique<Network>(model, NetworkOptions{.seed = 5, .compute = {.threads = 1}});
  RandomStream stream({.seed = 9, .purpose = Purpose::study});
  for (const WeightInfo& weight : network->weights()) {
    if (weight.name.ends_with("/kernel")) continue;
    const bool positive = weight.name.ends_with("variance") || weight.name.ends_with("gamma");
    change(*network, weight.name, [&](auto values) {
      for (float& v : values) v = static_cast<float>(positive ? 0.5 + 2 * stream.uniform() : stream.normal());
    });
  }
  return network;
}

inline Tensor outputs_of(Network& network, const Dataset& data) { return predict(network, data).outputs; }

inline double difference(const Tensor& a, const Tensor& b) {
  double square = 0, size = 0;
  const auto x = a.as<float>(), y = b.as<float>();
  EXPECT_EQ(x.size(), y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    square += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    size += std::pow(static_cast<double>(x[i]), 2);
  }
  return std::sqrt(square / size);
}

/// A network, and what a method made of it.
struct Mended {
  Mended(Network& network, const std::string& method, std::int64_t samples = 40)
      : data(normal_data(samples, network.model().input_shape(), 0.5, 2)), draft(network) {
    log = methods_named(method).front()->apply(draft, {data, network.options()});
    after = draft.network(network.options());
  }
  Dataset data;
  Draft draft;
  RepairLog log;
  std::unique_ptr<Network> after;
};

/// Layers of the type that are left.
template <class T>
int count(const Model& model) {
  int n = 0;
  for (const Model::Node& node : model.nodes()) n += node.layer.as<T>() != nullptr;
  return n;
}

inline void expect_same_outputs(const Model& model, const std::string& method) {
  SCOPED_TRACE(model.name());
  const auto network = trained(model);
  const Mended mended(*network, method);
  EXPECT_LT(difference(outputs_of(*network, mended.data), outputs_of(*mended.after, mended.data)), kEqual);
}

inline Sequential chain(const std::string& name, const Shape& input = {8, 7, 3}) { return Sequential(input, name); }

/// Sets one element.
inline void spoil(Network& network, const std::string& tensor, std::size_t at, float value = NAN) {
  change(network, tensor, [&](auto values) { values[at] = value; });
}

/// Normalizations behind Conv2D and Dense: same and valid padding, strides, with and without bias.
inline std::vector<Model> foldable_before() {
  Sequential same = chain("same"), strided = chain("strided"), dense = chain("dense", {11});
  same.add(Conv2D{.filters = 5, .padding = Padding::same, .use_bias = false}, BatchNormalization{}, Activation{elu},
           MaxPooling2D{}, Conv2D{.filters = 4, .padding = Padding::same}, BatchNormalization{.scale = false},
           Activation{relu}, Flatten{}, Dense{.units = 2});
  strided.add(Conv2D{.filters = 5, .kernel_size = {3, 2}, .strides = 2, .padding = Padding::same},
              BatchNormalization{.epsilon = 1e-5, .center = false}, Activation{relu},
              Conv2D{.filters = 3, .kernel_size = 2, .strides = {1, 2}}, BatchNormalization{}, Flatten{},
              Dense{.units = 2});
  dense.add(Dense{.units = 6}, BatchNormalization{}, Activation{relu}, Dense{.units = 5, .use_bias = false},
            BatchNormalizationFromParts{}, Activation{elu}, Dense{.units = 2}, BatchNormalization{});
  Sequential grouped = chain("grouped"), sequence = chain("sequence", {9, 4});
  grouped.add(DepthwiseConv2D{.padding = 1, .use_bias = false}, BatchNormalization{}, Activation{relu},
              Conv2D{.filters = 6, .dilation_rate = 2, .groups = 3}, BatchNormalization{}, Activation{elu},
              Conv2DTranspose{.filters = 4, .strides = 2, .padding = Padding::same, .groups = 2},
              BatchNormalization{.scale = false}, Activation{relu},
              SeparableConv2D{.filters = 3, .depth_multiplier = 2}, BatchNormalization{}, Flatten{}, Dense{.units = 2});
  sequence.add(Conv1D{.filters = 6, .padding = 1}, BatchNormalization{}, Activation{relu},
               Conv1D{.filters = 4, .kernel_size = 2, .groups = 2}, BatchNormalization{}, Flatten{}, Dense{.units = 2});
  return {same, strided, dense, grouped, sequence};
}

/// Normalizations in front of those that do not pad.
inline std::vector<Model> foldable_behind() {
  Sequential valid = chain("valid"), flat = chain("flat"), first = chain("first", {9}), point = chain("point");
  valid.add(BatchNormalization{}, Conv2D{.filters = 5, .strides = 2, .activation = relu, .use_bias = false},
            BatchNormalization{}, Conv2D{.filters = 4, .kernel_size = 2}, Flatten{}, Dense{.units = 2});
  flat.add(Conv2D{.filters = 5, .activation = elu}, BatchNormalization{}, Flatten{},
           Dense{.units = 7, .activation = relu}, BatchNormalization{.scale = false},
           Dense{.units = 2, .use_bias = false});
  first.add(BatchNormalization{.center = false}, Dense{.units = 4, .activation = ActivationFunction::tanh},
            BatchNormalization{}, Dense{.units = 2});
  point.add(BatchNormalization{}, Conv2D{.filters = 4, .kernel_size = 1, .padding = Padding::same, .activation = relu},
            Flatten{}, Dense{.units = 2});
  Sequential grouped = chain("grouped"), sequence = chain("sequence", {9, 4});
  grouped.add(BatchNormalization{}, DepthwiseConv2D{.depth_multiplier = 2, .activation = relu, .use_bias = false},
              BatchNormalization{}, Conv2D{.filters = 4, .kernel_size = 2, .dilation_rate = {1, 2}, .groups = 2},
              Flatten{}, Dense{.units = 2});
  sequence.add(BatchNormalization{}, Conv1D{.filters = 6, .strides = 2, .groups = 2, .activation = elu},
               BatchNormalization{}, Conv1D{.filters = 3, .kernel_size = 2}, Flatten{}, Dense{.units = 2});
  return {valid, flat, first, point, grouped, sequence};
}

}  // namespace evenkeel
