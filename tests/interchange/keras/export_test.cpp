#include "tests/interchange/keras/testing.h"

#include "evenkeel/nn/layers.h"
#include "evenkeel/nn/weights_file.h"

namespace evenkeel::interchange::keras {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace activations;

/// Every layer that Keras has, with options that are not the default.
Model many_layers() {
  Model model = Model::with_inputs({{"image", {9, 8, 4}}, {"other", {9, 8, 4}}}, "many");
  model.append(Rescaling{.scale = 0.5, .offset = -1, .name = "rescaled"}, {"image"});
  model.append(FixedNormalization{.mean = {1, 2, 3, 4}, .variance = {1, 2, 3, 4}});
  model.append(Conv2D{.filters = 8,
                      .kernel_size = {3, 5},
                      .strides = 2,
                      .padding = Padding(1, 0, 2, 1),
                      .groups = 2,
                      .activation = leaky_relu(0.1),
                      .kernel_regularizer = L2{1e-4},
                      .name = "stem"});
  model.append(BatchNormalization{.momentum = 0.9, .epsilon = 1e-5, .scale = false, .name = "bn"});
  model.append(PReLU{.shared_axes = {1, 2}});
  model.append(
      DepthwiseConv2D{.padding = Padding::same, .depth_multiplier = 2, .activation = ActivationFunction::clip(0, 6)});
  model.append(SpatialDropout2D{.rate = 0.25});
  model.append(SeparableConv2D{.filters = 6, .padding = 1, .use_bias = false, .trainable = false, .name = "separable"});
  model.append(BatchNormalization{.frozen_statistics = true, .name = "frozen"});
  model.append(GroupNormalization{.groups = 3, .center = false});
  model.append(LayerNormalization{.epsilon = 1e-6});
  model.append(InstanceNormalization{});
  model.append(RMSNormalization{});
  model.append(LayerScale{});
  model.append(Conv2DTranspose{.filters = 4, .kernel_size = 2, .strides = 2, .padding = Padding::same, .name = "up"});
  model.append(ZeroPadding2D{.padding = Margins(1, 0, 2, 1)});
  model.append(Cropping2D{.cropping = Margins(0, 1, 1, 1)});
  model.append(UpSampling2D{.size = 2, .interpolation = Interpolation::bilinear});
  model.append(MaxPooling2D{.pool_size = 3, .strides = Size2D(2), .padding = Padding::same});
  model.append(
      AveragePooling2D{.pool_size = 2, .strides = Size2D(1), .padding = 1, .count_include_pad = true, .name = "mean"});
  model.append(Resizing{.height = 9, .width = 8});
  model.append(Add{.name = "sum"}, {"mean", "mean"});
  model.append(Resizing{.height = 9, .width = 8, .name = "resized"}, {"sum"});
  model.append(Concatenate{.name = "both"}, {"resized", "other"});
  model.append(Dropout{.rate = 0.3, .noise_shape = {-1, 1, 1, -1}});
  model.append(Activation{.activation = hard_swish});
  model.append(Dense{.units = 5, .activation = elu(0.5), .name = "pixels"});
  model.append(GaussianDropout{.rate = 0.1});
  model.append(AlphaDropout{.rate = 0.1});
  model.append(GlobalAveragePooling2D{.keepdims = true, .name = "squeezed"});
  model.append(Multiply{.name = "excited"}, {"pixels", "squeezed"});
  model.append(Permute{.dims = {2, 1, 3}});
  model.append(Reshape{.target_shape = {72, -1}});
  model.append(Conv1D{.filters = 3, .kernel_size = 3, .padding = Padding(0, 0, 4, 0), .dilation_rate = 2});
  model.append(Flatten{});
  model.append(Dense{.units = 3, .activation = softmax, .name = "classes"});
  model.append(GlobalMaxPooling2D{.name = "largest"}, {"excited"});
  model.set_outputs({"classes", "largest"});
  return model;
}

/// Random weights, as the weights file of a network has them.
formats::SafetensorsFile weights_for(const Model& model) {
  const Network network(model, {.seed = 3});
  formats::SafetensorsFile weights;
  float next = 0.5f;
  for (const WeightInfo& weight : network.weights()) {
    Tensor tensor = Tensor::copy_of(network.weight(weight.name));
    // Statistics and scales that no default could stand for.
    if (tensor.shape().rank() == 1)
      for (float& value : tensor.as<float>()) value = next = next > 1.4f ? 0.5f : next + 0.013f;
    weights.add(weight.name, std::move(tensor));
  }
  return weights;
}

std::map<std::string, Tensor> samples_for(const Model& model) {
  std::map<std::string, Tensor> samples;
  for (const Model::Input& input : model.inputs()) {
    Tensor tensor(input.shape.batched(3), DType::float32);
    for (std::int64_t i = 0; i < tensor.shape().size(); ++i)
      tensor.as<float>()[static_cast<std::size_t>(i)] = std::sin(0.7f * static_cast<float>(i));
    samples[input.name] = std::move(tensor);
  }
  return samples;
}

TEST_F(Keras, ANetworkComesBackAsItWasToTheBit) {
  const Model model = many_layers();
  const formats::SafetensorsFile weights = weights_for(model);
  EXPECT_THAT(export_keras(model, weights, folder_ / "net.keras"), IsEmpty());
  const Imported back = import_keras(folder_ / "net.keras");
  EXPECT_EQ(back.weights.tensors.size(), weights.tensors.size());
  for (const auto& [name, tensor] : weights.tensors) {
    const Tensor* own = back.weights.find(name);
    ASSERT_TRUE(own) << name;
    EXPECT_TRUE(same_bits(*own, tensor)) << name;
  }
  const auto samples = samples_for(model);
  const auto before = network_of(model, weights), after = network_of(back.file.model, back.weights);
  const auto expected = run_arrays(*before, samples, Mode::evaluate),
             received = run_arrays(*after, samples, Mode::evaluate);
  ASSERT_EQ(received.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(received[i].first, expected[i].first);
    EXPECT_TRUE(same_bits(received[i].second, expected[i].second)) << expected[i].first;
  }
}

TEST_F(Keras, PaddingInNumbersAndActivationsWithParametersComeBackIntoTheirLayer) {
  Model model({8, 8, 2});
  model.append(Conv2D{.filters = 3, .padding = Padding(1, 2, 0, 1), .activation = leaky_relu(0.1), .name = "conv"});
  model.append(AveragePooling2D{.padding = 1, .count_include_pad = true, .name = "pool"});
  export_keras(model, weights_for(model), folder_ / "net.keras");
  const Model back = import_keras(folder_ / "net.keras").file.model;
  EXPECT_THAT(write_model_file({back}), HasSubstr("padding = [1, 2, 0, 1]\nactivation = \"leaky_relu(0.1)\""));
}

TEST_F(Keras, OneErrorNamesAllLayersThatKerasDoesNotHave) {
  Model model({8, 8, 4});
  model.append(Uout{.name = "noise"});
  model.append(ChannelShuffle{.groups = 2, .name = "shuffle"});
  model.append(Padding2D{.name = "mirror"});
  model.append(MaxPooling2D{.ceil_mode = true, .name = "pool"});
  EXPECT_THAT(error_of([&] { export_keras(model, {}, folder_ / "net.keras"); }),
              AllOf(HasSubstr("Uout (1: \"noise\")"), HasSubstr("ChannelShuffle (1: \"shuffle\")"),
                    HasSubstr("Padding2D (1: \"mirror\")"), HasSubstr("MaxPooling2D with ceil_mode (1: \"pool\")")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "net.keras"));
}

TEST_F(Keras, LayersThatWereImportedGetTheirNamesBack) {
  const Imported imported = import_keras(folder_.file("functional.keras"));
  export_keras(imported.file.model, imported.weights, folder_ / "again.keras", &imported.record);
  const Imported again = import_keras(folder_ / "again.keras");
  // The layers of a nested model are in no model now, and Keras cannot have a dot in every name.
  std::string expected = write_model_file({imported.file.model});
  for (std::size_t at; (at = expected.find("backbone.")) != std::string::npos;) expected[at + 8] = '_';
  EXPECT_EQ(write_model_file({again.file.model}), expected);
}

TEST_F(Keras, ARepairedFileDiffersInTheRepairedTensorsAlone) {
  for (const char* name : {"functional.keras", "functional.h5", "tf_keras.h5"}) {
    const auto original = folder_.file(name);
    const Imported imported = import_keras(original);
    formats::SafetensorsFile mended;
    std::vector<std::string> changed;
    for (const auto& [tensor_name, tensor] : imported.weights.tensors) {
      Tensor own = tensor.clone();
      if (tensor_name.ends_with("/moving_variance")) {
        own.as<float>()[0] += 1;
        changed.push_back(tensor_name);
      }
      mended.add(tensor_name, std::move(own));
    }
    ASSERT_FALSE(changed.empty());
    const auto out = folder_ / ("mended-" + std::string(name));
    EXPECT_EQ(rewrite_keras(original, imported.record, mended, out), changed);
    const File before = open_file(original), after = open_file(out);
    EXPECT_EQ(after.config, before.config);
    EXPECT_EQ(after.weights.size(), before.weights.size());
    ASSERT_EQ(after.tree.objects.size(), before.tree.objects.size());
    for (std::size_t i = 0; i < before.tree.objects.size(); ++i) {
      const formats::Hdf5Object &a = after.tree.objects[i], &b = before.tree.objects[i];
      EXPECT_EQ(a.path, b.path);
      EXPECT_EQ(a.attributes, b.attributes) << a.path;
      if (!b.is_dataset) continue;
      bool is_mended = false;
      for (const LayerRecord& layer : imported.record.layers)
        for (const TensorRecord& tensor : layer.tensors)
          is_mended |= tensor.foreign == b.path && std::ranges::count(changed, tensor.name) > 0;
      EXPECT_EQ(same_bits(formats::tensor_of(a, after.weights, "a"), formats::tensor_of(b, before.weights, "b")),
                !is_mended)
          << a.path;
    }
    const Imported again = import_keras(out);
    for (const auto& [tensor_name, tensor] : mended.tensors)
      EXPECT_TRUE(same_bits(*again.weights.find(tensor_name), tensor)) << tensor_name;
  }
}

TEST_F(Keras, AnotherFileThanThatOfTheRecordIsRefused) {
  const Imported imported = import_keras(folder_.file("functional.keras"));
  EXPECT_THAT(error_of([&] {
                rewrite_keras(folder_.file("functional.h5"), imported.record, imported.weights, folder_ / "x.h5");
              }),
              HasSubstr("This is not the file that the network was imported from"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.h5"));
}

}  // namespace
}  // namespace evenkeel::interchange::keras
