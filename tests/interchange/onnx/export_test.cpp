#include <gtest/gtest.h>
#include <onnx.pb.h>

#include <cstring>

#include "evenkeel/formats/file.h"
#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/onnx/layer_writer.h"
#include "evenkeel/interchange/onnx/own_model.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "evenkeel/nn/registry.h"
#include "tests/interchange/round_trip.h"
#include "tests/nn/layer_examples.h"
#include "tests/support/testing.h"

namespace evenkeel::interchange {
namespace {

using namespace formats::onnx;

/// What export_onnx wrote of a model with drawn weights, as protobuf reads it.
struct Written {
  Written(const Model& model, const ExportOptions& options = {}, const Record* record = nullptr)
      : weights(drawn_weights(model, 1)) {
    notes = export_onnx(model, weights, folder / "net.onnx", options, record);
    const formats::Source source(folder / "net.onnx");
    proto = formats::read_onnx_model(source);
  }

  const NodeProto& node(const std::string& name) const {
    for (const NodeProto& node : proto->graph().node())
      if (node.name() == name) return node;
    throw std::runtime_error("no node " + name);
  }
  const TensorProto& tensor(const std::string& name) const {
    for (const TensorProto& tensor : proto->graph().initializer())
      if (tensor.name() == name) return tensor;
    throw std::runtime_error("no tensor " + name);
  }
  std::vector<float> numbers(const std::string& name) const {
    const std::string& raw = tensor(name).raw_data();
    std::vector<float> values(raw.size() / 4);
    std::memcpy(values.data(), raw.data(), raw.size());
    return values;
  }
  std::vector<std::int64_t> dims(const std::string& name) const {
    return {tensor(name).dims().begin(), tensor(name).dims().end()};
  }
  std::vector<std::string> operators() const {
    std::vector<std::string> names;
    for (const NodeProto& node : proto->graph().node()) names.push_back(node.op_type());
    return names;
  }
  bool has(const std::string& op) const { return std::ranges::count(operators(), op) > 0; }

  TestFolder folder;
  formats::SafetensorsFile weights;
  std::vector<std::string> notes;
  std::unique_ptr<ModelProto> proto;
};

const AttributeProto* attribute(const NodeProto& node, const std::string& name) {
  for (const AttributeProto& one : node.attribute())
    if (one.name() == name) return &one;
  return nullptr;
}

std::vector<std::int64_t> ints(const NodeProto& node, const std::string& name) {
  const AttributeProto* found = attribute(node, name);
  return found ? std::vector<std::int64_t>(found->ints().begin(), found->ints().end()) : std::vector<std::int64_t>();
}

std::vector<std::int64_t> dims_of(const ValueInfoProto& port) {
  std::vector<std::int64_t> dims;
  for (const auto& dim : port.type().tensor_type().shape().dim())
    dims.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
  return dims;
}

using Sizes = std::vector<std::int64_t>;

TEST(ExportOnnx, HasAWriterForEveryLayer) {
  for (const LayerType& type : layer_types()) EXPECT_NE(onnx_writer(type.type), nullptr) << type.type;
}

TEST(ExportOnnx, WritesEveryLayerWithEachOfItsFields) {
  const TestFolder folder;
  int written = 0;
  for (const Example& example : examples()) {
    SCOPED_TRACE(example.text());
    const Model model = model_of(example);
    for (const bool training : {false, true})
      EXPECT_NO_THROW(export_onnx(model, drawn_weights(model, 1), folder / "net.onnx", {.training = training}));
    ++written;
  }
  EXPECT_GT(written, 200);
}

TEST(ExportOnnx, GivesTheImagesTheirChannelsFirstAndAnOpenBatch) {
  Sequential model({8, 6, 3});
  model.add(Conv2D{.filters = 4});
  const Written written(model);
  ASSERT_EQ(written.proto->graph().input_size(), 1);
  EXPECT_EQ(written.proto->graph().input(0).name(), "input");
  EXPECT_EQ(dims_of(written.proto->graph().input(0)), (Sizes{-1, 3, 8, 6}));
  EXPECT_EQ(written.proto->graph().input(0).type().tensor_type().shape().dim(0).dim_param(), "N");
  EXPECT_EQ(written.proto->graph().output(0).name(), "conv2d");
  EXPECT_EQ(dims_of(written.proto->graph().output(0)), (Sizes{-1, 4, 6, 4}));
}

TEST(ExportOnnx, WritesTheKernelOfAConvolutionAsPyTorchHasIt) {
  Sequential model({9, 9, 4});
  model.add(Conv2D{.filters = 6, .kernel_size = {3, 2}, .strides = 2, .padding = Padding::same, .groups = 2});
  const Written written(model);
  const NodeProto& node = written.node("conv2d");
  EXPECT_EQ(node.op_type(), "Conv");
  EXPECT_EQ(written.dims("conv2d.weight"), (Sizes{6, 2, 3, 2}));
  const auto theirs = written.numbers("conv2d.weight");
  const auto ours = written.weights.find("conv2d/kernel")->as<float>();
  for (std::size_t o = 0; o < 6; ++o)
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t h = 0; h < 3; ++h)
        for (std::size_t w = 0; w < 2; ++w)
          ASSERT_EQ(theirs[((o * 2 + i) * 3 + h) * 2 + w], ours[((h * 2 + w) * 2 + i) * 6 + o]);
  EXPECT_EQ(ints(node, "pads"), (Sizes{1, 0, 1, 1}));  // an odd column of `same` is at the end
  EXPECT_EQ(attribute(node, "group")->i(), 2);
}

TEST(ExportOnnx, OrdersTheRowsOfADenseLayerAfterFlattenByChannelsFirst) {
  Sequential model({2, 3, 4});
  model.add(Activation{ActivationFunction::relu}, Flatten{}, BatchNormalization{}, Dense{.units = 5});
  const Written written(model);
  EXPECT_FALSE(written.has("Transpose"));
  const auto theirs = written.numbers("dense.weight");
  const auto ours = written.weights.find("dense/kernel")->as<float>();
  const auto gamma = written.numbers("batch_normalization.weight");
  const auto our_gamma = written.weights.find("batch_normalization/gamma")->as<float>();
  for (std::size_t h = 0; h < 2; ++h)
    for (std::size_t w = 0; w < 3; ++w)
      for (std::size_t c = 0; c < 4; ++c) {
        const std::size_t there = (c * 2 + h) * 3 + w, here = (h * 3 + w) * 4 + c;
        ASSERT_EQ(gamma[there], our_gamma[here]);
        for (std::size_t k = 0; k < 5; ++k) ASSERT_EQ(theirs[k * 24 + there], ours[here * 5 + k]);
      }
}

TEST(ExportOnnx, InsertsNoTransposesIntoConvolutionalNetworks) {
  for (const char* name : {"resnet18", "mobilenet_v3_small", "vgg11_bn", "unet"}) {
    const Model model = make_architecture(name, {.input = Shape{64, 64, 3}, .classes = 3}).model;
    EXPECT_FALSE(Written(model).has("Transpose")) << name;
  }
}

TEST(ExportOnnx, LeavesNoiseOutOfAFileForServingAndSaysSo) {
  Sequential model({4});
  model.add(Dense{.units = 3}, Dropout{.rate = 0.25}, BatchNormalization{.momentum = 0.9});
  const Written written(model);
  EXPECT_FALSE(written.has("Dropout"));
  EXPECT_EQ(attribute(written.node("batch_normalization"), "training_mode"), nullptr);
  ASSERT_EQ(written.notes.size(), 1u);
  EXPECT_SAYS(written.notes[0], "\"dropout\"");
}

TEST(ExportOnnx, KeepsDropoutAndTheBatchsStatisticsInTrainingMode) {
  Sequential model({4});
  model.add(Dense{.units = 3}, Dropout{.rate = 0.25}, BatchNormalization{.momentum = 0.9, .epsilon = 1e-5},
            BatchNormalization{.frozen_statistics = true}, GaussianDropout{.rate = 0.5});
  const Written written(model, {.training = true});
  const NodeProto& dropout = written.node("dropout");
  EXPECT_EQ(written.numbers(dropout.input(1)), std::vector<float>{0.25F});
  EXPECT_EQ(written.tensor(dropout.input(2)).data_type(), TensorProto::BOOL);
  EXPECT_EQ(written.tensor(dropout.input(2)).raw_data(), std::string(1, '\1'));
  const NodeProto& normalization = written.node("batch_normalization");
  EXPECT_EQ(attribute(normalization, "training_mode")->i(), 1);
  EXPECT_EQ(attribute(normalization, "momentum")->f(), 0.9F);
  EXPECT_EQ(attribute(normalization, "epsilon")->f(), 1e-5F);
  EXPECT_EQ(normalization.output_size(), 3);
  EXPECT_EQ(written.node("batch_normalization_1").output_size(), 1);  // its statistics are frozen
  ASSERT_EQ(written.notes.size(), 1u);
  EXPECT_SAYS(written.notes[0], "gaussian_dropout");
}

TEST(ExportOnnx, WritesTheSameBytesForTheSameModel) {
  const Model model = make_architecture("resnet20", {.input = Shape{32, 32, 3}, .classes = 3}).model;
  const Written one(model), other(model);
  EXPECT_EQ(formats::read_file(one.folder / "net.onnx"), formats::read_file(other.folder / "net.onnx"));
}

TEST(ExportOnnx, GivesLayersAndTensorsTheNamesOfTheFileThatTheyCameFrom) {
  Sequential model({4, 4, 3});
  model.add(Conv2D{.filters = 2, .use_bias = false, .name = "stem"}, GlobalAveragePooling2D{.name = "pool"});
  const Record record{
      .format = "onnx",
      .file = {},
      .producer = {},
      .version = {},
      .inputs = {{.name = "input", .foreign = "image", .foreign_shape = {3, 4, 4}, .axes = {1, 2, 0}, .seen_as = {}}},
      .outputs = {{.name = "pool", .foreign = "logits", .foreign_shape = {2}, .axes = {}, .seen_as = {}}},
      .layers = {{.name = "stem",
                  .foreign = "/conv1/Conv",
                  .type = "Conv",
                  .tensors = {{.name = "stem/kernel",
                               .foreign = "conv1.weight",
                               .foreign_shape = {2, 3, 3, 3},
                               .seen_as = {},
                               .axes = {}}}}},
      .lost = {},
      .recognised = {},
      .warnings = {}};
  const Written written(model, {}, &record);
  EXPECT_EQ(written.proto->graph().input(0).name(), "image");
  EXPECT_EQ(written.proto->graph().output(0).name(), "logits");
  EXPECT_EQ(written.node("/conv1/Conv").input(1), "conv1.weight");
}

TEST(ExportOnnx, KeepsThePlaceOfOneChannelInTheFileThatItCameFrom) {
  Sequential model({4, 6, 1});
  model.add(Conv2D{.filters = 1, .padding = Padding::same, .name = "out"});
  const auto from = [](const Shape& in_file) {
    return Record{.format = "onnx",
                  .file = {},
                  .producer = {},
                  .version = {},
                  .inputs = {{.name = "input", .foreign = "x", .foreign_shape = in_file, .axes = {}, .seen_as = {}}},
                  .outputs = {{.name = "out", .foreign = "y", .foreign_shape = in_file, .axes = {}, .seen_as = {}}},
                  .layers = {},
                  .lost = {},
                  .recognised = {},
                  .warnings = {}};
  };
  const Record first = from({1, 4, 6}), last = from({4, 6, 1});
  const Written channels_first(model, {}, &first), channels_last(model, {}, &last);
  EXPECT_EQ(dims_of(channels_first.proto->graph().input(0)), (Sizes{-1, 1, 4, 6}));
  EXPECT_EQ(dims_of(channels_first.proto->graph().output(0)), (Sizes{-1, 1, 4, 6}));
  EXPECT_EQ(dims_of(channels_last.proto->graph().input(0)), (Sizes{-1, 4, 6, 1}));
  EXPECT_EQ(dims_of(channels_last.proto->graph().output(0)), (Sizes{-1, 4, 6, 1}));
}

TEST(ExportOnnx, RefusesWeightsThatDoNotFitAndWritesNothing) {
  Sequential model({4});
  model.add(Dense{.units = 3});
  const TestFolder folder;
  EXPECT_SAYS(error_of([&] { export_onnx(model, {}, folder / "net.onnx"); }), "dense/kernel");
  EXPECT_SAYS(error_of([&] {
                export_onnx(model, drawn_weights(model, 1), folder / "net.onnx", {.training = true, .fold = true});
              }),
              "fold");
  EXPECT_EQ(folder.files(), 0u);
}

TEST(ExportOnnx, BringsBackWhatOnnxCannotSay) {
  Sequential model({6, 6, 3});
  model.add(Rescaling{.scale = 1 / 63.86, .offset = -120.69 / 63.86}, Conv2D{.filters = 4, .trainable = false},
            BatchNormalization{.unbiased_moving_variance = true, .cumulative_average = true},
            SpatialDropout2D{.rate = 0.1}, Flatten{}, Dense{.units = 2});
  const Written written(model);
  const auto back = import_own_model(*written.proto, "net.onnx");
  ASSERT_TRUE(back);
  EXPECT_EQ(write_model_file(back->file), write_model_file({.model = model}));
  for (const auto& [name, tensor] : written.weights.tensors) {
    const Tensor* found = back->weights.find(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->shape(), tensor.shape()) << name;
    EXPECT_EQ(std::memcmp(found->data(), tensor.data(), tensor.bytes()), 0) << name;
  }
}

TEST(ExportOnnx, RefusesItsOwnMetadataIfTheyAreDamaged) {
  Sequential model({4});
  model.add(Dense{.units = 3});
  const Written written(model);
  const auto error_with = [&](const std::string& key, const std::string& from, const std::string& to) {
    ModelProto changed = *written.proto;
    for (auto& entry : *changed.mutable_metadata_props())
      if (entry.key() == key) entry.mutable_value()->replace(entry.value().find(from), from.size(), to);
    return error_of([&] { import_own_model(changed, "net.onnx"); });
  };
  EXPECT_SAYS(error_with(kOwnModel, "units = 3", "units = 4"), "net.onnx");
  EXPECT_SAYS(error_with(kOwnModel, "Dense", "Tense"), "net.onnx");
  EXPECT_SAYS(error_with(kOwnRecord, "\"name\":\"input\"", "\"name\":\"x\""), kOwnRecord);
  EXPECT_SAYS(error_with(kOwnRecord, "{", "["), "net.onnx");
}

TEST(ExportOnnx, BelievesItsOwnMetadataOnlyAsLongAsTheGraphIsTheSame) {
  Sequential model({4});
  model.add(Rescaling{.scale = 0.5}, Dense{.units = 3});
  Written written(model);
  const auto change = [&](auto how) {
    ModelProto changed = *written.proto;
    how(*changed.mutable_graph());
    return import_own_model(changed, "net.onnx").has_value();
  };
  const auto find = [](GraphProto& graph, const std::string& name) -> TensorProto& {
    for (TensorProto& tensor : *graph.mutable_initializer())
      if (tensor.name() == name) return tensor;
    throw std::runtime_error(name);
  };
  EXPECT_TRUE(change([](GraphProto&) {}));
  EXPECT_TRUE(change([&](GraphProto& graph) { (*find(graph, "dense.weight").mutable_raw_data())[3] = 'x'; }));
  EXPECT_FALSE(change([&](GraphProto& graph) { (*find(graph, "rescaling.scale").mutable_raw_data())[3] = 'x'; }));
  EXPECT_FALSE(change([](GraphProto& graph) { graph.mutable_node(0)->set_op_type("Add"); }));
  EXPECT_FALSE(change([](GraphProto& graph) { graph.mutable_node()->RemoveLast(); }));
}

}  // namespace
}  // namespace evenkeel::interchange
