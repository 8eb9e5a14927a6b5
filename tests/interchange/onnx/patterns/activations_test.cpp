#include <gtest/gtest.h>

#include "tests/interchange/onnx/patterns/written_graph.h"

namespace evenkeel::interchange::onnx {
namespace {

TEST(RecogniseActivations, FindsEverySpellingOfASwish) {
  EXPECT_EQ(recognised({"s = Sigmoid(x)\ny = Mul(x, s)"}), "y = Swish(x)");
  EXPECT_EQ(recognised({"s = Sigmoid(x)\ny = Mul(s, x)"}), "y = Swish(x)");
  EXPECT_EQ(recognised({"n = Neg(x)\ne = Exp(n)\nd = Add(1, e)\ny = Div(x, d)"}), "y = Swish(x)");
  EXPECT_EQ(recognised({"n = Neg(x)\ne = Exp(n)\nd = Add(e, 1)\ns = Reciprocal(d)\ny = Mul(x, s)"}), "y = Swish(x)");
}

TEST(RecogniseActivations, FindsEverySpellingOfAHardSwish) {
  EXPECT_EQ(recognised({"h = HardSigmoid{alpha=0.16666667, beta=0.5}(x)\ny = Mul(x, h)"}), "y = HardSwish(x)");
  EXPECT_EQ(recognised({"a = Add(x, 3)\nc = Clip(a, 0, 6)\nm = Mul(x, c)\ny = Div(m, 6)"}), "y = HardSwish(x)");
  EXPECT_EQ(recognised({"a = Add(3, x)\nc = Clip(a, 0, 6)\nd = Div(c, 6)\ny = Mul(d, x)"}), "y = HardSwish(x)");
  EXPECT_EQ(recognised({"a = Add(x, 3)\nc = Clip{min=0.0, max=6.0}(a)\nd = Mul(c, 0.16666667)\ny = Mul(x, d)"}),
            "y = HardSwish(x)");
  EXPECT_EQ(recognised({"a = Add(x, 3)\nr = Relu(a)\nc = Min(r, 6)\nm = Mul(x, c)\ny = Mul(m, 0.16666667)"}),
            "y = HardSwish(x)");
}

TEST(RecogniseActivations, FindsAHardSigmoidMadeOfAClip) {
  EXPECT_EQ(recognised({"a = Add(x, 3)\nc = Clip(a, 0, 6)\ny = Div(c, 6)"}), "y = HardSigmoid(x)");
  EXPECT_EQ(recognised({"m = Mul(x, 0.16666667)\na = Add(m, 0.5)\ny = Clip(a, 0, 1)"}), "y = HardSigmoid(x)");
}

TEST(RecogniseActivations, FindsEverySpellingOfAGelu) {
  for (const char* text : {
           "d = Div(x, 1.4142135381698608)\ne = Erf(d)\na = Add(e, 1)\nm = Mul(x, a)\ny = Mul(m, 0.5)",
           "d = Mul(x, 0.70710678)\ne = Erf(d)\na = Add(1, e)\nm = Mul(0.5, a)\ny = Mul(x, m)",
           "h = Mul(0.5, x)\nd = Div(x, 1.4142135)\ne = Erf(d)\na = Add(e, 1)\ny = Mul(h, a)",
           "d = Mul(0.70710678, x)\ne = Erf(d)\nm = Mul(e, 0.5)\na = Add(m, 0.5)\ny = Mul(a, x)",
           "r = Sqrt(2)\nd = Div(x, r)\ne = Erf(d)\na = Add(e, 1)\nm = Mul(x, a)\ny = Div(m, 2)",
       }) {
    Graph graph = graph_of({text});
    Record record;
    recognise(graph, record);
    ASSERT_EQ(graph.nodes().size(), 1u) << text << "\n" << text_of(graph);
    EXPECT_EQ(graph.nodes().front().text("approximate", ""), "none");
  }
}

TEST(RecogniseActivations, TellsAGeluByTanhFromOneByErf) {
  for (const char* text : {
           "c = Mul(x, x)\nd = Mul(x, c)\ne = Mul(0.044715, d)\nf = Add(x, e)\ng = Mul(0.7978845608, f)\nt = Tanh(g)\n"
           "a = Add(1, t)\nm = Mul(x, a)\ny = Mul(0.5, m)",
           "c = Pow(x, 3)\ne = Mul(0.044715, c)\nf = Add(x, e)\ng = Mul(0.7978845608, f)\nt = Tanh(g)\na = Add(t, 1)\n"
           "h = Mul(x, 0.5)\ny = Mul(h, a)",
           "c = Mul(x, x)\ne = Mul(0.044715, c)\nf = Add(1, e)\ng = Mul(x, 0.7978845608)\nk = Mul(g, f)\nt = Tanh(k)\n"
           "a = Add(t, 1)\nh = Mul(a, 0.5)\ny = Mul(h, x)",
       }) {
    Graph graph = graph_of({text});
    Record record;
    recognise(graph, record);
    ASSERT_EQ(graph.nodes().size(), 1u) << text << "\n" << text_of(graph);
    EXPECT_EQ(graph.nodes().front().op, "Gelu");
    EXPECT_EQ(graph.nodes().front().text("approximate", ""), "tanh");
  }
}

TEST(RecogniseActivations, FindsMishSoftplusSoftsignAndSigmoid) {
  EXPECT_EQ(recognised({"s = Softplus(x)\nt = Tanh(s)\ny = Mul(x, t)"}), "y = Mish(x)");
  EXPECT_EQ(recognised({"e = Exp(x)\na = Add(e, 1)\nl = Log(a)\nt = Tanh(l)\ny = Mul(x, t)"}), "y = Mish(x)");
  EXPECT_EQ(recognised({"e = Exp(x)\na = Add(e, 1)\ny = Log(a)"}), "y = Softplus(x)");
  EXPECT_EQ(recognised({"a = Abs(x)\nd = Add(a, 1)\ny = Div(x, d)"}), "y = Softsign(x)");
  EXPECT_EQ(recognised({"n = Neg(x)\ne = Exp(n)\nd = Add(e, 1)\ny = Div(1, d)"}), "y = Sigmoid(x)");
}

TEST(RecogniseActivations, DropsTheChoiceThatPyTorchWritesIntoASoftplus) {
  EXPECT_EQ(recognised({"t = Softplus(x)\ng = Greater(x, 20)\ny = Where(g, x, t)"}), "y = Softplus(x)");
  EXPECT_EQ(recognised({"t = Softplus(x)\ng = Greater(x, 20)\nw = Where(g, x, t)\nh = Tanh(w)\ny = Mul(x, h)"}),
            "y = Mish(x)");
  EXPECT_EQ(recognised({"b = Mul(x, 2)\nt = Softplus(b)\nd = Div(t, 2)\ng = Greater(b, 20)\nw = Where(g, x, d)\n"
                        "y = Tanh(w)"}),
            "b = Mul(x, 2)\nt = Softplus(b)\nd = Div(t, 2)\ny = Tanh(d)");
}

TEST(RecogniseActivations, KeepsAChoiceThatMatters) {
  const std::string text = "t = Softplus(x)\ng = Greater(x, 2)\nw = Where(g, x, t)\ny = Tanh(w)";
  EXPECT_EQ(recognised({text}), text);
}

TEST(RecogniseActivations, SaysAClipThatIsWrittenAsMinimumAndMaximum) {
  Graph graph = graph_of({"a = Max(x, -1)\ny = Min(a, 1)"});
  Record record;
  recognise(graph, record);
  ASSERT_EQ(graph.nodes().size(), 1u);
  const Node& node = graph.nodes().front();
  EXPECT_EQ(node.op, "Clip");
  EXPECT_EQ(graph.scalar(node.input(1)), -1.0);
  EXPECT_EQ(graph.scalar(node.input(2)), 1.0);
}

TEST(RecogniseActivations, FindsChoicesByTheSignOfX) {
  const auto only_node = [](const char* text) {
    Graph graph = graph_of({text});
    Record record;
    recognise(graph, record);
    EXPECT_EQ(graph.nodes().size(), 1u) << text_of(graph);
    return graph.nodes().front();
  };
  const Node leaky = only_node("l = Less(x, 0)\nm = Mul(x, 0.1)\ny = Where(l, m, x)");
  EXPECT_EQ(leaky.op, "LeakyRelu");
  EXPECT_EQ(leaky.number("alpha", 0), 0.1);
  const Node elu = only_node("l = Less(x, 0)\ne = Exp(x)\ns = Sub(e, 1)\nm = Mul(s, 0.5)\ny = Where(l, m, x)");
  EXPECT_EQ(elu.op, "Elu");
  EXPECT_EQ(elu.number("alpha", 0), 0.5);
  const Node selu = only_node(
      "e = Exp(x)\na = Mul(1.5, e)\nb = Sub(a, 1.5)\nn = Mul(1.25, b)\np = Mul(1.25, x)\nl = Less(x, 0)\n"
      "y = Where(l, n, p)");
  EXPECT_EQ(selu.op, "Selu");
  EXPECT_EQ(selu.number("alpha", 0), 1.5);
  EXPECT_EQ(selu.number("gamma", 0), 1.25);
  const Node clip = only_node("l = Less(x, -2)\na = Where(l, -2, x)\ng = Less(3, a)\ny = Where(g, 3, a)");
  EXPECT_EQ(clip.op, "Clip");
}

TEST(RecogniseActivations, KeepsABoundThatIsFarAway) {
  Graph graph = graph_of({"a = Max(x, 0)\ny = Min(a, 10000000)"});
  Record record;
  recognise(graph, record);
  ASSERT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(graph.scalar(graph.nodes().front().input(2)), 1e7);
}

TEST(RecogniseActivations, FindsASoftmaxAndItsLogarithm) {
  EXPECT_EQ(recognised({"m:[N, 1, 5, 5] = ReduceMax{axes=[1]}(x)\nd = Sub(x, m)\ne = Exp(d)\n"
                        "s:[N, 1, 5, 5] = ReduceSum{axes=[1]}(e)\ny = Div(e, s)"}),
            "y = Softmax(x)");
  EXPECT_EQ(recognised({"e = Exp(x)\ns:[N, 1, 5, 5] = ReduceSum{axes=[1]}(e)\ny = Div(e, s)"}), "y = Softmax(x)");
  EXPECT_EQ(recognised({"m:[N, 1, 5, 5] = ReduceMax{axes=[1]}(x)\nd = Sub(x, m)\ne = Exp(d)\n"
                        "s:[N, 1, 5, 5] = ReduceSum{axes=[1]}(e)\nl = Log(s)\ny = Sub(d, l)"}),
            "y = LogSoftmax(x)");
  const std::string mixed =
      "m:[N, 1, 5, 5] = ReduceMax{axes=[1]}(x)\nd = Sub(x, m)\ne = Exp(d)\n"
      "s:[N, 4, 1, 5] = ReduceSum{axes=[2]}(e)\ny = Div(e, s)";
  EXPECT_EQ(recognised({mixed}).find("y = Softmax(x)"), std::string::npos);
}

TEST(RecogniseActivations, LeavesWhatComputesSomethingElse) {
  for (const std::string text : {
           "m = Mul(x, 1.702)\ns = Sigmoid(m)\ny = Mul(x, s)",
           "h = HardSigmoid(x)\ny = Mul(x, h)",
           "a = Add(x, 3)\nc = Clip(a, 0, 6)\nm = Mul(x, c)\ny = Div(m, 6.01)",
           "a = Add(x, 3)\nc = Clip(a, 0, 5)\nm = Mul(x, c)\ny = Div(m, 6)",
           "d = Div(x, 1.41)\ne = Erf(d)\na = Add(e, 1)\nm = Mul(x, a)\ny = Mul(m, 0.5)",
           "d = Div(x, 1.4142135)\ne = Erf(d)\na = Add(e, 1)\nm = Mul(x, a)\ny = Mul(m, 0.501)",
           "s = Softplus(x)\nt = Sigmoid(s)\ny = Mul(x, t)",
           "t = Tanh(x)\ny = Sub(x, t)",
       })
    EXPECT_EQ(recognised({text}), text);
}

TEST(RecogniseActivations, LeavesASwishWhoseSigmoidIsReadElsewhere) {
  const std::string read_twice = "s = Sigmoid(x)\nm = Mul(x, s)\ny = Sub(m, s)";
  EXPECT_EQ(recognised({read_twice}), read_twice);
  const std::string is_output = "s = Sigmoid(x)\ny = Mul(x, s)";
  EXPECT_EQ(recognised({.text = is_output, .outputs = {"y", "s"}}), is_output);
}

TEST(RecogniseActivations, LeavesAProductWithASigmoidOfAnotherValue) {
  const std::string text = "r = Conv(x)\ns = Sigmoid(r)\ny = Mul(x, s)";
  EXPECT_EQ(recognised({text}), text);
}

TEST(RecogniseActivations, LeavesAFunctionWithAnotherNumberForEachChannel) {
  const std::string text = "a = Add(x, three)\nc = Clip(a, 0, 6)\nm = Mul(x, c)\ny = Div(m, 6)";
  EXPECT_EQ(recognised({.text = text, .vectors = {{"three", {.shape = {4, 1, 1}}}}}), text);
}

TEST(RecogniseActivations, FindsOneAfterTheOther) {
  EXPECT_EQ(recognised({"s = Sigmoid(x)\nm = Mul(x, s)\nt = Sigmoid(m)\ny = Mul(m, t)"}), "m = Swish(x)\ny = Swish(m)");
}

TEST(RecogniseActivations, RecordsWhatWasFoundWhere) {
  Record record;
  Graph graph = graph_of({"s = Sigmoid(x)\ny = Mul(x, s)"});
  graph.nodes().front().name = "/features/features.1/features.1.2/Sigmoid";
  graph.nodes().back().name = "/features/features.1/features.1.2/Mul";
  recognise(graph, record);
  EXPECT_EQ(record.recognised, std::vector<std::string>{"x * sigmoid(x) is a swish: features.1.2"});
  EXPECT_EQ(graph.nodes().front().origins.size(), 2u);
}

}  // namespace
}  // namespace evenkeel::interchange::onnx
