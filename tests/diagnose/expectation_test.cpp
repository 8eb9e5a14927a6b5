#include "evenkeel/diagnose/expectation.h"

#include <cmath>

#include "evenkeel/base/philox.h"
#include "evenkeel/data/resize.h"
#include "evenkeel/diagnose/measure/input_mismatch.h"
#include "evenkeel/train/evaluate.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

/// What another program may have done with the same weights.
struct Expected : testing::Test {
  static Network& network() {
    static const auto trainer = trained(small_convnet(0.9, 0.3));
    return trainer->network();
  }
  static Dataset data() { return small_data().test.range(0, 300); }
  static Predictions predicted(const Dataset& samples, const EvaluateOptions& options = {}) {
    return predict(network(), samples, options);
  }
  static EvaluateOptions in_mode(Statistics statistics, bool dropout, std::int64_t batch_size) {
    const std::vector<LayerMode> modes(static_cast<std::size_t>(network().model().layers()),
                                       {.statistics = statistics, .update_statistics = false, .dropout = dropout});
    return {.batch_size = batch_size, .layer_modes = modes};
  }
  static Expectation explained(TensorView outputs, const std::vector<std::int64_t>& batch_sizes = {}) {
    return explain_difference(network(), data(), outputs, batch_sizes);
  }
};

Tensor with_columns(const Tensor& outputs, const std::vector<std::size_t>& order) {
  Tensor result = outputs.clone();
  const std::size_t k = order.size();
  for (std::size_t i = 0; i < result.as<float>().size(); ++i)
    result.as<float>()[i] = outputs.as<float>()[i / k * k + order[i % k]];
  return result;
}

TEST_F(Expected, OutputsThatAreTheSameAreEqual) {
  const Expectation e = explained(predicted(data()).outputs);
  EXPECT_TRUE(e.equal) << e.difference;
  EXPECT_EQ(e.samples, 300);
}

TEST_F(Expected, OutputsOfBatchStatisticsAreNamedWithTheirBatchSize) {
  const Expectation e = explained(predicted(data(), in_mode(Statistics::batch, false, 50)).outputs, {50});
  EXPECT_FALSE(e.equal);
  EXPECT_SAYS(e.explanation, "batch statistics, in batches of 50");
  EXPECT_LT(e.remaining, 1e-3);
  EXPECT_GT(e.difference, 1e-2);
}

TEST_F(Expected, OutputsOfImagesResizedOtherwiseAreNamedWithTheMethod) {
  const Dataset files = resized(data(), 47, 61), ours = resized(files, 28, 28);
  std::vector<OtherData> others;
  int loaded = 0;
  for (const ResizeMethod method : kOtherResizeMethods)
    others.push_back({.says = "resized " + text_of(method), .load = [&loaded, files, method] {
                        ++loaded;
                        return resized(files, 28, 28, method);
                      }});
  for (const ResizeMethod method : kOtherResizeMethods) {
    const Tensor theirs = Tensor::copy_of(predicted(resized(files, 28, 28, method)).outputs);
    loaded = 0;
    const Expectation e = explain_difference(network(), ours, theirs, {}, others);
    EXPECT_SAYS(e.explanation, text_of(method));
    EXPECT_LT(e.remaining, 1e-3);
    EXPECT_LE(loaded, std::ssize(others)) << "each at most once";
  }
  // And inverted as well.
  const Dataset inverted = corrected(resized(files, 28, 28, ResizeMethod::area),
                                     {.name = "planted", .correction = {}, .scale = {-1}, .offset = {255}});
  const Expectation both = explain_difference(network(), ours, predicted(inverted).outputs, {}, others);
  EXPECT_SAYS(both.explanation, text_of(ResizeMethod::area));
  EXPECT_SAYS(both.explanation, "subtracted from 255");
}

TEST_F(Expected, OutputsOfDataPreparedOtherwiseAreNamedWithThePreparation) {
  const Dataset unit = corrected(data(), {.name = "planted", .correction = {}, .scale = {1 / 255.0}, .offset = {0}});
  EXPECT_SAYS(explained(predicted(unit).outputs).explanation, "divided by 255");
}

TEST_F(Expected, OutputsInAnotherOrderAreNamedWithIt) {
  const Tensor outputs = with_columns(predicted(data()).outputs, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  EXPECT_SAYS(explained(outputs).explanation, "another order: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]");
}

TEST_F(Expected, ScoresInPlaceOfLogitsAreKnown) {
  EXPECT_SAYS(explained(predicted(data()).scores).explanation, "softmax of the outputs");
}

TEST_F(Expected, LogitsInPlaceOfScoresAreKnown) {
  Sequential model = small_mlp();
  model.add(Activation{softmax});
  const auto trainer = trained(model);
  const Dataset samples = data();
  Network bare(small_mlp(), {.loss = SoftmaxCrossEntropy{}});
  for (const WeightInfo& weight : bare.weights()) bare.set_weight(weight.name, trainer->network().weight(weight.name));
  const Expectation e = explain_difference(trainer->network(), samples, predict(bare, samples).outputs);
  EXPECT_SAYS(e.explanation, "they are logits");
}

/// With statistics as training leaves them, epsilon matters.
Sequential epsilons_net(double first, double second) {
  Sequential model({28, 28, 1}, "epsilons");
  model.add(Rescaling{.scale = 1 / 255.0},
            Conv2D{.filters = 8, .strides = 2, .padding = Padding::same, .use_bias = false, .name = "conv_1"},
            BatchNormalization{.momentum = 0.9, .epsilon = first, .name = "norm_1"}, Activation{relu},
            Conv2D{.filters = 8, .kernel_size = 5, .strides = 2, .padding = Padding::same, .name = "conv_2"},
            BatchNormalization{.momentum = 0.9, .epsilon = second, .name = "norm_2"}, Activation{relu},
            Flatten{.name = "flatten"}, Dense{.units = 10, .name = "head"});
  return model;
}
Predictions of_same_weights(Network& network, const Model& other, const Dataset& samples) {
  Network copy(other, {.loss = SoftmaxCrossEntropy{}});
  for (const WeightInfo& weight : copy.weights()) copy.set_weight(weight.name, network.weight(weight.name));
  return predict(copy, samples);
}

TEST_F(Expected, AnotherEpsilonIsNamed) {
  const auto trainer = trained(epsilons_net(1e-3, 1e-3));
  const Expectation e = explain_difference(
      trainer->network(), data(), of_same_weights(trainer->network(), epsilons_net(1e-5, 1e-5), data()).outputs);
  EXPECT_SAYS(e.explanation, "epsilon is 1e-05 in every normalization");
}

TEST_F(Expected, AnotherEpsilonOfOneLayerIsNamedWithIt) {
  const auto trainer = trained(epsilons_net(1e-3, 1e-3));
  const Expectation e = explain_difference(
      trainer->network(), data(), of_same_weights(trainer->network(), epsilons_net(1e-3, 1e-2), data()).outputs);
  EXPECT_SAYS(e.explanation, "epsilon is 0.01 in norm_2");
}

TEST_F(Expected, PaddingAtBothEndsIsNamed) {
  const auto trainer = trained(epsilons_net(1e-3, 1e-3));
  // One row and column of zeros before the image, and a window without padding: PyTorch's padding of 1 of 28 pixels.
  const auto padded = [](std::int64_t before) {
    Tensor x({300, 30, 30, 1}, DType::float32);
    std::ranges::fill(x.as<float>(), 0.0f);
    for (std::int64_t i = 0; i < 300; ++i)
      for (std::int64_t h = 0; h < 28; ++h)
        for (std::int64_t w = 0; w < 28; ++w)
          x.as<float>()[static_cast<std::size_t>((i * 30 + h + before) * 30 + w + before)] =
              data().x().as<std::uint8_t>()[static_cast<std::size_t>((i * 28 + h) * 28 + w)];
    return Dataset({.name = "padded", .x = std::move(x), .y = {}, .class_names = {}});
  };
  const auto small = [](Shape input, Padding padding) {
    Sequential model(input, "padding");
    model.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .padding = padding, .name = "conv"},
              Activation{relu}, Flatten{}, Dense{.units = 10, .name = "head"});
    return model;
  };
  const auto same = trained(small({28, 28, 1}, Padding::same));
  const Tensor outputs = of_same_weights(same->network(), small({30, 30, 1}, Padding::valid), padded(1)).outputs;
  const Expectation e = explain_difference(same->network(), data(), outputs);
  EXPECT_SAYS(e.explanation, "they pad at both ends");
  EXPECT_SAYS(e.explanation, "conv");
}

TEST_F(Expected, RowsInAnotherOrderAreNamedWithTheLineThatMendsThem) {
  for (const WeightLayout& layout : weight_layouts(Draft(network()))) {
    const Tensor outputs = predict(*with_layouts(network(), {layout}), data()).outputs;
    EXPECT_SAYS(explained(outputs).explanation, layout.line);
  }
}

TEST_F(Expected, TwoThingsAtOnceAreBothNamed) {
  const Dataset turned =
      corrected(data(), {.name = "planted", .correction = {}, .scale = {1 / 255.0}, .offset = {0}, .transpose = true});
  const Expectation e = explained(predicted(turned).outputs);
  EXPECT_SAYS(e.explanation, "divided by 255");
  EXPECT_SAYS(e.explanation, "height and width exchanged");
  const Dataset on_side = corrected(data(), {.name = "planted", .correction = {}, .transpose = true});
  const Expectation both = explained(predicted(on_side, in_mode(Statistics::batch, false, 16)).outputs);
  EXPECT_SAYS(both.explanation, "height and width exchanged");
  EXPECT_SAYS(both.explanation, "in batches of 16");
}

TEST_F(Expected, AnyUsualBatchSizeIsFoundUntold) {
  for (const std::int64_t size : {2, 12, 100, 256})
    EXPECT_SAYS(explained(predicted(data(), in_mode(Statistics::batch, false, size)).outputs).explanation,
                "in batches of " + std::to_string(size));
}

TEST_F(Expected, AShiftOfAllOutputsIsNoDropout) {
  Tensor outputs = predicted(data()).outputs;
  const Tensor noisy = predicted(data(), in_mode(Statistics::moving, true, 300)).outputs;
  double squares = 0;
  for (std::size_t i = 0; i < outputs.as<float>().size(); ++i)
    squares +=
        std::pow(noisy.as<float>()[i] - outputs.as<float>()[i], 2) / static_cast<double>(outputs.as<float>().size());
  Tensor scaled = outputs.clone();
  for (std::size_t i = 0; i < outputs.as<float>().size(); ++i)
    outputs.as<float>()[i] += static_cast<float>(std::sqrt(squares)) * (i % 10 < 5 ? 1.0f : -1.0f);
  EXPECT_EQ(explained(outputs).explanation.find("dropout"), std::string::npos) << explained(outputs).explanation;
  for (float& v : scaled.as<float>()) v *= 1.3f;
  EXPECT_EQ(explained(scaled).explanation.find("dropout"), std::string::npos) << explained(scaled).explanation;
}

TEST_F(Expected, NothingFarIsCalledNearest) {
  Tensor outputs = predicted(data()).outputs;
  RandomStream stream({.seed = 5, .purpose = Purpose::study});
  for (float& v : outputs.as<float>()) v = static_cast<float>(10 * stream.normal());
  EXPECT_EQ(explained(outputs).explanation.find("nearest"), std::string::npos) << explained(outputs).explanation;
  EXPECT_EQ(explained(outputs).explanation.find("order"), std::string::npos);
}

TEST_F(Expected, DropoutThatWasOnIsLikely) {
  EvaluateOptions options = in_mode(Statistics::moving, true, 300);
  const Expectation e = explained(predicted(data(), options).outputs);
  EXPECT_FALSE(e.equal);
  EXPECT_SAYS(e.explanation, "dropout");
}

TEST_F(Expected, OutputsOfOtherWeightsAreNotExplained) {
  const auto other = trained(small_convnet(0.9, 0.3), 60, 9);
  const Expectation e = explained(predict(other->network(), data()).outputs);
  EXPECT_SAYS(e.explanation, "nothing that was tried explains it");
  EXPECT_EQ(e.remaining, e.difference);
}

TEST_F(Expected, OutputsForAnotherNumberOfSamplesAreRefused) {
  const Tensor outputs({299, 10}, DType::float32);
  EXPECT_SAYS(error_of([&] { explained(outputs); }), "[300, 10]");
}

}  // namespace
}  // namespace evenkeel
