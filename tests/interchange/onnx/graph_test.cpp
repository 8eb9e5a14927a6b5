#include "evenkeel/interchange/onnx/graph.h"

#include <gtest/gtest.h>

namespace evenkeel::interchange::onnx {
namespace {

Node node(const std::string& op, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  return {.op = op,
          .domain = {},
          .name = op + '_' + outputs.at(0),
          .inputs = std::move(inputs),
          .outputs = std::move(outputs),
          .attributes = {},
          .origins = {}};
}

/// y = relu(x * sigmoid(x))
Graph swish_then_relu() {
  Graph graph;
  graph.inputs = {{"x", {kBatch, 3}}};
  graph.outputs = {"y"};
  graph.append(node("Sigmoid", {"x"}, {"s"}));
  graph.append(node("Mul", {"x", "s"}, {"m"}));
  graph.append(node("Relu", {"m"}, {"y"}));
  return graph;
}

TEST(OnnxGraph, KnowsWhoMakesAndWhoReadsAValue) {
  Graph graph = swish_then_relu();
  EXPECT_EQ(graph.producer("x"), nullptr);
  EXPECT_EQ(graph.producer("m")->op, "Mul");
  EXPECT_EQ(graph.consumers("x").size(), 2u);
  EXPECT_EQ(graph.only_consumer("m")->op, "Relu");
  EXPECT_EQ(graph.only_consumer("x"), nullptr);
  EXPECT_EQ(graph.only_consumer("y"), nullptr);
}

TEST(OnnxGraph, ReplacesNodesByOneThatRemembersThem) {
  Graph graph = swish_then_relu();
  const std::vector<Node*> old = {graph.producer("s"), graph.producer("m")};
  ASSERT_TRUE(graph.are_alone(old, "m"));
  graph.replace(old, {.op = "Swish",
                      .domain = std::string(kOwnDomain),
                      .name = {},
                      .inputs = {"x"},
                      .outputs = {"m"},
                      .attributes = {},
                      .origins = {}});
  ASSERT_EQ(graph.nodes().size(), 2u);
  const Node& swish = graph.nodes().front();
  EXPECT_TRUE(swish.is_own("Swish"));
  EXPECT_EQ(swish.origins, (std::vector<std::string>{"Sigmoid_s", "Mul_m"}));
  EXPECT_EQ(swish.name, "Mul_m");
  EXPECT_EQ(graph.producer("s"), nullptr);
  EXPECT_EQ(graph.producer("m"), &swish);
  EXPECT_EQ(graph.consumers("x").size(), 1u);
}

TEST(OnnxGraph, SeesThatAValueInsideAPatternIsReadElsewhere) {
  Graph graph = swish_then_relu();
  graph.append(node("Relu", {"s"}, {"z"}));
  const std::vector<Node*> old = {graph.producer("s"), graph.producer("m")};
  EXPECT_FALSE(graph.are_alone(old, "m"));
}

TEST(OnnxGraph, BypassesANodeAndKeepsTheNameOfAnOutput) {
  Graph graph = swish_then_relu();
  graph.bypass(*graph.producer("m"), "x");
  EXPECT_EQ(graph.producer("y")->input(0), "x");
  graph.bypass(*graph.producer("y"), "s");
  EXPECT_TRUE(graph.producer("y")->is("Identity"));
  EXPECT_EQ(graph.producer("y")->input(0), "s");
}

TEST(OnnxGraph, TellsTheOneNumberOfAConstant) {
  Graph graph;
  graph.set_constant("half", {.value = Tensor::of<float>(Shape{}, std::vector<float>{0.5f})});
  graph.set_constant("same", {.value = Tensor::of<float>({2}, std::vector<float>{3, 3})});
  graph.set_constant("other", {.value = Tensor::of<float>({2}, std::vector<float>{3, 4})});
  EXPECT_EQ(graph.scalar("half"), 0.5);
  EXPECT_EQ(graph.scalar("same"), 3);
  EXPECT_FALSE(graph.scalar("other"));
  EXPECT_FALSE(graph.scalar("nothing"));
  EXPECT_EQ(*graph.shape("same"), Sizes{2});
}

}  // namespace
}  // namespace evenkeel::interchange::onnx
