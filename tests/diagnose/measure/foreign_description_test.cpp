#include "evenkeel/diagnose/measure/foreign_description.h"

#include <string>

#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/diagnose/repairs/linear.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// A convolution, a normalization and a linear layer, as torch describes them.
const std::string kConv = R"json({"name": "layer1/conv", "kind": "Conv2d", "inputs": [-1], "output_shape": [4, 4, 6],
  "traits": {"linear": {"outputs": 6, "window": {"size": [3, 3], "padding": [1, 1, 1, 1]}}},
  "weights": [{"name": "layer1.conv.weight", "role": "kernel", "shape": [3, 3, 3, 6], "initializer": "uniform(0.19)"},
              {"name": "layer1.conv.bias", "role": "bias", "shape": [6]}]})json";
const std::string kNorm = R"json({"name": "layer1.bn", "kind": "BatchNorm2d", "inputs": [0], "output_shape": [4, 4, 6],
  "traits": {"normalization": {"over": "batch", "epsilon": 1e-5, "moving": {"momentum": 0.9, "unbiased": true}},
             "activation": "leaky_relu(0.1)", "per_channel": true},
  "weights": [{"name": "layer1.bn.weight", "role": "gamma", "shape": [6], "initializer": "ones"},
              {"name": "layer1.bn.running_mean", "role": "moving_mean", "shape": [6]},
              {"name": "layer1.bn.running_var", "role": "moving_variance", "shape": [6]}]})json";
const std::string kDrop = R"json({"name": "drop", "inputs": [1], "output_shape": [4, 4, 6],
  "traits": {"noise": {"rate": 0.5, "per": "channel"}, "identity_in_evaluation": true, "per_channel": true}})json";
const std::string kHead = R"json({"name": "head", "inputs": [2], "output_shape": [10], "opaque": true})json";

std::string network_of(const std::vector<std::string>& layers, const std::string& more = "") {
  std::string text = R"({"framework": "torch", "class": "ResNet", "input_shape": [4, 4, 3], "outputs": 10)" + more +
                     R"(, "layers": [)";
  for (const std::string& layer : layers) text += (text.back() == '[' ? "" : ", ") + layer;
  return text + "]}";
}

/// After one layer.
const std::string kLast = R"json({"name": "head", "inputs": [0], "output_shape": [10]})json";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

TEST(ForeignDescription, IsAModelOfTheFrameworksLayers) {
  const ForeignDescription d = foreign_description(network_of({kConv, kNorm, kDrop, kHead}));
  EXPECT_EQ(d.model.layers(), 4);
  EXPECT_EQ(d.layers.at(0), "layer1/conv");
  EXPECT_EQ(d.model.name_of(0), "layer1.conv") << "slashes have a meaning of their own here";
  EXPECT_EQ(d.weights.at(2).name, "layer1.bn/gamma");
  EXPECT_EQ(d.tensors.at(2).theirs, "layer1.bn.weight");
  EXPECT_DOUBLE_EQ(d.tensors.at(0).uniform.value().bound, 0.19);
  EXPECT_FALSE(d.tensors.at(1).has_initializer);
  const std::vector<Normalization> all = normalizations(d.model);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].momentum, 0.9);
  EXPECT_TRUE(all[0].unbiased);
  EXPECT_EQ(all[0].beta, "");
  EXPECT_EQ(redundant_biases(d.model).size(), 1u);
  EXPECT_EQ(d.model.nodes()[1].layer.traits().activation, ActivationFunction::leaky_relu(0.1));
  EXPECT_EQ(d.model.nodes()[2].layer.traits().noise.value().factor_variance, 1);
  EXPECT_EQ(output_shapes(d.model).at(3), Shape{10});
  EXPECT_FALSE(d.loss_reads_scores);
}

TEST(ForeignDescription, LeavesOutLinearTraitsThatNothingHereCanFollow) {
  const std::string deep = replaced(replaced(kConv, "[4, 4, 6]", "[4, 4, 4, 6]"), "[3, 3, 3, 6]", "[3, 3, 3, 3, 6]");
  EXPECT_FALSE(foreign_description(network_of({deep, kLast})).model.nodes()[0].layer.traits().linear);
  const std::string other_inputs = replaced(kConv, "[3, 3, 3, 6]", "[3, 3, 5, 6]");
  EXPECT_FALSE(foreign_description(network_of({other_inputs, kLast})).model.nodes()[0].layer.traits().linear);
}

TEST(ForeignDescription, SaysWhatDoesNotFit) {
  const auto error = [](const std::string& json) { return error_of([&] { foreign_description(json); }); };
  EXPECT_SAYS(error("no json"), "expected JSON");
  EXPECT_SAYS(error("[]"), "expected an object");
  EXPECT_SAYS(error(network_of({})), "at least one layer");
  EXPECT_SAYS(error(network_of({kConv, kConv})), "a name of its own");
  EXPECT_SAYS(error(network_of({replaced(kConv, "[-1]", "[3]")})), "layer \"layer1/conv\": \"inputs\"");
  EXPECT_SAYS(error(network_of({kConv, replaced(kNorm, "leaky_relu(0.1)", "bent")})), "\"activation\"");
  EXPECT_SAYS(
      error(network_of({kConv, replaced(kNorm, "\"shape\": [6], \"initializer\"", "\"shape\": [5], \"initializer\"")})),
      "6 numbers, as many as the moving mean has");
  EXPECT_SAYS(error(network_of({kConv, replaced(kNorm, "\"role\": \"moving_variance\"", "\"role\": \"other\"")})),
              "roles moving_mean and moving_variance");
  EXPECT_SAYS(error(network_of({kConv, kNorm, replaced(kDrop, "0.5", "1.5")})), "[0, 1)");
  EXPECT_SAYS(error(network_of({replaced(kConv, "uniform(0.19)", "uniform(-1)")})), "a bound above 0");
  EXPECT_SAYS(error(network_of({kHead}, R"json(, "loss": "hinge")json")), "hinge");
  EXPECT_SAYS(error(replaced(network_of({replaced(kHead, "[2]", "[-1]")}), "\"outputs\": 10", "\"outputs\": 3")),
              "a multiple of 3");
}

}  // namespace
}  // namespace evenkeel
