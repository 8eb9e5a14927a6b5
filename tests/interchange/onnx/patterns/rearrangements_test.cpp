#include <gtest/gtest.h>

#include "tests/interchange/onnx/patterns/written_graph.h"

namespace evenkeel::interchange::onnx {
namespace {

const std::map<std::string, WrittenGraph::Vector> kShapes = {{"to", {{5}}}, {"back", {{4}}}};

TEST(RecogniseRearrangements, FindsAChannelShuffle) {
  for (const char* text : {
           "a:[N, 2, 2, 5, 5] = Reshape(x, to)\nb:[N, 2, 2, 5, 5] = Transpose{perm=[0, 2, 1, 3, 4]}(a)\n"
           "y:[N, 4, 5, 5] = Reshape(b, back)",
           "a:[N, 2, 2, 25] = Reshape(x, to)\nb:[N, 2, 2, 25] = Transpose{perm=[0, 2, 1, 3]}(a)\n"
           "y:[N, 4, 5, 5] = Reshape(b, back)",
       }) {
    Graph graph = graph_of({.text = text, .vectors = kShapes});
    Record record;
    recognise(graph, record);
    EXPECT_EQ(text_of(graph), "y = ChannelShuffle(x)");
    EXPECT_EQ(graph.nodes().front().integer("groups", 0), 2);
    EXPECT_EQ(record.recognised.size(), 1u);
  }
}

TEST(RecogniseRearrangements, FindsAChannelShuffleWithChannelsLast) {
  const WrittenGraph written{.text =
                                 "a:[N, 4, 5, 3, 2] = Reshape(x, to)\n"
                                 "b:[N, 4, 5, 2, 3] = Transpose{perm=[0, 1, 2, 4, 3]}(a)\n"
                                 "y:[N, 4, 5, 6] = Reshape(b, back)",
                             .vectors = kShapes,
                             .input = {kBatch, 4, 5, 6}};
  Graph graph = graph_of(written);
  Record record;
  recognise(graph, record);
  EXPECT_EQ(text_of(graph),
            "x/turned = Transpose0312(x)\ny/turned = ChannelShuffle(x/turned)\ny = Transpose0231(y/turned)");
}

TEST(RecogniseRearrangements, LeavesOtherTranspositions) {
  for (const std::string text : {
           "a:[N, 2, 2, 5, 5] = Reshape(x, to)\nb:[N, 2, 5, 2, 5] = Transpose{perm=[0, 1, 3, 2, 4]}(a)\n"
           "y:[N, 4, 5, 5] = Reshape(b, back)",
           "a:[N, 2, 2, 5, 5] = Reshape(x, to)\nb:[N, 2, 2, 5, 5] = Transpose{perm=[0, 2, 1, 4, 3]}(a)\n"
           "y:[N, 4, 5, 5] = Reshape(b, back)",
           "a:[N, 2, 2, 5, 5] = Reshape(x, to)\nb:[N, 2, 2, 5, 5] = Transpose{perm=[0, 2, 1, 3, 4]}(a)\n"
           "y:[N, 2, 50] = Reshape(b, back)",
       }) {
    Graph graph = graph_of({.text = text, .vectors = kShapes});
    Record record;
    recognise(graph, record);
    EXPECT_EQ(graph.nodes().size(), 3u) << text;
    EXPECT_TRUE(record.recognised.empty()) << text;
  }
}

TEST(RecogniseRearrangements, LeavesAShuffleWhoseTranspositionIsReadElsewhere) {
  Graph graph = graph_of({.text = "a:[N, 2, 2, 5, 5] = Reshape(x, to)\n"
                                  "b:[N, 2, 2, 5, 5] = Transpose{perm=[0, 2, 1, 3, 4]}(a)\n"
                                  "y:[N, 4, 5, 5] = Reshape(b, back)",
                          .vectors = kShapes,
                          .outputs = {"y", "b"}});
  Record record;
  recognise(graph, record);
  EXPECT_EQ(graph.nodes().size(), 3u);
}

TEST(RecogniseRearrangements, FindsAnEnlargementWrittenAsExpand) {
  for (const char* text : {
           "a:[N, 4, 5, 1, 5, 1] = Reshape(x, to)\nb:[N, 4, 5, 2, 5, 3] = Expand(a, to)\n"
           "y:[N, 4, 10, 15] = Reshape(b, back)",
           "u:[N, 4, 5, 1, 5] = Unsqueeze(x, to)\na:[N, 4, 5, 1, 5, 1] = Unsqueeze(u, to)\n"
           "b:[N, 4, 5, 2, 5, 3] = Expand(a, to)\ny:[N, 4, 10, 15] = Reshape(b, back)",
       }) {
    Graph graph = graph_of({.text = text, .vectors = kShapes});
    Record record;
    recognise(graph, record);
    EXPECT_EQ(text_of(graph), "y = UpSampling(x)");
    EXPECT_EQ(graph.nodes().front().integers("size"), (std::vector<std::int64_t>{2, 3}));
  }
}

TEST(RecogniseRearrangements, LeavesARepetitionOfWholeImages) {
  Graph graph = graph_of({.text = "a:[N, 4, 1, 5, 1, 5] = Reshape(x, to)\nb:[N, 4, 2, 5, 2, 5] = Expand(a, to)\n"
                                  "y:[N, 4, 10, 10] = Reshape(b, back)",
                          .vectors = kShapes});
  Record record;
  recognise(graph, record);
  EXPECT_EQ(graph.nodes().size(), 3u);
}

TEST(RecogniseMeans, KeepsTheAxesThatAReshapePutsBack) {
  EXPECT_EQ(recognised({.text = "m = ReduceMean{axes=[2, 3], keepdims=0}(x)\ny:[N, 4, 1, 1] = Reshape(m, back)",
                        .vectors = kShapes}),
            "y = ReduceMean(x)");
}

TEST(RecogniseMeans, JoinsAMeanOfMeans) {
  Graph graph = graph_of({"m = ReduceMean{axes=[2], keepdims=0}(x)\ny = ReduceMean{axes=[2], keepdims=0}(m)"});
  Record record;
  recognise(graph, record);
  ASSERT_EQ(text_of(graph), "y = ReduceMean(x)");
  EXPECT_EQ(graph.nodes().front().integers("axes"), (std::vector<std::int64_t>{2, 3}));
}

TEST(RecogniseMeans, SaysThatAWindowAsLargeAsTheImageIsAGlobalAverage) {
  EXPECT_EQ(recognised({"y:[N, 4, 1, 1] = AveragePool{kernel_shape=[5, 5], strides=[5, 5]}(x)"}),
            "y = GlobalAveragePool(x)");
  EXPECT_EQ(recognised({"y:[N, 4, 1, 1] = AveragePool{kernel_shape=[5, 4]}(x)"}), "y = AveragePool(x)");
  EXPECT_EQ(recognised({"y:[N, 4, 2, 2] = AveragePool{kernel_shape=[5, 5], pads=[0, 0, 1, 1]}(x)"}),
            "y = AveragePool(x)");
}

const std::string kNoise =
    "r:[M] = RandomUniformLike{low=0.0, high=1.0}(x)\nl:[M] = Less(r, 0.7)\nc:[M] = Cast{to=1}(l)\n"
    "d:[M] = Div(c, 0.7)\ny = Mul(x, d)";

std::string noise_of(const std::string& mask) {
  std::string text = kNoise;
  for (auto at = text.find("[M]"); at != std::string::npos; at = text.find("[M]")) text.replace(at, 3, mask);
  return text;
}

TEST(RecogniseNoise, FindsWhichNoiseItIsByTheMasksShape) {
  EXPECT_EQ(recognised({noise_of("[N, 1, 1, 1]")}), "y = StochasticDepth(x)");
  EXPECT_EQ(recognised({noise_of("[N, 4, 1, 1]")}), "y = SpatialDropout(x)");
  EXPECT_EQ(recognised({noise_of("[N, 4, 5, 5]")}), "y = Dropout(x)");
  Graph graph = graph_of({noise_of("[N, 1, 1, 1]")});
  Record record;
  recognise(graph, record);
  EXPECT_EQ(graph.nodes().front().number("rate", 0), 0.3);
}

TEST(RecogniseNoise, LeavesAMaskThatIsDividedBySomethingElse) {
  std::string text = noise_of("[N, 1, 1, 1]");
  text.replace(text.find("Div(c, 0.7)"), 11, "Div(c, 0.8)");
  EXPECT_NE(recognised({text}).find("RandomUniformLike"), std::string::npos);
}

TEST(NoteSqueezeAndExcitation, SaysWhereOneIsAndChangesNothing) {
  const std::string text =
      "m = ReduceMean{axes=[2, 3], keepdims=1}(x)\na:[N, 2, 1, 1] = Conv(m, k)\nr:[N, 2, 1, 1] = Relu(a)\n"
      "b:[N, 4, 1, 1] = Conv(r, l)\ns:[N, 4, 1, 1] = Sigmoid(b)\ny = Mul(x, s)";
  WrittenGraph written{.text = text, .vectors = {{"k", {{2, 4, 1, 1}}}, {"l", {{4, 2, 1, 1}}}}};
  Record record;
  EXPECT_EQ(recognised(written, record).find("ReduceMean(x)"), 4u);
  ASSERT_EQ(record.recognised.size(), 1u);
  EXPECT_NE(record.recognised[0].find("squeeze-and-excitation: block"), std::string::npos);
  // A mean of something else is no such thing.
  Record other;
  written.text = "o = Relu(x)\n" + text.substr(0, text.find("(x)")) + "(o)" + text.substr(text.find("(x)") + 3);
  recognised(written, other);
  EXPECT_TRUE(other.recognised.empty());
}

}  // namespace
}  // namespace evenkeel::interchange::onnx
