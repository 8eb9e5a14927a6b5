#include "evenkeel/diagnose/measure/weight_layouts.h"

#include <numeric>

#include "evenkeel/diagnose/measure/input_mismatch.h"
#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

/// Without normalization.
Sequential bare_convnet() {
  Sequential model({28, 28, 1}, "bare_convnet");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .activation = relu},
            Conv2D{.filters = 12, .strides = 2, .activation = relu}, Flatten{.name = "flatten"},
            Dense{.units = 32, .activation = relu, .name = "dense_1"},
            Dense{.units = 32, .activation = relu, .name = "dense_2"}, Dense{.units = 10, .name = "head"});
  return model;
}

/// A normalization and noise between the flattening and the dense layer: its vectors lie as the rows do.
Sequential normalized_after_flattening() {
  Sequential model({28, 28, 1}, "normalized_after_flattening");
  model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .activation = relu}, MaxPooling2D{},
            Flatten{.name = "flatten"}, BatchNormalization{.momentum = 0.9, .name = "norm"}, Dropout{.rate = 0.2},
            Dense{.units = 32, .activation = relu, .name = "dense_1"}, Dense{.units = 10, .name = "head"});
  return model;
}

std::vector<Sequential> flattening_models() { return {small_convnet(), bare_convnet(), normalized_after_flattening()}; }

WeightLayout layout_named(Network& network, const std::string& name) {
  for (WeightLayout& layout : weight_layouts(Draft(network)))
    if (layout.name == name) return layout;
  ADD_FAILURE() << "no layout " << name;
  return {};
}

/// The network with its weights as another program would have them, which the layout undoes. What a layout takes from
/// where is seen on tensors whose elements are their own places.
std::unique_ptr<Network> planted(Network& network, const std::string& name) {
  const auto places = with_layouts(network, {}), result = with_layouts(network, {});
  for (const WeightInfo& weight : network.weights()) {
    Tensor own(weight.shape, DType::float32);
    std::iota(own.as<float>().begin(), own.as<float>().end(), 0.0f);
    places->set_weight(weight.name, own);
  }
  const auto taken = with_layouts(*places, {layout_named(network, name)});
  for (const WeightInfo& weight : network.weights()) {
    const auto from = taken->weight(weight.name).as<float>(), values = network.weight(weight.name).as<float>();
    Tensor stored(weight.shape, DType::float32);
    for (std::size_t i = 0; i < values.size(); ++i) stored.as<float>()[static_cast<std::size_t>(from[i])] = values[i];
    result->set_weight(weight.name, stored);
  }
  return with_layouts(*result, {});
}

std::string layout_found(const Diagnosis& d) {
  const Finding* f = finding_of(d, "weight-layout");
  return f ? f->cause : "nothing: " + told(d);
}

TEST(WeightLayout, NamesTheOrderOfRowsAfterAFlattening) {
  for (const Sequential& model : flattening_models()) {
    const auto trainer = trained(model);
    for (const auto& [name, order] :
         {std::pair<std::string, std::string>{"rows-chw-of-flatten", "(channel, height, width)"},
          {"rows-cwh-of-flatten", "(channel, width, height)"},
          {"rows-whc-of-flatten", "(width, height, channel)"}}) {
      const auto network = planted(trainer->network(), name);
      const Diagnosis d = diagnose(*network, {.data = small_data().test});
      EXPECT_SAYS(layout_found(d), order) << model.name();
      const Finding* f = finding_of(d, "weight-layout");
      if (!f) continue;
      EXPECT_EQ(f->layers, std::vector<std::string>{"dense_1"});
      EXPECT_EQ(f->severity, Severity::error);
      EXPECT_SAYS(f->cause, "kernel.reshape(");
    }
  }
}

TEST(WeightLayout, NamesKernelsThatAreTurnedOrTransposed) {
  for (const Sequential& model : {small_convnet(), bare_convnet()}) {
    const auto trainer = trained(model);
    EXPECT_SAYS(layout_found(diagnose(*planted(trainer->network(), "kernels-turned"), {.data = small_data().test})),
                "turned by 180 degrees")
        << model.name();
  }
}

TEST(WeightLayout, NamesATransposedSquareMatrix) {
  const auto trainer = trained(bare_convnet());
  const Diagnosis d = diagnose(*planted(trainer->network(), "matrices-transposed"), {.data = small_data().test});
  EXPECT_SAYS(layout_found(d), "transposed matrix) in dense_2");
}

TEST(WeightLayout, NamesAScaleThatTrainingDidNotApply) {
  for (const bool convolutions : {true, false}) {
    const auto model_with = [&](bool scale) {
      Sequential model({28, 28, 1}, "scaled");
      model.add(Rescaling{.scale = 1 / 255.0});
      if (convolutions) model.add(Conv2D{.filters = 8, .strides = 2, .use_bias = false});
      model.add(Flatten{}, Dense{.units = 32, .use_bias = false},
                BatchNormalization{.momentum = 0.9, .scale = scale, .name = "norm"}, Activation{relu},
                Dense{.units = 10, .name = "head"});
      return model;
    };
    const auto trainer = trained(model_with(false));
    Network network(model_with(true), {.loss = SoftmaxCrossEntropy{}});
    for (const WeightInfo& weight : trainer->network().weights())
      network.set_weight(weight.name, trainer->network().weight(weight.name));
    Tensor gamma({32}, DType::float32);
    for (std::size_t i = 0; i < 32; ++i) gamma.as<float>()[i] = i % 3 == 0 ? 4.0f : i % 3 == 1 ? 0.1f : -1.0f;
    network.set_weight("norm/gamma", gamma);
    EXPECT_SAYS(layout_found(diagnose(network, {.data = small_data().test})), "training did not apply in norm");
  }
}

TEST(WeightLayout, IsFoundTogetherWithAnotherPreparation) {
  for (const Sequential& model : flattening_models()) {
    const auto trainer = trained(model);
    const auto network = planted(trainer->network(), "rows-chw-of-flatten");
    const Dataset data =
        corrected(small_data().test, {.name = {}, .correction = {}, .scale = {1 / 255.0}, .offset = {0}});
    const Diagnosis d = diagnose(*network, {.data = data});
    EXPECT_SAYS(layout_found(d), "(channel, height, width)") << model.name();
    EXPECT_TRUE(finding_of(d, "input-mismatch")) << model.name();
  }
}

TEST(WeightLayout, IsSilentOnHealthyNetworksAndSuchThatHardlyLearned) {
  for (const Sequential& model : flattening_models())
    for (const std::int64_t steps : {5, 30, 120}) {
      const auto trainer = trained(model, steps);
      const Diagnosis d = diagnosed(trainer->network());
      EXPECT_EQ(finding_of(d, "weight-layout"), nullptr) << model.name() << ": " << told(d);
      EXPECT_EQ(finding_of(d, "input-mismatch"), nullptr) << model.name() << ": " << told(d);
    }
}

TEST(WeightLayout, IsNotWhatStaleStatisticsLookLike) {
  const auto trainer = trained(small_convnet());
  change(trainer->network(), "norm_2/moving_variance", [](auto values) {
    for (float& v : values) v *= 30;
  });
  const Diagnosis d = diagnosed(trainer->network());
  EXPECT_EQ(finding_of(d, "weight-layout"), nullptr) << told(d);
}

}  // namespace
}  // namespace evenkeel
