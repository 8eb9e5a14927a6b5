#include <gtest/gtest.h>
#include <onnx.pb.h>

#include <cstring>

#include "evenkeel/formats/file.h"
#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/formats/onnx/wire.h"
#include "evenkeel/interchange/imported.h"
#include "tests/interchange/onnx/onnx_bytes.h"
#include "tests/support/testing.h"

namespace evenkeel::interchange {
namespace {

using namespace bytes;
using formats::onnx::ModelProto;

std::vector<float> range(std::size_t count, float first) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = first + static_cast<float>(i);
  return values;
}

/// A convolution's weight in the usual form, a bias in a typed field, a scale of halves, a constant in a node, and a
/// field that no version of ONNX has.
std::string network() {
  const std::string weight = tensor("conv.weight", {2, 1, 1, 2}, raw(range(4, 1)));
  const std::string bias = number(1, 2) + number(2, kFloat) + part(8, "conv.bias") + part(4, raw(range(2, 5)));
  const std::vector<std::uint16_t> halves = {0x3c00, 0x4000};  // 1 and 2
  const std::string scale = tensor("scale", {2}, raw(halves), 10);
  const std::string constant = part(1, "value") + part(5, tensor("", {2}, raw(range(2, 8)))) + number(20, 4);
  const std::string graph =
      part(1, node("Conv", {"x", "conv.weight", "conv.bias"}, {"y"}, {ints("pads", {0, 0, 0, 0})})) +
      part(1, node("Constant", {}, {"shift"}, {constant})) + part(2, "net") + part(5, weight) + part(5, bias) +
      part(5, scale) + part(999, "what is this");
  return number(1, 8) + part(2, "pytorch") + part(7, graph) + part(8, number(2, 17)) + part(777, "kept");
}

Record record() {
  const auto tensor = [](const std::string& name, const std::string& foreign, Shape shape, std::vector<int> axes = {}) {
    return TensorRecord{
        .name = name, .foreign = foreign, .foreign_shape = shape, .seen_as = {}, .axes = std::move(axes)};
  };
  Record record;
  record.format = "onnx";
  record.layers = {{.name = "conv",
                    .foreign = "conv",
                    .type = "Conv",
                    .tensors = {tensor("conv/kernel", "conv.weight", {2, 1, 1, 2}, {2, 3, 1, 0}),
                                tensor("conv/bias", "conv.bias", {2})}},
                   {.name = "affine",
                    .foreign = "affine",
                    .type = "Mul",
                    .tensors = {tensor("affine/gamma", "scale", {2}), tensor("affine/beta", "shift", {2})}}};
  return record;
}

Tensor of(Shape shape, const std::vector<float>& values) { return Tensor::of<float>(shape, values); }

/// What the file has, in our layout.
std::map<std::string, Tensor> tensors() {
  std::map<std::string, Tensor> all;
  all["conv/kernel"] = of({1, 2, 1, 2}, {1, 3, 2, 4});
  all["conv/bias"] = of({2}, {5, 6});
  all["affine/gamma"] = of({2}, {1, 2});
  all["affine/beta"] = of({2}, {8, 9});
  return all;
}

class RewriteOnnx : public testing::Test {
 protected:
  std::vector<std::string> rewrite() {
    formats::write_file_atomically(folder / "in.onnx", original);
    formats::SafetensorsFile file;
    for (const auto& [name, tensor] : ours) file.add(name, tensor.clone());
    return rewrite_onnx(folder / "in.onnx", known, file, folder / "out.onnx");
  }
  std::string written() const {
    const formats::Bytes bytes = formats::read_file(folder / "out.onnx");
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  ModelProto message() const {
    ModelProto proto;
    EXPECT_TRUE(proto.ParseFromString(written()));
    return proto;
  }

  TestFolder folder;
  std::string original = network();
  Record known = record();
  std::map<std::string, Tensor> ours = tensors();
};

using Names = std::vector<std::string>;

TEST_F(RewriteOnnx, CopiesTheFileByteForByteIfNothingWasRepaired) {
  EXPECT_EQ(rewrite(), Names{});
  EXPECT_EQ(written(), original);
}

/// Where two texts of one length differ.
std::pair<std::size_t, std::size_t> differing(const std::string& a, const std::string& b) {
  const auto first = std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin();
  const auto last = std::mismatch(a.rbegin(), a.rend(), b.rbegin()).first - a.rbegin();
  return {static_cast<std::size_t>(first), a.size() - static_cast<std::size_t>(last)};
}

TEST_F(RewriteOnnx, ChangesTheNumbersOfARepairedTensorAndNoOtherByte) {
  ours["conv/bias"] = of({2}, {-5, 6.5F});
  EXPECT_EQ(rewrite(), Names{"conv/bias"});
  ASSERT_EQ(written().size(), original.size());
  const auto [begin, end] = differing(original, written());
  const std::size_t place = original.find(raw(range(2, 5)));
  EXPECT_GE(begin, place);
  EXPECT_LE(end, place + 8);
  EXPECT_EQ(message().graph().initializer(1).float_data(1), 6.5F);
}

TEST_F(RewriteOnnx, WritesKernelsInTheLayoutOfTheFile) {
  ours["conv/kernel"] = of({1, 2, 1, 2}, {10, 30, 20, 40});
  EXPECT_EQ(rewrite(), Names{"conv/kernel"});
  EXPECT_EQ(message().graph().initializer(0).raw_data(), raw(std::vector<float>{10, 20, 30, 40}));
}

TEST_F(RewriteOnnx, WritesConstantsOfNodes) {
  ours["affine/beta"] = of({2}, {0, 1});
  EXPECT_EQ(rewrite(), Names{"affine/beta"});
  EXPECT_EQ(message().graph().node(1).attribute(0).t().raw_data(), raw(std::vector<float>{0, 1}));
}

TEST_F(RewriteOnnx, ReplacesAHalfOnlyIfItsRoundedNumberDiffers) {
  ours["affine/gamma"] = of({2}, {1 + 1e-5F, 2});  // a half has 11 bits
  EXPECT_EQ(rewrite(), Names{});
  ours["affine/gamma"] = of({2}, {1.5F, 2});
  EXPECT_EQ(rewrite(), Names{"affine/gamma"});
  EXPECT_EQ(message().graph().initializer(2).raw_data(), raw(std::vector<std::uint16_t>{0x3e00, 0x4000}));
}

TEST_F(RewriteOnnx, KeepsLengthsRightWhereAFieldBecomesLonger) {
  const std::string halves = number(1, 2) + number(2, 10) + part(8, "scale") + part(5, varint(1) + varint(2));
  original = part(7, part(5, halves) + part(2, "net"));
  known = record();
  known.layers = {known.layers[1]};
  known.layers[0].tensors.pop_back();
  ours["affine/gamma"] = of({2}, {1, 2});
  EXPECT_EQ(rewrite(), Names{"affine/gamma"});
  EXPECT_EQ(written(), part(7, part(5, number(1, 2) + number(2, 10) + part(8, "scale") +
                                           part(5, varint(0x3c00) + varint(0x4000))) +
                                   part(2, "net")));
}

TEST_F(RewriteOnnx, BringsRepairedTensorsOfOtherFilesInAndCopiesTheOthersBesideTheNewFile) {
  formats::write_file_atomically(folder / "weights.bin", raw(range(4, 1)));
  original = part(7, part(5, external("conv.bias", {2}, "weights.bin", "0", "8")) +
                         part(5, external("scale", {2}, "weights.bin", "8", "8")));
  known.layers = {known.layers[0], known.layers[1]};
  known.layers[0].tensors.erase(known.layers[0].tensors.begin());
  known.layers[1].tensors.pop_back();
  ours["conv/bias"] = of({2}, {7, 7});
  ours["affine/gamma"] = of({2}, {3, 4});
  EXPECT_EQ(rewrite(), Names{"conv/bias"});
  EXPECT_EQ(message().graph().initializer(0).raw_data(), raw(std::vector<float>{7, 7}));
  EXPECT_EQ(message().graph().initializer(1).external_data_size(), 3);
  formats::make_folder(folder / "other");
  formats::SafetensorsFile file;
  for (const auto& [name, tensor] : ours) file.add(name, tensor.clone());
  rewrite_onnx(folder / "in.onnx", known, file, folder / "other" / "out.onnx");
  EXPECT_EQ(formats::read_file(folder / "other" / "weights.bin"), formats::read_file(folder / "weights.bin"));
}

TEST_F(RewriteOnnx, SaysThatTheFileIsNotTheOneOfTheRecord) {
  known.layers[0].tensors[1].foreign = "conv1.bias";
  EXPECT_SAYS(error_of([&] { rewrite(); }), "conv1.bias");
  known = record();
  known.layers[0].tensors[1].foreign_shape = {3};
  ours["conv/bias"] = of({3}, {1, 2, 3});
  EXPECT_SAYS(error_of([&] { rewrite(); }), "import it again");
  EXPECT_FALSE(formats::exists(folder / "out.onnx"));
}

TEST_F(RewriteOnnx, SaysThatTheWeightsDoNotFit) {
  ours.erase("conv/bias");
  EXPECT_SAYS(error_of([&] { rewrite(); }), "conv/bias");
  ours["conv/bias"] = of({3}, {1, 2, 3});
  EXPECT_SAYS(error_of([&] { rewrite(); }), "conv/bias");
  EXPECT_FALSE(formats::exists(folder / "out.onnx"));
}

TEST_F(RewriteOnnx, RefusesDifferentNumbersForTensorsThatShareAPlace) {
  known.layers[1].tensors[0] = known.layers[0].tensors[1];
  known.layers[1].tensors[0].name = "affine/gamma";
  ours["affine/gamma"] = of({2}, {5, 6});
  EXPECT_EQ(rewrite(), Names{});
  ours["affine/gamma"] = of({2}, {5, 7});
  EXPECT_SAYS(error_of([&] { rewrite(); }), "share this tensor");
}

TEST_F(RewriteOnnx, RefusesDamagedFiles) {
  for (const std::size_t cut : {std::size_t{1}, original.size() / 3, original.size() / 2}) {
    original = network().substr(0, original.size() - cut);
    EXPECT_NE(error_of([&] { rewrite(); }), "") << cut;
  }
}

}  // namespace
}  // namespace evenkeel::interchange
