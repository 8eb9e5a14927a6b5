#include <gtest/gtest.h>

#include "tests/interchange/onnx/patterns/written_graph.h"

namespace evenkeel::interchange::onnx {
namespace {

const std::string kTranspose = "x/turned = Transpose0231(x)\ny/turned = ";
const std::string kBack = "\ny = Transpose0312(y/turned)";

std::string with(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

/// Layer normalizations over the axes A, written in all the ways that programs write them.
const std::vector<std::string> kSpellings = {
    "m = ReduceMean{axes=[A]}(x)\nd = Sub(x, m)\np = Pow(d, 2)\nv = ReduceMean{axes=[A]}(p)\na = Add(v, 0.001)\n"
    "s = Sqrt(a)\nq = Div(d, s)\nw = Mul(q, gamma)\ny = Add(w, beta)",
    "m = ReduceMean{axes=[A], keepdims=1}(x)\nd = Sub(x, m)\np = Mul(d, d)\nv = ReduceMean{axes=[A]}(p)\n"
    "a = Add(0.001, v)\ns = Sqrt(a)\nr = Reciprocal(s)\nq = Mul(r, d)\nw = Mul(gamma, q)\ny = Add(beta, w)",
    "m = ReduceMean{axes=[A]}(x)\nd = Sub(x, m)\np = Mul(d, d)\nv = ReduceMean{axes=[A]}(p)\na = Add(v, 0.001)\n"
    "s = Sqrt(a)\nr = Div(1, s)\nq = Mul(d, r)\nw = Mul(q, gamma)\ny = Add(w, beta)",
    // The difference is computed twice.
    "m = ReduceMean{axes=[A]}(x)\nd = Sub(x, m)\nn = ReduceMean{axes=[A]}(x)\nk = Sub(x, n)\np = Mul(k, k)\n"
    "v = ReduceMean{axes=[A]}(p)\na = Add(v, 0.001)\ns = Sqrt(a)\nq = Div(d, s)\nw = Mul(q, gamma)\ny = Add(w, beta)",
    // TensorFlow: x * r + (beta - mean * r).
    "m = ReduceMean{axes=[A]}(x)\nd = Sub(x, m)\np = Mul(d, d)\nv = ReduceMean{axes=[A]}(p)\na = Add(v, 0.001)\n"
    "s = Sqrt(a)\nr = Reciprocal(s)\ng = Mul(r, gamma)\nk = Mul(x, g)\nj = Mul(m, g)\no = Sub(beta, j)\ny = Add(k, o)",
    // Keras on PyTorch: the mean of squares minus the square of the mean.
    "m = ReduceMean{axes=[A]}(x)\nh = Mul(x, x)\nn = ReduceMean{axes=[A]}(h)\ni = Mul(m, m)\nv = Sub(n, i)\n"
    "a = Add(v, 0.001)\ns = Pow(a, -0.5)\nd = Sub(x, m)\nq = Mul(d, s)\nw = Mul(q, gamma)\ny = Add(w, beta)",
    // gamma before the quotient.
    "m = ReduceMean{axes=[A]}(x)\nd = Sub(x, m)\np = Pow(d, 2)\nv = ReduceMean{axes=[A]}(p)\na = Add(v, 0.001)\n"
    "s = Pow(a, 0.5)\ng = Mul(d, gamma)\nq = Div(g, s)\ny = Add(q, beta)",
};

TEST(RecogniseNormalizations, FindsEverySpellingOfALayerNormalizationOfTheLastAxis) {
  for (const std::string& spelling : kSpellings)
    EXPECT_EQ(recognised({.text = with(spelling, "A", "-1"), .vectors = {{"gamma", {{5}}}, {"beta", {{5}}}}}),
              "y = LayerNormalization(x, gamma, beta)")
        << spelling;
}

TEST(RecogniseNormalizations, FindsEverySpellingOfALayerNormalizationOfAxis1) {
  for (const std::string& spelling : kSpellings)
    EXPECT_EQ(
        recognised({.text = with(spelling, "A", "1"), .vectors = {{"gamma", {{4, 1, 1}}}, {"beta", {{4, 1, 1}}}}}),
        kTranspose + "LayerNormalization(x/turned, gamma, beta)" + kBack)
        << spelling;
}

TEST(RecogniseNormalizations, KeepsTheEpsilonAsItWasWritten) {
  Graph graph = graph_of({.text = with(kSpellings[0], "A", "-1"), .vectors = {{"gamma", {{5}}}, {"beta", {{5}}}}});
  Record record;
  recognise(graph, record);
  EXPECT_EQ(graph.nodes().front().number("epsilon", 0), 0.001);
  EXPECT_EQ(graph.nodes().front().integer("axes", 0), 1);
}

TEST(RecogniseNormalizations, NamesTheFilesConstantsEvenIfTheyAreStillOnesAndZeros) {
  EXPECT_EQ(
      recognised({.text = with(kSpellings[0], "A", "-1"), .vectors = {{"gamma", {{5}, 1}}, {"beta", {{5}, 1e-30}}}}),
      "y = LayerNormalization(x, gamma, beta)");
}

TEST(RecogniseNormalizations, FindsOneWithoutScaleAndBias) {
  const std::string text =
      "m = ReduceMean{axes=[-1]}(x)\nd = Sub(x, m)\np = Pow(d, 2)\nv = ReduceMean{axes=[-1]}(p)\na = Add(v, 0.00001)\n"
      "s = Sqrt(a)\ny = Div(d, s)";
  EXPECT_EQ(recognised({text}), "y = LayerNormalization(x, , )");
}

TEST(RecogniseNormalizations, FindsInstanceAndGroupNormalizationsByTheirAxes) {
  for (const std::string& spelling : kSpellings) {
    EXPECT_EQ(
        recognised({.text = with(spelling, "A", "2, 3"), .vectors = {{"gamma", {{4, 1, 1}}}, {"beta", {{4, 1, 1}}}}}),
        "y = InstanceNormalization(x, gamma, beta)")
        << spelling;
    EXPECT_EQ(recognised({.text = with(spelling, "A", "1, 2, 3"),
                          .vectors = {{"gamma", {{4, 1, 1}}}, {"beta", {{1, 4, 1, 1}}}}}),
              "y = GroupNormalization(x, gamma, beta)")
        << spelling;
  }
}

TEST(RecogniseNormalizations, FindsGroupsThatKerasSplitsWithChannelsLast) {
  const std::string text =
      "g:[N, 4, 5, 3, 2] = Reshape(x, shape)\n" + with(with(kSpellings[4], "A", "1, 2, 4"), "x", "g");
  const std::string joined = with(text, "y = Add", "z = Add") + "\ny:[N, 4, 5, 6] = Reshape(z, back)";
  EXPECT_EQ(
      recognised({.text = joined,
                  .vectors = {{"gamma", {{3, 2}}}, {"beta", {{1, 1, 1, 3, 2}}}, {"shape", {{5}}}, {"back", {{4}}}},
                  .input = {kBatch, 4, 5, 6}}),
      "x/turned = Transpose0312(x)\ny/turned = GroupNormalization(x/turned, gamma, beta)\n"
      "y = Transpose0231(y/turned)");
}

const std::string kGroups =
    "a:[N, 2, 50] = Reshape(x, shape)\ni:[N, 2, 50] = InstanceNormalization{epsilon=0.001}(a, one, zero)\n"
    "b:[N, 4, 5, 5] = Reshape(i, back)\nw = Mul(b, gamma)\ny = Add(w, beta)";

WrittenGraph group_normalization(const std::string& text) {
  return {.text = text,
          .vectors = {{"one", {{2}, 1}},
                      {"zero", {{2}, 1e-300}},
                      {"shape", {{3}}},
                      {"back", {{4}}},
                      {"gamma", {{4, 1, 1}}},
                      {"beta", {{4, 1, 1}}}}};
}

TEST(RecogniseNormalizations, FindsPyTorchsGroupNormalization) {
  Graph graph = graph_of(group_normalization(kGroups));
  Record record;
  recognise(graph, record);
  EXPECT_EQ(text_of(graph), "y = GroupNormalization(x, gamma, beta)");
  EXPECT_EQ(graph.nodes().front().integer("num_groups", 0), 2);
  EXPECT_EQ(graph.nodes().front().number("epsilon", 0), 0.001);
  EXPECT_EQ(record.recognised.size(), 1u);
}

TEST(RecogniseNormalizations, LeavesGroupsThatAreNotNeighbouringChannels) {
  const std::string text = with(kGroups, "[N, 2, 50]", "[N, 3, 50]");
  EXPECT_EQ(recognised(group_normalization(text)), recognised(group_normalization(text)));
  EXPECT_NE(recognised(group_normalization(text)), "y = GroupNormalization(x, gamma, beta)");
  const std::string read_twice =
      with(kGroups, "y = Add(w, beta)", "v = Add(w, beta)\ny:[N, 4, 5, 5] = Reshape(i, back)");
  EXPECT_NE(recognised(group_normalization(read_twice)), "y = GroupNormalization(x, gamma, beta)");
}

TEST(RecogniseNormalizations, FindsEverySpellingOfAnRmsNormalization) {
  for (const char* text : {
           "p = Pow(x, 2)\nm = ReduceMean{axes=[-1]}(p)\na = Add(m, 0.001)\ns = Sqrt(a)\nr = Div(1, s)\nq = Mul(x, r)\n"
           "y = Mul(q, gamma)",
           "p = Mul(x, x)\nm = ReduceMean{axes=[3]}(p)\na = Add(m, 0.001)\ns = Sqrt(a)\nr = Reciprocal(s)\n"
           "q = Mul(r, x)\ny = Mul(gamma, q)",
           "p = Pow(x, 2)\nm = ReduceMean{axes=[-1]}(p)\na = Add(m, 0.001)\ns = Sqrt(a)\nq = Div(x, s)\n"
           "y = Mul(q, gamma)",
       })
    EXPECT_EQ(recognised({.text = text, .vectors = {{"gamma", {{5}}}}}), "y = RMSNormalization(x, gamma)") << text;
}

TEST(RecogniseNormalizations, FindsOnnxsOwnFunctionForALayerNormalization) {
  Graph graph = graph_of({.text = "f:[N, 50] = Flatten(x)\nm = ReduceMean{axes=[1]}(f)\nh = Mul(f, f)\n"
                                  "n = ReduceMean{axes=[1]}(h)\ni = Mul(m, m)\nv = Sub(n, i)\na = Add(v, 0.001)\n"
                                  "s = Sqrt(a)\nd = Sub(f, m)\nq = Div(d, s)\nw = Mul(q, gamma)\nz = Add(w, beta)\n"
                                  "y:[N, 2, 5, 5] = Reshape(z, shape)\nr = Reciprocal(s)",
                          .vectors = {{"gamma", {{1, 50}}}, {"beta", {{1, 50}}}, {"shape", {{4}}}},
                          .input = {kBatch, 2, 5, 5}});
  Record record;
  recognise(graph, record);
  EXPECT_EQ(text_of(graph), "y = LayerNormalization(x, gamma, beta)");
  EXPECT_EQ(graph.nodes().front().integer("axes", 0), 3);
}

TEST(RecogniseNormalizations, LeavesWhatIsAlmostOne) {
  const std::string good = with(kSpellings[0], "A", "-1");
  const std::vector<std::string> near_misses = {
      with(good, "Pow(d, 2)", "Pow(d, 4)"),
      with(good, "axes=[-1]}(p)", "axes=[2]}(p)"),
      with(good, "Add(v, 0.001)", "Sub(v, 0.001)"),
      with(good, "Div(d, s)", "Div(x, s)"),
      // The epsilon outside of the root.
      "m = ReduceMean{axes=[-1]}(x)\nd = Sub(x, m)\np = Pow(d, 2)\nv = ReduceMean{axes=[-1]}(p)\ns = Sqrt(v)\n"
      "a = Add(s, 0.001)\nq = Div(d, a)\nw = Mul(q, gamma)\ny = Add(w, beta)",
      // Two of them.
      with(with(good, "s = Sqrt(a)", "b = Add(a, 0.002)\ns = Sqrt(b)"), "", ""),
  };
  for (const std::string& text : near_misses)
    EXPECT_EQ(recognised({.text = text, .vectors = {{"gamma", {{5}}}, {"beta", {{5}}}}}).find("Normalization"),
              std::string::npos)
        << text;
}

TEST(RecogniseNormalizations, LeavesOneWithoutAnEpsilon) {
  const std::string text =
      "m = ReduceMean{axes=[-1]}(x)\nd = Sub(x, m)\np = Pow(d, 2)\nv = ReduceMean{axes=[-1]}(p)\ns = Sqrt(v)\n"
      "y = Div(d, s)";
  EXPECT_EQ(recognised({text}).find("Normalization"), std::string::npos);
}

TEST(RecogniseNormalizations, LeavesOneWhoseMeanOrVarianceIsReadElsewhere) {
  const std::string good = with(kSpellings[0], "A", "-1");
  for (const std::string inner : {"m", "d", "v", "s", "q", "w"})
    EXPECT_EQ(recognised({.text = good, .vectors = {{"gamma", {{5}}}, {"beta", {{5}}}}, .outputs = {"y", inner}})
                  .find("LayerNormalization(x, gamma, beta)"),
              std::string::npos)
        << inner;
}

TEST(RecogniseNormalizations, LeavesScalesThatDoNotLieAlongTheChannels) {
  // [5] lies along the last axis, the means are over axis 1.
  EXPECT_EQ(recognised({.text = with(kSpellings[0], "A", "1"), .vectors = {{"gamma", {{5}}}, {"beta", {{5}}}}})
                .find("LayerNormalization(x/turned, gamma"),
            std::string::npos);
}

TEST(RecogniseNormalizations, TakesTheLargestPartWhoseScaleTheFileHas) {
  // A LayerScale after a layer normalization stays a layer of its own.
  const std::string text = with(with(kSpellings[0], "A", "-1"), "y = Add", "z = Add") + "\ny = Mul(z, scale)";
  EXPECT_EQ(recognised({.text = text, .vectors = {{"gamma", {{5}}}, {"beta", {{5}}}, {"scale", {{5}}}}}),
            "z = LayerNormalization(x, gamma, beta)\ny = Mul(z, scale)");
}

TEST(RecogniseNormalizations, FindsABatchNormalizationWrittenAsArithmetic) {
  Record record;
  const WrittenGraph written{
      .text = "d = Sub(x, mean)\nq = Div(d, deviation)\nw = Mul(q, gamma)\ny = Add(w, beta)",
      .vectors = {{"mean", {{1, 4, 1, 1}}}, {"deviation", {{4, 1, 1}}}, {"gamma", {{4, 1, 1}}}, {"beta", {{4, 1, 1}}}}};
  EXPECT_EQ(recognised(written, record), "y = BatchNormalization(x, gamma, beta, mean, deviation/squared)");
  ASSERT_EQ(record.warnings.size(), 1u);
  EXPECT_NE(record.warnings[0].find("epsilon"), std::string::npos);
}

/// Four vectors, and the constants that the reader computed of them.
Graph with_computed_constants(const std::string& text, const std::vector<std::string>& constants) {
  WrittenGraph written{.text = text,
                       .vectors = {{"mean", {{4, 1, 1}}},
                                   {"variance", {{4, 1, 1}}},
                                   {"gamma", {{4, 1, 1}}},
                                   {"beta", {{4, 1, 1}}},
                                   {"epsilon", {{}, 1e-5}},
                                   {"1", {{}, 1}}}};
  for (const std::string& line : constants) written.vectors[line.substr(0, line.find(' '))] = {{4, 1, 1}};
  Graph graph = graph_of(written);
  for (const std::string& line : constants) {
    const std::string name = line.substr(0, line.find(' '));
    const Graph maker = graph_of({.text = line, .vectors = written.vectors});
    Constant constant{.value = graph.constant(name)->clone()};
    constant.maker = std::make_shared<const Node>(maker.nodes().front());
    graph.set_constant(name, std::move(constant));
  }
  return graph;
}

TEST(RecogniseNormalizations, FindsWhatTheFilesVectorsOfABatchNormalizationWereComputedFrom) {
  const std::vector<std::string> deviation = {"sum = Add(variance, epsilon)", "root = Sqrt(sum)"};
  const std::vector<std::string> scale = {"sum = Add(variance, epsilon)", "root = Sqrt(sum)",
                                          "back = Reciprocal(root)",      "scale = Mul(gamma, back)",
                                          "off = Mul(mean, scale)",       "shift = Sub(beta, off)"};
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"d = Sub(x, mean)\nq = Div(d, root)\nw = Mul(gamma, q)\ny = Add(w, beta)", deviation},
      {"d = Sub(x, mean)\nw = Mul(gamma, d)\nq = Div(w, root)\ny = Add(beta, q)", deviation},
      {"d = Sub(x, mean)\nw = Mul(gamma, d)\nq = Mul(w, back)\ny = Add(beta, q)", scale},
      {"d = Sub(x, mean)\nw = Mul(d, scale)\ny = Add(w, beta)", scale},
      {"w = Mul(x, scale)\ny = Add(w, shift)", scale},
  };
  for (const auto& [text, constants] : cases) {
    Graph graph = with_computed_constants(text, constants);
    Record record;
    recognise(graph, record);
    EXPECT_EQ(text_of(graph), "y = BatchNormalization(x, gamma, beta, mean, variance)");
    EXPECT_EQ(graph.nodes().front().number("epsilon", 0), 1e-5);
    EXPECT_TRUE(record.warnings.empty());
  }
}

TEST(RecogniseNormalizations, LeavesAScaleAndAShift) {
  const std::string text = "w = Mul(x, scale)\ny = Add(w, shift)";
  EXPECT_EQ(recognised({.text = text, .vectors = {{"scale", {{4, 1, 1}}}, {"shift", {{4, 1, 1}}}}}), text);
}

TEST(RecogniseNormalizations, LeavesBatchNormalizationArithmeticOnAnotherAxis) {
  const std::string text = "d = Sub(x, mean)\nq = Div(d, deviation)\nw = Mul(q, gamma)\ny = Add(w, beta)";
  EXPECT_EQ(
      recognised({.text = text, .vectors = {{"mean", {{5}}}, {"deviation", {{5}}}, {"gamma", {{5}}}, {"beta", {{5}}}}}),
      text);
}

}  // namespace
}  // namespace evenkeel::interchange::onnx
