#include "evenkeel/formats/onnx/encode.h"

#include <gtest/gtest.h>
#include <onnx.pb.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/formats/onnx/wire.h"
#include "tests/support/testing.h"

namespace evenkeel::formats {
namespace {

using onnx::TensorProto;

TensorProto tensor_with(std::int64_t count, int type) {
  TensorProto tensor;
  tensor.add_dims(count);
  tensor.set_data_type(type);
  tensor.set_name("t");
  return tensor;
}

BytesView bytes_of(const std::string& text) { return view_of(text); }

/// The message after its numbers were replaced, read by protobuf.
TensorProto replaced(const TensorProto& tensor, std::vector<float> numbers) {
  const std::string before = tensor.SerializeAsString();
  const Tensor values = Tensor::of<float>({std::ssize(numbers)}, numbers);
  TensorProto after;
  EXPECT_TRUE(after.ParseFromString(with_numbers(look_at_onnx_tensor(bytes_of(before), "f"), values, "f")));
  return after;
}

TEST(EncodeOnnxTensor, GivesEveryHalfBackThatItsFloatCameFrom) {
  std::string halves(2 * 65536, '\0');
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    std::memcpy(halves.data() + 2 * bits, &half, 2);
  }
  TensorProto tensor = tensor_with(65536, TensorProto::FLOAT16);
  tensor.set_raw_data(halves);
  const Tensor floats = take_onnx_tensor(tensor, "f");
  const auto back = onnx_raw_data(floats, TensorProto::FLOAT16);
  ASSERT_TRUE(back);
  const auto values = floats.as<float>();
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    if (std::isnan(values[bits])) continue;
    ASSERT_EQ(back->substr(2 * bits, 2), halves.substr(2 * bits, 2)) << bits;
  }
}

TEST(EncodeOnnxTensor, RoundsToTheNearestHalfAndTiesToEven) {
  const std::vector<std::pair<float, std::uint16_t>> known = {
      {1 + 0x1p-11F, 0x3c00},  // between 1 and 1 + 2^-10: even is 1
      {1 + 3 * 0x1p-11F, 0x3c02}, {1 + 1.1F * 0x1p-11F, 0x3c01}, {65519.0F, 0x7bff}, {65520.0F, 0x7c00},
      {-0x1p-25F, 0x8000},        {0x1.8p-25F, 0x0001},          {0x1p-14F, 0x0400}, {1023.6F * 0x1p-24F, 0x0400}};
  for (const auto& [value, bits] : known) {
    const auto raw = onnx_raw_data(Tensor::of<float>({1}, std::span(&value, 1)), TensorProto::FLOAT16);
    std::uint16_t half = 0;
    std::memcpy(&half, raw->data(), 2);
    EXPECT_EQ(half, bits) << value;
  }
}

TEST(EncodeOnnxTensor, KeepsTheFormThatTheNumbersHad) {
  TensorProto raw = tensor_with(2, TensorProto::FLOAT);
  raw.set_raw_data(std::string(8, '\0'));
  EXPECT_EQ(replaced(raw, {1, 2}).raw_data().size(), 8u);
  EXPECT_EQ(replaced(raw, {1, 2}).float_data_size(), 0);
  TensorProto typed = tensor_with(2, TensorProto::FLOAT);
  typed.add_float_data(5);
  typed.add_float_data(6);
  const TensorProto after = replaced(typed, {1, 2});
  ASSERT_EQ(after.float_data_size(), 2);
  EXPECT_EQ(after.float_data(1), 2);
  EXPECT_FALSE(after.has_raw_data());
  TensorProto halves = tensor_with(2, TensorProto::FLOAT16);
  halves.add_int32_data(0x3c00);
  halves.add_int32_data(0x3c00);
  EXPECT_EQ(replaced(halves, {1, -2}).int32_data(1), 0xc000);
}

TEST(EncodeOnnxTensor, BringsNumbersOfAnotherFileIntoTheMessage) {
  TensorProto outside = tensor_with(1, TensorProto::FLOAT);
  auto& entry = *outside.add_external_data();
  entry.set_key("location");
  entry.set_value("weights.bin");
  outside.set_data_location(TensorProto::EXTERNAL);
  const std::string bytes = outside.SerializeAsString();
  EXPECT_EQ(look_at_onnx_tensor(bytes_of(bytes), "f").location, "weights.bin");
  const TensorProto after = replaced(outside, {3});
  EXPECT_EQ(after.external_data_size(), 0);
  EXPECT_FALSE(after.has_data_location());
  EXPECT_EQ(after.raw_data().size(), 4u);
}

TEST(EncodeOnnxTensor, RefusesTypesThatAreNoFloats) {
  const TensorProto whole = tensor_with(1, TensorProto::INT8);
  const std::string bytes = whole.SerializeAsString();
  const float one = 1;
  EXPECT_SAYS(error_of([&] {
                with_numbers(look_at_onnx_tensor(bytes_of(bytes), "f"), Tensor::of<float>({1}, std::span(&one, 1)),
                             "net.onnx: scale");
              }),
              "net.onnx: scale");
}

TEST(WireFields, RefusesWhatIsCutShort) {
  const std::string whole = tensor_with(3, TensorProto::FLOAT).SerializeAsString();
  const auto walk = [](const std::string& bytes) {
    wire::Fields fields(bytes_of(bytes), "net.onnx");
    int count = 0;
    while (fields.next()) ++count;
    return count;
  };
  EXPECT_EQ(walk(whole), 3);
  EXPECT_SAYS(error_of([&] { walk(whole.substr(0, whole.size() - 1)); }), "net.onnx");
  EXPECT_SAYS(error_of([&] { walk(std::string(11, '\xff')); }), "a number that does not end");
  EXPECT_SAYS(error_of([&] { walk("\x0b"); }), "a kind that does not exist");
}

}  // namespace
}  // namespace evenkeel::formats
