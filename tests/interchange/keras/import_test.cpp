#include "tests/interchange/keras/testing.h"

#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::keras {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The arrays of a fixture that are inputs of the model.
std::map<std::string, Tensor> inputs_in(std::map<std::string, Tensor>& arrays, const Model& model) {
  std::map<std::string, Tensor> inputs;
  for (const Model::Input& input : model.inputs())
    inputs[input.name] = std::move(arrays.at(arrays.contains(input.name) ? input.name : "x"));
  return inputs;
}

/// Sums of float32 in another order: 1e-6 of the largest term, through a few layers.
constexpr double kRounding = 1e-5;

void expect_outputs_of_keras(const Imported& imported, const std::string& arrays_of) {
  auto arrays = formats::read_npz(fixture(arrays_of + ".npz"));
  const auto inputs = inputs_in(arrays, imported.file.model);
  const auto network = network_of(imported.file.model, imported.weights);
  for (const auto& [mode, name] : {std::pair(Mode::evaluate, "_evaluate"), std::pair(Mode::train, "_train")}) {
    const auto outputs = run_arrays(*network, inputs, mode);
    EXPECT_EQ(outputs.size(), imported.record.outputs.size());
    for (const auto& [output, tensor] : outputs)
      EXPECT_LT(relative_distance(tensor, arrays.at(output + name)), kRounding) << output << name;
  }
}

TEST_F(Keras, FilesComputeTheSameInBothModes) {
  expect_outputs_of_keras(import_keras(folder_.file("functional.keras")), "functional");
  expect_outputs_of_keras(import_keras(folder_.file("functional.h5")), "functional");
  expect_outputs_of_keras(import_keras(folder_.file("tf_keras.h5")), "tf_keras");
}

TEST_F(Keras, BothFormatsHaveTheSameModelAndWeights) {
  const Imported one = import_keras(folder_.file("functional.keras")),
                 other = import_keras(folder_.file("functional.h5"));
  EXPECT_EQ(write_model_file(one.file), write_model_file(other.file));
  ASSERT_EQ(one.weights.tensors.size(), other.weights.tensors.size());
  for (const auto& [name, tensor] : one.weights.tensors)
    EXPECT_TRUE(same_bits(tensor, *other.weights.find(name))) << name;
  for (const auto& [name, tensor] : one.slots.tensors) EXPECT_TRUE(same_bits(tensor, *other.slots.find(name))) << name;
}

TEST_F(Keras, NestedModelsAreFlattenedAndKeepTheirNamesInTheRecord) {
  const Imported imported = import_keras(folder_.file("functional.keras"));
  const LayerRecord* layer = imported.record.find("backbone.bn");
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->foreign, "backbone/bn");
  EXPECT_EQ(layer->type, "BatchNormalization");
  ASSERT_EQ(layer->tensors.size(), 4u);
  EXPECT_EQ(layer->tensors[2].name, "backbone.bn/moving_mean");
  EXPECT_EQ(layer->tensors[2].foreign, "layers/sequential/layers/batch_normalization/vars/2");
  EXPECT_THAT(imported.record.version, HasSubstr("Keras 3."));
  EXPECT_EQ(imported.record.format, "keras");
}

TEST_F(Keras, LayersKeepWhatTrainingNeeds) {
  const Imported imported = import_keras(folder_.file("functional.keras"));
  const std::string text = write_model_file(imported.file);
  EXPECT_THAT(text, HasSubstr("name = \"backbone.bn\"\nfrozen_statistics = true\ntrainable = false"));
  EXPECT_THAT(text, HasSubstr("kernel_regularizer = \"l2(0.0001)\""));
  EXPECT_THAT(text, HasSubstr("name = \"stem_bn\"\nmomentum = 0.9\nepsilon = 1e-05\nscale = false"));
  EXPECT_THAT(text, HasSubstr("loss = \"sparse_categorical_crossentropy\""));
  EXPECT_THAT(text, HasSubstr("optimizer = \"adam\"\nlearning_rate = 0.002"));
}

TEST_F(Keras, TheStateOfAdamHasTheLayoutOfOurCheckpoints) {
  const Imported imported = import_keras(folder_.file("functional.keras"));
  EXPECT_EQ(imported.slots.metadata.at("step"), "3");  // 6 samples, batches of 2
  Network network(imported.file.model,
                  {.loss = loss_named("sparse_categorical_crossentropy"), .optimizer = optimizer_named("adam")});
  network.runner(1, Targets::labels, Network::Use::training);
  for (const char* slot : {"adam/m", "adam/v"}) {
    const Tensor* tensor = imported.slots.find(slot);
    ASSERT_TRUE(tensor) << slot;
    EXPECT_EQ(tensor->shape(), network.store().slots.get(slot).shape) << slot;
    const auto values = tensor->as<float>();
    EXPECT_TRUE(std::ranges::any_of(values, [](float v) { return v != 0; })) << slot;
  }
}

TEST_F(Keras, TheVelocityOfSgdIsKept) {
  const Imported imported = import_keras(folder_.file("tf_keras.h5"));
  EXPECT_EQ(imported.slots.metadata.at("step"), "2");
  ASSERT_TRUE(imported.slots.find("sgd/velocity"));
  EXPECT_THAT(write_model_file(imported.file), HasSubstr("optimizer = \"sgd\"\nlearning_rate = 0.05\nmomentum = 0.9"));
}

TEST_F(Keras, Keras2KeepsItsUnbiasedVarianceAndItsHardSigmoid) {
  const std::string text = write_model_file(import_keras(folder_.file("tf_keras.h5")).file);
  EXPECT_THAT(text, HasSubstr("unbiased_moving_variance = true"));
  EXPECT_THAT(text, HasSubstr("scale = 0.2\noffset = 0.5"));
  EXPECT_THAT(text, HasSubstr("activation = \"clip(0, 1)\""));
}

/// A file that has only a config: a chain of layers with these classes and configs.
Imported of_layers(const std::vector<std::pair<std::string, Json>>& layers, const std::string& version = "3.15.1") {
  File file{.where = "x.keras", .is_archive = true};
  file.keras_version = version;
  Json list =
      Json::array({{{"class_name", "InputLayer"}, {"config", {{"name", "in"}, {"batch_shape", {nullptr, 4, 4, 2}}}}}});
  for (const auto& [type, config] : layers) {
    Json own = config;
    own["name"] = "layer_" + std::to_string(list.size());
    list.push_back({{"module", type == "Mine" ? "my_package" : "keras.layers"}, {"class_name", type}, {"config", own}});
  }
  file.config = {{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", list}}}};
  return imported_from(file);
}

TEST(KerasConfig, OneErrorNamesEverythingThatIsNotSupported) {
  EXPECT_THAT(error_of([] {
                of_layers({{"Lambda", {}},
                           {"Flatten", {}},
                           {"Mine", {}},
                           {"Lambda", {}},
                           {"MaxPooling2D", {{"data_format", "channels_first"}}},
                           {"GaussianNoise", {{"stddev", 1}}}});
              }),
              AllOf(HasSubstr("Lambda (2: \"layer_1\", \"layer_4\")"), HasSubstr("Mine (1: \"layer_3\")"),
                    HasSubstr("MaxPooling2D with data_format \"channels_first\" (1: \"layer_5\")"),
                    HasSubstr("GaussianNoise (1: \"layer_6\")")));
}

TEST(KerasConfig, AugmentationIsLeftOutWithAWarning) {
  const Imported imported =
      of_layers({{"RandomFlip", {{"mode", "horizontal"}}}, {"RandomRotation", {{"factor", 0.1}}}, {"Flatten", {}}});
  EXPECT_EQ(imported.file.model.layers(), 1);
  EXPECT_THAT(imported.record.warnings,
              ElementsAre(AllOf(HasSubstr("augmentation is left out"), HasSubstr("\"layer_1\", \"layer_2\""))));
}

TEST(KerasConfig, ActivationLayersKeepTheirParameters) {
  const Imported imported = of_layers({{"ReLU", {{"max_value", 6.0}, {"negative_slope", 0.0}}},
                                       {"LeakyReLU", {{"negative_slope", 0.1}}},
                                       {"LeakyReLU", {{"alpha", 0.2}}},
                                       {"ELU", {{"alpha", 0.5}}},
                                       {"Softmax", {{"axis", -1}}},
                                       {"Activation", {{"activation", "hard_silu"}}}});
  std::vector<std::string> names;
  for (const Model::Node& node : imported.file.model.nodes()) names.push_back(name_of(node.layer.traits().activation));
  EXPECT_THAT(names, ElementsAre("relu6", "leaky_relu(0.1)", "leaky_relu", "elu(0.5)", "softmax", "hard_swish"));
}

TEST(KerasConfig, NoiseKeepsItsRateAndShape) {
  const Imported imported = of_layers({{"Dropout", {{"rate", 0.3}, {"noise_shape", {nullptr, 1, 1, nullptr}}}},
                                       {"SpatialDropout2D", {{"rate", 0.2}}},
                                       {"GaussianDropout", {{"rate", 0.1}}}});
  const std::string text = write_model_file(imported.file);
  EXPECT_THAT(text, AllOf(HasSubstr("rate = 0.3\nnoise_shape = [-1, 1, 1, -1]"),
                          HasSubstr("type = \"SpatialDropout2D\""), HasSubstr("type = \"GaussianDropout\"")));
}

TEST(KerasConfig, PreprocessingBecomesLayersOfTheModel) {
  const Imported imported = of_layers(
      {{"Resizing", {{"height", 8}, {"width", 6}, {"interpolation", "bilinear"}, {"crop_to_aspect_ratio", false}}},
       {"Rescaling", {{"scale", {0.5, 0.25}}, {"offset", 1}}},
       {"Normalization", {{"axis", {-1}}, {"mean", {1, 2}}, {"variance", {4, 9}}}}});
  const std::string text = write_model_file(imported.file);
  EXPECT_THAT(text, AllOf(HasSubstr("type = \"Resizing\""), HasSubstr("mean = [1.0, 2.0]\nvariance = [4.0, 9.0]"),
                          HasSubstr("mean = [-2.0, -4.0]\nvariance = [4.0, 16.0]")));
}

TEST(KerasConfig, AHardSigmoidInPartsIsRecognised) {
  File file{.where = "x.keras", .is_archive = true};
  const auto tensor = [](const char* name) {
    return Json{{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {name, 0, 0}}}}};
  };
  const auto layer = [](const char* module, const char* type, const char* name, const Json& config, const Json& reads) {
    return Json{{"module", module},
                {"class_name", type},
                {"name", name},
                {"config", config},
                {"inbound_nodes", {{{"args", reads}, {"kwargs", Json::object()}}}}};
  };
  Json layers = Json::array();
  layers.push_back({{"class_name", "InputLayer"}, {"name", "in"}, {"config", {{"batch_shape", {nullptr, 4}}}}});
  layers.push_back(layer("keras.src.ops.numpy", "Add", "add", Json::object(), {tensor("in"), 3.0}));
  layers.push_back(layer("keras.layers", "ReLU", "relu", {{"max_value", 6.0}}, Json::array({tensor("add")})));
  layers.push_back(layer("keras.src.ops.numpy", "Multiply", "mul", Json::object(), {tensor("relu"), 1.0 / 6}));
  file.config = {
      {"class_name", "Functional"},
      {"config",
       {{"name", "m"}, {"layers", layers}, {"input_layers", {"in", 0, 0}}, {"output_layers", {"mul", 0, 0}}}}};
  const Imported imported = imported_from(file);
  ASSERT_EQ(imported.file.model.layers(), 1);
  EXPECT_EQ(imported.file.model.nodes()[0].layer.traits().activation, ActivationFunction::hard_sigmoid);
  EXPECT_THAT(imported.record.recognised, ElementsAre(AllOf(HasSubstr("a hard sigmoid"), HasSubstr("\"mul\""))));
}

TEST(KerasConfig, SharedLayersAreRefused) {
  File file{.where = "x.keras", .is_archive = true};
  const Json call{{"in", 0, 0, Json::object()}};
  file.config = {
      {"class_name", "Functional"},
      {"config",
       {{"name", "m"},
        {"layers",
         {{{"class_name", "InputLayer"},
           {"name", "in"},
           {"config", {{"batch_input_shape", {nullptr, 4}}}},
           {"inbound_nodes", Json::array()}},
          {{"class_name", "Dense"}, {"name", "d"}, {"config", {{"units", 4}}}, {"inbound_nodes", {call, call}}}}},
        {"input_layers", {{"in", 0, 0}}},
        {"output_layers", {{"d", 0, 0}}}}}};
  EXPECT_THAT(error_of([&] { imported_from(file); }), HasSubstr("Dense used more than once (shared) (1: \"d\")"));
}

TEST(KerasConfig, GraphsWithCyclesOrUnknownLayersAreErrors) {
  const auto of = [](const char* first, const char* second) {
    File file{.where = "x.keras", .is_archive = true};
    const auto layer = [](const char* name, const char* reads) {
      return Json{
          {"class_name", "Flatten"}, {"name", name}, {"config", Json::object()}, {"inbound_nodes", {{{reads, 0, 0}}}}};
    };
    file.config = {{"class_name", "Functional"},
                   {"config",
                    {{"name", "m"},
                     {"layers",
                      {{{"class_name", "InputLayer"}, {"name", "in"}, {"config", {{"batch_shape", {nullptr, 4}}}}},
                       layer("a", first),
                       layer("b", second)}},
                     {"input_layers", {{"in", 0, 0}}},
                     {"output_layers", {{"b", 0, 0}}}}}};
    return error_of([&] { imported_from(file); });
  };
  EXPECT_THAT(of("b", "a"), HasSubstr("a graph without cycles"));
  EXPECT_THAT(of("in", "c"), AllOf(HasSubstr("\"b\""), HasSubstr("received \"c\"")));
}

TEST_F(Keras, AFileOfWeightsAloneSaysWhatToDo) {
  const Tensor numbers({2}, DType::float32);
  const auto bytes = formats::encode_hdf5({{.path = "layers/dense/vars/0", .tensor = numbers.view()}}, "x");
  formats::write_file_atomically(folder_ / "x.weights.h5", bytes);
  EXPECT_THAT(error_of([&] { import_keras(folder_ / "x.weights.h5"); }),
              AllOf(HasSubstr("its weights alone"), HasSubstr("model.save(\"model.keras\")")));
}

TEST_F(Keras, DamagedFilesAreErrorsAtEveryLength) {
  const formats::Bytes bytes = formats::read_file(folder_.file("functional.keras"));
  for (std::size_t size = 0; size < bytes.size(); size += 499)
    EXPECT_NE(error_of([&] {
                open_bytes({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}, "x");
              }),
              "")
        << size;
}

TEST_F(Keras, AZipInsideAZipIsRefused) {
  formats::AtomicFile out(folder_ / "x.keras");
  formats::ZipWriter zip(out);
  zip.add("metadata.json", {formats::view_of("{}")}, false);
  zip.add("config.json", {formats::view_of("{}")}, false);
  zip.add("model.weights.h5", {formats::view_of("PK\x03\x04...")}, false);
  zip.finish();
  out.commit();
  EXPECT_THAT(error_of([&] { import_keras(folder_ / "x.keras"); }), HasSubstr("a zip archive inside a zip archive"));
}

}  // namespace
}  // namespace evenkeel::interchange::keras
