#include "tests/interchange/onnx/imported_graph.h"

// Names, what the record says, and what is refused.

namespace evenkeel::interchange::onnx {
namespace {

using namespace bytes;

std::string normalization(const std::string& x, const std::string& module, const std::string& y,
                          const Names& attributes) {
  return node("BatchNormalization",
              {x, module + ".weight", module + ".bias", module + ".running_mean", module + ".running_var"}, {y},
              attributes);
}

Names vectors(const std::string& module) {
  Names all;
  for (const char* what : {".weight", ".bias", ".running_mean", ".running_var"})
    all.push_back(tensor(module + what, {2}, raw<float>({1.5f, 2})));
  return all;
}

bool mentions(const std::vector<std::string>& sentences, const std::string& part) {
  return std::ranges::any_of(sentences, [&](const std::string& sentence) { return contains(sentence, part); });
}

TEST(OnnxNames, AreThoseOfTheUsersModules) {
  const TestFolder folder;
  const Imported net = imported(folder, {.nodes = {normalization("x", "layer1.0.bn1", "b", {}),
                                                   node("Relu", {"b"}, {"r"}, {}, "/layer1/layer1.0/relu/Relu"),
                                                   node("Add", {"r", "x"}, {"s"}, {}, "/layer1/layer1.0/Add"),
                                                   node("Relu", {"s"}, {"y"}, {}, "/layer1/layer1.0/relu_1/Relu")},
                                         .initializers = vectors("layer1.0.bn1")});
  std::vector<std::string> names;
  for (const Model::Node& one : net.file.model.nodes()) names.push_back(one.layer.name());
  EXPECT_EQ(names, (std::vector<std::string>{"layer1.0.bn1", "layer1.0.relu", "layer1.0.Add", "layer1.0.relu_1"}));
  EXPECT_EQ(net.record.find("layer1.0.relu")->foreign, "/layer1/layer1.0/relu/Relu");
}

TEST(OnnxNames, AreWhatAModelAllowsAndDiffer) {
  const TestFolder folder;
  const Imported net =
      imported(folder, {.nodes = {node("Relu", {"x"}, {"a"}, {}, "input"), node("Relu", {"a"}, {"b"}, {}, "a/\"b\""),
                                  node("Relu", {"b"}, {"y"}, {}, "a/\"b\"")}});
  std::vector<std::string> names;
  for (const Model::Node& one : net.file.model.nodes()) names.push_back(one.layer.name());
  EXPECT_EQ(names, (std::vector<std::string>{"input_1", "a.'b'", "a.'b'_1"}));
}

TEST(OnnxRecord, SaysWhatAFileInEvaluationFormCannotTell) {
  const TestFolder folder;
  const Imported net = imported(folder, {.nodes = {normalization("x", "bn", "y", {})}, .initializers = vectors("bn")});
  EXPECT_EQ(net.record.version, "opset 17");
  EXPECT_TRUE(mentions(net.record.lost, "momentum of 1 of 1"));
  EXPECT_TRUE(mentions(net.record.lost, "dropout"));
  EXPECT_TRUE(mentions(net.record.lost, "How often the moving statistics"));
  EXPECT_EQ(net.file.model.nodes()[0].layer.as<BatchNormalization>()->momentum, 0.9);
}

TEST(OnnxRecord, CountsTheUpdatesOfMovingStatistics) {
  const TestFolder folder;
  Names initializers = vectors("bn");
  initializers.push_back(tensor("bn.num_batches_tracked", {}, raw<std::int64_t>({321}), kInt64));
  const Imported net = imported(folder, {.nodes = {normalization("x", "bn", "y", {})}, .initializers = initializers});
  EXPECT_EQ(net.record.layers[0].updates, 321);
  EXPECT_FALSE(mentions(net.record.lost, "How often"));
}

TEST(OnnxRecord, SaysThatNormalizationsAreFoldedAndHowToExportAgain) {
  const TestFolder folder;
  const Imported net =
      imported(folder, {.nodes = {node("Conv", {"x", "onnx::Conv_12", "onnx::Conv_13"}, {"y"})},
                        .initializers = {weights("onnx::Conv_12", {3, 2, 1, 1}, 1), weights("onnx::Conv_13", {3}, 2)}});
  EXPECT_TRUE(mentions(net.record.lost, "exported in evaluation mode: there is no normalization left to examine"));
  EXPECT_TRUE(mentions(net.record.lost, "training=torch.onnx.TrainingMode.TRAINING"));
  EXPECT_TRUE(mentions(net.record.lost, "dynamo=True, optimize=False"));
}

TEST(OnnxRecord, ANormalizationInEvaluationFormAmongOthersInTrainingFormIsFrozen) {
  const TestFolder folder;
  Names initializers = vectors("a");
  for (const std::string& more : vectors("b")) initializers.push_back(more);
  const Imported net = imported(
      folder, {.nodes = {normalization("x", "a", "h", {}),
                         node("BatchNormalization", {"h", "b.weight", "b.bias", "b.running_mean", "b.running_var"},
                              {"y", "m", "v"}, {integer("training_mode", 1)})},
               .initializers = initializers,
               .outputs = {value("y", {}), value("m", {}), value("v", {})}});
  EXPECT_TRUE(net.file.model.nodes()[0].layer.as<BatchNormalization>()->frozen_statistics);
  EXPECT_FALSE(net.file.model.nodes()[1].layer.as<BatchNormalization>()->frozen_statistics);
  EXPECT_EQ(net.record.outputs.size(), 1u);  // moving statistics are no outputs of a model
  EXPECT_TRUE(mentions(net.record.warnings, "\"m\" is a moving statistic"));
}

TEST(OnnxRecord, SaysThatASharedWeightIsCopied) {
  const TestFolder folder;
  const Imported net = imported(
      folder, {.nodes = {node("Conv", {"x", "shared.weight"}, {"a"}), node("Conv", {"a", "shared.weight"}, {"y"})},
               .initializers = {weights("shared.weight", {2, 2, 1, 1}, 3)}});
  EXPECT_TRUE(mentions(net.record.warnings, "\"shared.weight\" is a weight of both"));
  EXPECT_EQ(net.weights.tensors.size(), 2u);
}

TEST(OnnxRecord, KeepsDropoutWithItsRate) {
  const TestFolder folder;
  const Imported net = imported(folder, {.nodes = {node("Dropout", {"x", "ratio", "training"}, {"y"})},
                                         .initializers = {tensor("ratio", {}, raw<float>({0.25f})),
                                                          tensor("training", {}, std::string(1, '\1'), 9)}});
  EXPECT_EQ(net.file.model.nodes()[0].layer.as<Dropout>()->rate, 0.25);
}

TEST(OnnxImport, NamesAllOperatorsThatAreNotSupportedAtOnce) {
  const TestFolder folder;
  const std::string error = error_of([&] {
    imported(folder, {.nodes = {node("NonZero", {"x"}, {"a"}, {}, "first"), node("NonZero", {"a"}, {"b"}, {}, "second"),
                                node("Det", {"x"}, {"c"}, {}, "third"), node("Add", {"b", "c"}, {"y"})}});
  });
  EXPECT_SAYS(error, "2 x NonZero (first, second)");
  EXPECT_SAYS(error, "1 x Det (third)");
}

TEST(OnnxImport, NamesAResizeThatOursDoesNotCompute) {
  const TestFolder folder;
  const auto with = [&](const std::string& mode, std::int64_t size) {
    const std::string text = part(1, "mode") + part(4, mode) + bytes::number(20, 3);
    return error_of([&] {
      imported(folder, {.nodes = {node("Resize", {"x", "", "", "sizes"}, {"y"}, {text})},
                        .initializers = {tensor("sizes", {4}, raw<std::int64_t>({1, 2, size, size}), kInt64)},
                        .inputs = {value("x", {1, 2, 4, 4})}});
    });
  };
  EXPECT_EQ(with("nearest", 8), "");
  EXPECT_EQ(with("linear", 7), "");
  EXPECT_SAYS(with("cubic", 8), "mode \"cubic\"");
}

TEST(OnnxImport, TakesOpenSizesFromTheOptions) {
  const TestFolder folder;
  const Graph graph{.nodes = {node("Conv", {"x", "conv.weight"}, {"y"})},
                    .initializers = {weights("conv.weight", {3, 2, 3, 3}, 1)},
                    .inputs = {value("x", {0, 2, 0, 0})}};
  EXPECT_SAYS(error_of([&] { imported(folder, graph); }), "--input-shape");
  EXPECT_EQ(imported(folder, graph, 17, {.input_shape = Shape{8, 9, 2}}).file.model.input_shape(), (Shape{8, 9, 2}));
  EXPECT_SAYS(error_of([&] { imported(folder, graph, 17, {.input_shape = Shape{8, 9, 5}}); }), "2 on its axis 1");
}

TEST(OnnxImport, FoldsShapesIntoConstants) {
  const TestFolder folder;
  // view(x.size(0), -1) as PyTorch writes it
  const Imported net = imported(folder, {.nodes = {node("Shape", {"x"}, {"s"}), node("Gather", {"s", "zero"}, {"n"}),
                                                   node("Unsqueeze", {"n", "axes"}, {"n1"}),
                                                   node("Concat", {"n1", "rest"}, {"to"}, {integer("axis", 0)}),
                                                   node("Reshape", {"x", "to"}, {"y"})},
                                         .initializers = {tensor("zero", {}, raw<std::int64_t>({0}), kInt64),
                                                          tensor("axes", {1}, raw<std::int64_t>({0}), kInt64),
                                                          tensor("rest", {1}, raw<std::int64_t>({-1}), kInt64)}});
  Numbers expected({3, 2, 4, 4}, 1);
  expected.dims = {3, 32};
  expect_equal(computed(net, 3)[0], expected);
}

TEST(OnnxImport, TakesSamplesThatAreGatheredInTheirOrder) {
  const TestFolder folder;
  // as_strided(x, [N, 3]) as PyTorch 2.15 writes it: indices 3 n + 0, 1, 2 into the flattened samples
  const auto whole = [](const std::string& name, const Dims& dims, const std::vector<std::int64_t>& values) {
    return tensor(name, dims, raw(values), kInt64);
  };
  const Imported net = imported(
      folder, {.nodes = {node("Shape", {"x"}, {"s"}), node("Gather", {"s", "zero"}, {"n"}),
                         node("Range", {"zero", "n", "one"}, {"r"}), node("Mul", {"r", "three"}, {"m"}),
                         node("Unsqueeze", {"m", "axes"}, {"u"}), node("Add", {"u", "steps"}, {"i"}),
                         node("Reshape", {"x", "all"}, {"flat"}), node("Gather", {"flat", "i"}, {"y"})},
               .initializers = {whole("zero", {}, {0}), whole("one", {}, {1}), whole("three", {}, {3}),
                                whole("axes", {1}, {1}), whole("steps", {3}, {0, 1, 2}), whole("all", {1}, {-1})},
               .inputs = {value("x", {0, 3, 1, 1})}});
  Numbers expected({4, 3, 1, 1}, 1);
  expected.dims = {4, 3};
  expect_equal(computed(net, 4)[0], expected);
}

}  // namespace
}  // namespace evenkeel::interchange::onnx
