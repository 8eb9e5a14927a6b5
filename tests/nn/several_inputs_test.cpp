#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evenkeel/nn/model_file.h"
#include "evenkeel/nn/summary.h"
#include "tests/nn/helpers.h"
#include "tests/nn/network.h"
#include "tests/support/trial.h"
#include "tests/support/two_inputs.h"

namespace evenkeel {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

std::set<std::string> layers_with_lines(const CompiledModel& compiled) {
  std::set<std::string> labels;
  for (const Node& node : compiled.program->nodes()) labels.insert(node.label);
  return labels;
}

Values gradients_of(const Model& model, CompileOptions options) {
  Memory memory;
  Compiled network(model, options, memory);
  network.run();
  Values values;
  for (const auto& entry : network.compiled.program->gradients.entries)
    values[entry.name] = in_double(memory.store.gradients.get(entry.name));
  return values;
}

TEST(SeveralInputs, AreReadByTheirNames) {
  const Model model = two_inputs_model();
  EXPECT_EQ(model.nodes()[0].inputs, std::vector<int>{-1});
  EXPECT_EQ(model.nodes()[static_cast<std::size_t>(model.find("age_norm"))].inputs, std::vector<int>{-2});
  EXPECT_EQ(model.name_of(-2), "age");
  EXPECT_EQ(model.input_at(-2).shape, Shape{2});
}

TEST(SeveralInputs, AreRefusedUnderNamesThatMeanSomethingElse) {
  const auto refusal = [](std::vector<Model::Input> inputs) {
    return error_of([&] { Model::with_inputs(std::move(inputs)); });
  };
  EXPECT_SAYS(refusal({}), "expected 1 to 256 inputs, received 0");
  EXPECT_SAYS(refusal({{"a", {2}}, {"a", {3}}}), "input \"a\": expected a name of its own");
  EXPECT_SAYS(refusal({{"labels", {2}}}), "input \"labels\"");
  EXPECT_SAYS(refusal({{"a/b", {2}}}), "without slashes");
  EXPECT_SAYS(refusal({{"a", {}}}), "the shape of one sample");
  EXPECT_SAYS(refusal(std::vector<Model::Input>(257, {"a", {2}})), "received 257");
}

TEST(SeveralInputs, KeepTheirNamesFromLayers) {
  Model model = two_inputs_model();
  EXPECT_SAYS(error_of([&] { model.append(Dense{.units = 2, .name = "age"}); }), "not that of an input");
  EXPECT_SAYS(error_of([&] { model.append(Input{}); }), "Other layers read the inputs by their names");
  EXPECT_SAYS(error_of([&] { model.append(Dense{.units = 2}, {"aeg"}); }), "Did you mean \"age\"?");
  EXPECT_SAYS(error_of([&] { model.append(Dense{.units = 2}, {"input"}); }), "layers that come before it");
}

TEST(SeveralInputs, MustAllBeRead) {
  Model model = Model::with_inputs({{"image", {4}}, {"age", {2}}});
  model.append(Dense{.units = 2});
  EXPECT_EQ(error_of([&] { weights_of(model); }),
            "input \"age\": expected a layer that reads it, received none. Name it in the `inputs` of a layer, or "
            "remove it from the model's inputs.");
}

TEST(SeveralInputs, HaveGradients) {
  Memory memory;
  CompileOptions options = training(DType::float64);
  options.input_gradient = true;
  options.loss_weights = {0.5, 2};
  Compiled network(two_inputs_model(), options, memory);
  for (LayerMode& mode : network.step.modes) mode.update_statistics = false;
  network.run();
  const auto minimized = [&] {
    // The sum that is minimized has no name: it is computed from both heads by another program.
    double sum = 0;
    for (const auto& [head, weight] : {std::pair("classes", 0.5), std::pair("aux", 2.0)}) {
      const std::vector<double> scores = network.read(std::string(head) + "/output");
      const auto labels = network.bound[2]->as<std::int32_t>();
      for (std::size_t i = 0; i < labels.size(); ++i) {
        double total = 0;
        for (std::size_t k = 0; k < 3; ++k) total += std::exp(scores[3 * i + k]);
        const double loss = std::log(total) - scores[3 * i + static_cast<std::size_t>(labels[i])];
        sum += weight * loss / static_cast<double>(labels.size());
      }
    }
    return sum;
  };
  for (std::size_t input = 0; input < 2; ++input) {
    const auto x = network.bound[input]->as<double>();
    network.run();
    const std::vector<double> gradient = network.read(input == 0 ? "image/gradient" : "age/gradient");
    for (std::size_t i = 0; i < x.size(); i += x.size() / 9 + 1) {
      constexpr double kStep = 1e-6;
      const double at = x[i];
      const auto loss_at = [&](double moved) {
        x[i] = moved;
        network.run();
        return minimized();
      };
      const double numerical = (loss_at(at + kStep) - loss_at(at - kStep)) / (2 * kStep);
      x[i] = at;
      EXPECT_NEAR(gradient[i], numerical, 1e-7) << input << ", element " << i;
    }
  }
}

TEST(SeveralOutputs, AreTheLastLayerWhereNoneAreNamed) {
  Model model({4});
  EXPECT_TRUE(model.outputs().empty());
  model.append(Dense{.units = 2, .name = "a"});
  model.append(Dense{.units = 2, .name = "b"});
  EXPECT_THAT(model.outputs(), ElementsAre(1));
  model.set_outputs({"a"});
  EXPECT_THAT(model.outputs(), ElementsAre(0));
  EXPECT_TRUE(model.is_output(0));
  EXPECT_FALSE(model.is_output(1));
}

TEST(SeveralOutputs, AreRefusedWhereNoLayerHasTheName) {
  Model model = two_inputs_model();
  EXPECT_SAYS(error_of([&] { model.set_outputs({"clases"}); }), "Did you mean \"classes\"?");
  EXPECT_SAYS(error_of([&] { model.set_outputs({"aux", "aux"}); }), "each layer once");
  EXPECT_SAYS(error_of([&] { model.set_outputs({}); }), "expected 1 to 256 layers, received 0");
  EXPECT_SAYS(error_of([&] { model.set_outputs({"image"}); }), "expected layers of the model");
}

TEST(SeveralOutputs, AreAllComputedWithoutTargets) {
  const CompiledModel compiled = compile(two_inputs_model(), {.batch_size = 5});
  EXPECT_EQ(compiled.outputs, "classes/output");
  EXPECT_THAT(compiled.all_outputs, ElementsAre("classes/output", "aux/output"));
}

TEST(SeveralOutputs, MayEndInAnActivationThatTheLossIsNotFor) {
  Model model({4});
  model.append(Dense{.units = 3, .activation = softmax, .name = "classes"});
  model.append(Dense{.units = 2, .activation = sigmoid, .name = "where"}, {"input"});
  model.set_outputs({"classes", "where"});
  CompileOptions options{.batch_size = 5, .loss = SoftmaxCrossEntropy{}};
  EXPECT_EQ(compile(model, options).all_outputs[1], "where/output");
  options.targets = Targets::labels;
  EXPECT_EQ(compile(model, options).all_outputs[1], "");
}

TEST(SeveralOutputs, CostNothingWhereTheyAreNeitherScoredNorTrained) {
  CompileOptions options = training();
  for (const bool train : {false, true}) {
    options.train = train;
    const CompiledModel compiled = compile(two_inputs_model(), options);
    for (const char* layer : {"aux_conv", "aux_norm", "aux"})
      EXPECT_THAT(layers_with_lines(compiled), Not(Contains(layer))) << train;
    EXPECT_THAT(layers_with_lines(compiled), Contains("conv_norm"));
    EXPECT_THAT(compiled.all_outputs, ElementsAre("classes/output", ""));
  }
}

TEST(SeveralOutputs, KeepTheUpdatesOfLayersThatNoOutputReads) {
  Sequential model({4});
  model.append(Dense{.units = 3, .name = "trunk"});
  model.append(BatchNormalization{.name = "watched"});
  model.append(Dense{.units = 2, .name = "head"}, {"trunk"});
  EXPECT_THAT(layers_with_lines(compile(model, training())), Contains("watched"));
}

TEST(LossWeights, AddUpTheGradientsOfTheOutputs) {
  const Model model = two_inputs_model();
  CompileOptions options = training(DType::float64);
  options.loss_weights = {1, 0};
  const Values main = gradients_of(model, options);
  options.loss_weights = {};
  EXPECT_EQ(gradients_of(model, options), main);
  options.loss_weights = {0, 1};
  const Values auxiliary = gradients_of(model, options);
  options.loss_weights = {0.75, 0.3};
  for (const auto& [name, gradient] : gradients_of(model, options)) {
    std::vector<double> expected = main.at(name);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = 0.75 * expected[i] + 0.3 * auxiliary.at(name)[i];
    EXPECT_TRUE(agree(gradient, expected, 1e-12)) << name;
  }
}

TEST(LossWeights, LeavePenaltiesAndTheReportedLossAsTheyAre) {
  Model model({4});
  model.append(Dense{.units = 3, .kernel_regularizer = L2{0.1}, .name = "a"});
  model.append(Dense{.units = 3, .name = "b"}, {"input"});
  model.set_outputs({"a", "b"});
  CompileOptions options = training(DType::float64);
  Memory of_plain, memory;  // with the same weights, of the same seed
  Compiled plain(model, options, of_plain);
  options.loss_weights = {0, 1};
  Compiled weighted(model, options, memory);
  plain.run();
  weighted.run();
  EXPECT_EQ(weighted.read(weighted.compiled.loss), plain.read(plain.compiled.loss));
  // Without weight, the penalty alone moves the kernel.
  const std::vector<double> kernel = in_double(memory.store.parameters.get("a/kernel"));
  const std::vector<double> gradient = in_double(memory.store.gradients.get("a/kernel/gradient"));
  for (std::size_t i = 0; i < kernel.size(); ++i) EXPECT_NEAR(gradient[i], 2 * 0.1 * kernel[i], 1e-15);
}

TEST(LossWeights, MustFitTheOutputs) {
  CompileOptions options = training();
  options.loss_weights = {1, 0.3, 0.3};
  EXPECT_SAYS(error_of([&] { compile(two_inputs_model(), options); }), "loss_weights: expected 2 numbers");
  options.loss_weights = {1, 0.3};
  Model model({4});
  model.append(Dense{.units = 3, .name = "a"});
  model.append(Dense{.units = 5, .name = "b"}, {"input"});
  model.set_outputs({"a", "b"});
  EXPECT_SAYS(error_of([&] { compile(model, options); }),
              "layer \"b\": expected [N, 3], because an output with a loss weight has the targets of \"a\"");
}

TEST(SeveralInputs, AreWrittenAndReadAgain) {
  const std::string text = write_model_file({two_inputs_model(), {}});
  EXPECT_SAYS(text,
              "name = \"two_inputs\"\noutputs = [\"classes\", \"aux\"]\n\n[inputs]\nimage = [6, 6, 3]\nage = [2]\n\n"
              "[[layer]]\ntype = \"BatchNormalization\"\nname = \"image_norm\"\nmomentum = 0.8\n");
  EXPECT_SAYS(text, "inputs = [\"age\"]");
  const Model read = parse_model_file(text, "m.toml").model;
  EXPECT_EQ(read.inputs(), two_inputs_model().inputs());
  EXPECT_EQ(read.outputs(), two_inputs_model().outputs());
  EXPECT_EQ(write_model_file({read, {}}), text);
}

TEST(SeveralInputs, ComeInTheOrderOfTheFile) {
  const std::string layers =
      "[[layer]]\ntype = \"Add\"\ninputs = [\"z\", \"a\", \"a b\"]\n[[layer]]\ntype = \"Dense\"\nunits = 1\n";
  const Model table = parse_model_file("[inputs]\nz = [2]\na = [2]\n\"a b\" = [2]\n" + layers, "m.toml").model;
  const Model line = parse_model_file("inputs = { z = [2], a = [2], \"a b\" = [2] }\n" + layers, "m.toml").model;
  EXPECT_EQ(table.inputs(), (std::vector<Model::Input>{{"z", {2}}, {"a", {2}}, {"a b", {2}}}));
  EXPECT_EQ(line.inputs(), table.inputs());
  EXPECT_EQ(parse_model_file(write_model_file({table, {}}), "m.toml").model.inputs(), table.inputs());
}

TEST(SeveralInputs, OfAFileSayWhereAMistakeIs) {
  const std::string layer = "[[layer]]\ntype = \"Dense\"\nunits = 2\ninputs = \"a\"\n";
  const auto refusal = [](const std::string& text) { return error_of([&] { parse_model_file(text, "m.toml"); }); };
  EXPECT_SAYS(refusal("input = [3]\n[inputs]\na = [3]\n" + layer), "m.toml:2: expected either \"input\" or [inputs]");
  EXPECT_SAYS(refusal("inputs = [3]\n" + layer), "m.toml:1: \"inputs\": expected a table [inputs]");
  EXPECT_SAYS(refusal("[inputs]\na = 3\n" + layer), "\"a\": expected the shape of one sample");
  EXPECT_SAYS(refusal("[inputs]\na = [0]\n" + layer), "input \"a\": expected the shape of one sample");
  EXPECT_SAYS(refusal("[inputs]\na = [3]\nb = [2]\n" + layer), "m.toml: input \"b\": expected a layer that reads it");
  EXPECT_SAYS(refusal("outptus = [\"a\"]\n[inputs]\na = [3]\n" + layer), "Did you mean \"outputs\"?");
  EXPECT_SAYS(refusal("outputs = [\"dens\"]\n[inputs]\na = [3]\n" + layer), "m.toml:1: outputs: expected layers");
  EXPECT_SAYS(refusal("outputs = [1]\n[inputs]\na = [3]\n" + layer), "\"outputs\": expected a layer's name");
  EXPECT_SAYS(refusal("outputs = []\n[inputs]\na = [3]\n" + layer), "\"outputs\"");
}

TEST(Summary, ListsAllInputsAndNamesTheOutputs) {
  const ModelSummary counted = summarize(two_inputs_model());
  EXPECT_EQ(counted.layers[0].name, "image");
  EXPECT_EQ(counted.layers[1].name, "age");
  EXPECT_EQ(counted.layers[1].type, "InputLayer");
  EXPECT_EQ(counted.layers[1].output_shape, Shape{2});
  EXPECT_FALSE(counted.is_chain);
  EXPECT_THAT(counted.outputs, ElementsAre("classes", "aux"));
  EXPECT_SAYS(to_string(counted), " Outputs: classes, aux\n");
}

}  // namespace
}  // namespace evenkeel
