#include "tests/interchange/onnx/imported_graph.h"

// Values, layouts and the way back of weights, against plain loops in the file's own layout.

namespace evenkeel::interchange::onnx {
namespace {

using namespace bytes;

struct Conv {
  std::int64_t groups = 1;
  std::array<std::int64_t, 2> strides{1, 1}, dilations{1, 1};
  std::array<std::int64_t, 4> pads{};  ///< top, left, bottom, right
};

/// y [n, o, h, w] of x [n, c, h, w] and w [o, c / groups, kh, kw].
Numbers convolved(Numbers x, Numbers w, const Conv& by) {
  const auto out = [&](int axis) {
    const auto i = static_cast<std::size_t>(axis);
    return (x.dims[i + 2] + by.pads[i] + by.pads[i + 2] - (w.dims[i + 2] - 1) * by.dilations[i] - 1) / by.strides[i] +
           1;
  };
  Numbers y({x.dims[0], w.dims[0], out(0), out(1)});
  const std::int64_t of_group = w.dims[0] / by.groups;
  for (std::int64_t n = 0; n < y.dims[0]; ++n)
    for (std::int64_t o = 0; o < y.dims[1]; ++o)
      for (std::int64_t i = 0; i < y.dims[2]; ++i)
        for (std::int64_t j = 0; j < y.dims[3]; ++j)
          for (std::int64_t c = 0; c < w.dims[1]; ++c)
            for (std::int64_t a = 0; a < w.dims[2]; ++a)
              for (std::int64_t b = 0; b < w.dims[3]; ++b) {
                const std::int64_t row = i * by.strides[0] - by.pads[0] + a * by.dilations[0];
                const std::int64_t column = j * by.strides[1] - by.pads[1] + b * by.dilations[1];
                if (row < 0 || row >= x.dims[2] || column < 0 || column >= x.dims[3]) continue;
                y.at({n, o, i, j}) += w.at({o, c, a, b}) * x.at({n, o / of_group * w.dims[1] + c, row, column});
              }
  return y;
}

Numbers dense(Numbers x, Numbers w) {  // w [outputs, inputs]
  Numbers y({x.dims[0], w.dims[0]});
  for (std::int64_t n = 0; n < y.dims[0]; ++n)
    for (std::int64_t o = 0; o < w.dims[0]; ++o)
      for (std::int64_t i = 0; i < w.dims[1]; ++i)
        y.at({n, o}) += w.at({o, i}) * x.values[static_cast<std::size_t>(n * w.dims[1] + i)];
  return y;
}

TEST(OnnxConvolution, HasTheFilesNumbersWithGroupsDilationAndUnevenPadding) {
  const TestFolder folder;
  for (const std::int64_t groups : {1, 2, 4}) {
    const Dims dims{8, 4 / groups, 3, 2};
    const Conv by{.groups = groups, .strides = {2, 1}, .dilations = {1, 2}, .pads = {1, 0, 2, 3}};
    const Imported net = imported(folder, {.nodes = {node("Conv", {"x", "conv.weight"}, {"y"},
                                                          {integer("group", groups), ints("strides", {2, 1}),
                                                           ints("dilations", {1, 2}), ints("pads", {1, 0, 2, 3})})},
                                           .initializers = {weights("conv.weight", dims, 7)},
                                           .inputs = {value("x", {0, 4, 6, 7})}});
    expect_equal(computed(net)[0], convolved(Numbers({2, 4, 6, 7}, 1), Numbers(dims, 7), by));
    expect_way_back(net, "conv.weight", dims, 7);
    EXPECT_EQ(layers_of(net), groups == 4 ? "DepthwiseConv2D" : "Conv2D");
    EXPECT_EQ(net.file.model.nodes()[0].layer.name(), "conv");
  }
}

TEST(OnnxConvolution, TransposedIsTheGradientOfTheOtherOne) {
  const TestFolder folder;
  const Dims dims{4, 3, 3, 2};  // [inputs, outputs / groups, kh, kw]
  const Imported net = imported(folder, {.nodes = {node("ConvTranspose", {"x", "up.weight"}, {"y"},
                                                        {integer("group", 2), ints("strides", {2, 3}),
                                                         ints("pads", {1, 0, 0, 1}), ints("output_padding", {1, 0})})},
                                         .initializers = {weights("up.weight", dims, 3)},
                                         .inputs = {value("x", {0, 4, 3, 2})}});
  Numbers x({2, 4, 3, 2}, 1), w(dims, 3), y({2, 6, 7, 4});
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t c = 0; c < 4; ++c)
      for (std::int64_t o = 0; o < 3; ++o)
        for (std::int64_t i = 0; i < 3; ++i)
          for (std::int64_t j = 0; j < 2; ++j)
            for (std::int64_t a = 0; a < 3; ++a)
              for (std::int64_t b = 0; b < 2; ++b) {
                const std::int64_t row = i * 2 + a - 1, column = j * 3 + b;
                if (row < 0 || row >= 7 || column >= 4) continue;
                y.at({n, c / 2 * 3 + o, row, column}) += w.at({c, o, a, b}) * x.at({n, c, i, j});
              }
  expect_equal(computed(net)[0], y);
  expect_way_back(net, "up.weight", dims, 3);
}

TEST(OnnxLayout, RowsOfADenseLayerFollowTheFlattenedImage) {
  const TestFolder folder;
  const Imported net = imported(folder, {.nodes = {node("Flatten", {"x"}, {"f"}, {}, "/Flatten"),
                                                   node("Gemm", {"f", "fc.weight"}, {"y"}, {integer("transB", 1)})},
                                         .initializers = {weights("fc.weight", {5, 24}, 4)},
                                         .inputs = {value("x", {0, 2, 3, 4})}});
  expect_equal(computed(net)[0], dense(Numbers({2, 2, 3, 4}, 1), Numbers({5, 24}, 4)));
  expect_way_back(net, "fc.weight", {5, 24}, 4);
  EXPECT_EQ(layers_of(net), "Flatten Dense");  // no layer reorders anything
}

TEST(OnnxLayout, VectorsOfANormalizationFollowTheFlattenedImage) {
  const TestFolder folder;
  std::vector<float> variances = some_numbers(12, 9);
  for (float& v : variances) v = v * v + 0.5f;
  const Imported net = imported(
      folder, {.nodes = {node("Reshape", {"x", "to"}, {"f"}),
                         node("BatchNormalization", {"f", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"},
                              {"y"}, {real_attribute("epsilon", 1e-3f), real_attribute("momentum", 0.8f)})},
               .initializers = {tensor("to", {2}, raw<std::int64_t>({0, -1}), kInt64), weights("bn.weight", {12}, 5),
                                weights("bn.bias", {12}, 6), weights("bn.running_mean", {12}, 8),
                                tensor("bn.running_var", {12}, raw(variances))},
               .inputs = {value("x", {0, 3, 2, 2})}});
  const Numbers gamma({12}, 5), beta({12}, 6), mean({12}, 8);
  Numbers y({2, 12}, 1);
  for (std::size_t i = 0; i < y.values.size(); ++i)
    y.values[i] = gamma.values[i % 12] * (y.values[i] - mean.values[i % 12]) / std::sqrt(variances[i % 12] + 1e-3) +
                  beta.values[i % 12];
  expect_equal(computed(net)[0], y);
  expect_way_back(net, "bn.running_mean", {12}, 8);
  const auto* layer = net.file.model.nodes().back().layer.as<BatchNormalization>();
  ASSERT_NE(layer, nullptr);
  EXPECT_EQ(layer->momentum, 0.8);
  EXPECT_EQ(layer->epsilon, 1e-3);
  EXPECT_FALSE(layer->unbiased_moving_variance);
}

TEST(OnnxLayout, TransposesAroundConvolutionsBecomeNoLayers) {
  const TestFolder folder;
  const Imported net =
      imported(folder, {.nodes = {node("Transpose", {"x"}, {"t"}, {ints("perm", {0, 3, 1, 2})}),
                                  node("Conv", {"t", "w"}, {"c"}, {}, "net/conv1/Conv2D"), node("Relu", {"c"}, {"r"}),
                                  node("Transpose", {"r"}, {"y"}, {ints("perm", {0, 2, 3, 1})})},
                        .initializers = {weights("w", {3, 2, 1, 1}, 2)},
                        .inputs = {value("x", {0, 4, 5, 2})}});
  EXPECT_EQ(layers_of(net), "Conv2D Activation");
  EXPECT_EQ(net.file.model.input_shape(), (Shape{4, 5, 2}));
  EXPECT_TRUE(net.record.outputs[0].axes.empty());  // both are [H, W, C]
  EXPECT_EQ(net.file.model.nodes()[0].layer.name(), "net.conv1.Conv2D");
  Numbers x({2, 4, 5, 2}, 1), w({3, 2, 1, 1}, 2), y({2, 4, 5, 3});
  for (std::int64_t pixel = 0; pixel < 40; ++pixel)
    for (std::int64_t o = 0; o < 3; ++o)
      y.values[static_cast<std::size_t>(pixel * 3 + o)] =
          std::max(0.0, w.at({o, 0, 0, 0}) * x.values[static_cast<std::size_t>(pixel * 2)] +
                            w.at({o, 1, 0, 0}) * x.values[static_cast<std::size_t>(pixel * 2 + 1)]);
  expect_equal(computed(net)[0], y);
}

TEST(OnnxLayout, AnImageThatIsOutputComesOutInTheFilesLayout) {
  const TestFolder folder;
  const Imported net =
      imported(folder, {.nodes = {node("GlobalAveragePool", {"x"}, {"g"}), node("Sub", {"x", "g"}, {"y"})}});
  Numbers x({2, 2, 4, 4}, 1);
  Numbers y = x;
  for (std::size_t image = 0; image < 4; ++image) {
    double mean = 0;
    for (std::size_t i = 0; i < 16; ++i) mean += x.values[image * 16 + i] / 16;
    for (std::size_t i = 0; i < 16; ++i) y.values[image * 16 + i] -= mean;
  }
  expect_equal(computed(net)[0], y);
}

TEST(OnnxLayout, AReshapeThatMixesChannelsAndPositionsIsComputed) {
  const TestFolder folder;
  const Imported net = imported(folder, {.nodes = {node("MaxPool", {"x"}, {"m"}, {ints("kernel_shape", {1, 1})}),
                                                   node("Reshape", {"m", "to"}, {"y"})},
                                         .initializers = {tensor("to", {3}, raw<std::int64_t>({0, 6, 4}), kInt64)},
                                         .inputs = {value("x", {0, 4, 3, 2})}});
  expect_equal(computed(net)[0], [] {
    Numbers y({2, 4, 3, 2}, 1);
    y.dims = {2, 6, 4};
    return y;
  }());
}

TEST(OnnxLayout, TheFixedBatchOfAFileIsAnyBatch) {
  const TestFolder folder;
  const Imported net = imported(
      folder,
      {.nodes = {node("Reshape", {"x", "to"}, {"f"}), node("Gemm", {"f", "fc.weight"}, {"y"}, {integer("transB", 1)})},
       .initializers = {tensor("to", {2}, raw<std::int64_t>({1, 12}), kInt64), weights("fc.weight", {3, 12}, 4)},
       .inputs = {value("x", {1, 3, 2, 2})}});
  expect_equal(computed(net, 5)[0], dense(Numbers({5, 3, 2, 2}, 1), Numbers({3, 12}, 4)));
}

TEST(OnnxLayout, UntilOpset12ASoftmaxTakesAllAxesFromItsOwnOnTogether) {
  const TestFolder folder;
  for (const std::int64_t opset : {12, 13}) {
    const Imported net = imported(
        folder, {.nodes = {node("Softmax", {"x"}, {"y"}, {integer("axis", 1)})}, .inputs = {value("x", {0, 3, 4})}},
        opset);
    Numbers y({2, 3, 4}, 1);
    const Numbers x = y;
    for (std::size_t i = 0; i < 24; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < 24; ++k) {
        const bool together = opset == 12 ? k / 12 == i / 12 : k / 12 == i / 12 && k % 4 == i % 4;
        if (together) sum += std::exp(x.values[k]);
      }
      y.values[i] = std::exp(x.values[i]) / sum;
    }
    expect_equal(computed(net)[0], y);
  }
}

TEST(OnnxLayout, ConstantsAlongAnyAxisScaleAndShift) {
  const TestFolder folder;
  for (const Dims& dims : {Dims{}, Dims{1, 3, 1, 1}, Dims{3, 1, 1}, Dims{5}, Dims{4, 1}, Dims{3, 4, 5}}) {
    const Imported net = imported(folder, {.nodes = {node("Mul", {"x", "a"}, {"m"}), node("Add", {"b", "m"}, {"y"})},
                                           .initializers = {weights("a", dims, 2), weights("b", dims, 3)},
                                           .inputs = {value("x", {0, 3, 4, 5})}});
    Numbers y({2, 3, 4, 5}, 1);
    const Numbers a(dims, 2), b(dims, 3);
    for (std::int64_t i = 0; i < 120; ++i) {
      std::int64_t rest = i, at = 0, stride = 1;
      for (std::size_t k = 0; k < 4; ++k) {
        const std::int64_t size = k < dims.size() ? dims[dims.size() - 1 - k] : 1, whole = y.dims[3 - k];
        at += (size == 1 ? 0 : rest % whole) * stride;
        stride *= size;
        rest /= whole;
      }
      double& one = y.values[static_cast<std::size_t>(i)];
      one = one * a.values[static_cast<std::size_t>(at)] + b.values[static_cast<std::size_t>(at)];
    }
    expect_equal(computed(net)[0], y);
  }
}

TEST(OnnxLayout, PaddingOfZerosGoesIntoTheConvolution) {
  const TestFolder folder;
  const Imported net =
      imported(folder, {.nodes = {node("Pad", {"x", "pads"}, {"p"}),
                                  node("Conv", {"p", "conv.weight"}, {"y"}, {ints("pads", {1, 1, 1, 1})})},
                        .initializers = {tensor("pads", {8}, raw<std::int64_t>({0, 0, 1, 0, 0, 0, 0, 2}), kInt64),
                                         weights("conv.weight", {3, 2, 3, 3}, 4)}});
  EXPECT_EQ(layers_of(net), "Conv2D");
  expect_equal(computed(net)[0], convolved(Numbers({2, 2, 4, 4}, 1), Numbers({3, 2, 3, 3}, 4), {.pads = {2, 1, 1, 3}}));
}

}  // namespace
}  // namespace evenkeel::interchange::onnx
