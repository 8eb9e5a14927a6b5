#include "evenkeel/interchange/ports.h"

#include "tests/support/testing.h"

namespace evenkeel::interchange {
namespace {

/// A model of images [2, 3, 1] that another program knows as [1, 2, 3], and of an age.
Model two_inputs() {
  Model model = Model::with_inputs({{"image", {2, 3, 1}}, {"age", {1}}}, "two");
  model.append(Activation{.name = "out"}, {"image"});
  return model;
}
Record record() {
  Record record;
  record.format = "onnx";
  record.file = "two.onnx";
  record.inputs = {{.name = "image", .foreign = "pixels", .foreign_shape = {1, 2, 3}, .axes = {1, 2, 0}},
                   {.name = "age", .foreign = "years", .foreign_shape = {1}}};
  record.outputs = {{.name = "out", .foreign = "result", .foreign_shape = {1, 2, 3}, .axes = {1, 2, 0}}};
  return record;
}
Tensor counted(const Shape& shape) {
  Tensor x(shape, DType::float32);
  for (std::size_t i = 0; i < x.as<float>().size(); ++i) x.as<float>()[i] = static_cast<float>(i);
  return x;
}
std::map<std::string, Tensor> arrays(const Shape& pixels) {
  std::map<std::string, Tensor> all;
  all.emplace("pixels", counted(pixels));
  all.emplace("years", counted({2, 1}));
  return all;
}

TEST(Ports, TakeArraysUnderTheNamesAndInTheLayoutOfTheirFile) {
  const auto ours = inputs_of_ours(record(), two_inputs(), arrays({2, 1, 2, 3}), "x.npz");
  EXPECT_EQ(ours.at("image").shape(), (Shape{2, 2, 3, 1}));
  EXPECT_EQ(ours.at("image").as<float>()[7], 7);
  EXPECT_EQ(ours.at("age").shape(), (Shape{2, 1}));
}

TEST(Ports, GiveOutputsBackAsTheirFileHasThem) {
  std::vector<std::pair<std::string, Tensor>> outputs;
  outputs.emplace_back("out", counted({2, 2, 3, 1}));
  const auto theirs = outputs_as_theirs(record(), std::move(outputs));
  EXPECT_EQ(theirs[0].first, "result");
  EXPECT_EQ(theirs[0].second.shape(), (Shape{2, 1, 2, 3}));
}

TEST(Ports, RefuseAnotherShapeAndSayTheirs) {
  const auto error = error_of([] { inputs_of_ours(record(), two_inputs(), arrays({2, 2, 3, 1}), "x.npz"); });
  EXPECT_SAYS(error, "x.npz: pixels");
  EXPECT_SAYS(error, "[N, 1, 2, 3]");
}

TEST(Ports, SayWhichArraysAreWanted) {
  const auto error = error_of([] { inputs_of_ours(record(), two_inputs(), {}, "x.npz"); });
  EXPECT_SAYS(error, "pixels [N, 1, 2, 3], years [N, 1]");
}

TEST(Ports, TakeExpectedOutputsInEitherLayout) {
  const Shape ours{2, 3, 1};
  EXPECT_EQ(output_of_ours(record(), "out", counted({4, 1, 2, 3}), ours).shape(), (Shape{4, 2, 3, 1}));
  EXPECT_EQ(output_of_ours(record(), "out", counted({4, 2, 3, 1}), ours).shape(), (Shape{4, 2, 3, 1}));
}

}  // namespace
}  // namespace evenkeel::interchange
