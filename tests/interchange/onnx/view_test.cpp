#include "evenkeel/interchange/onnx/view.h"

#include <gtest/gtest.h>

namespace evenkeel::interchange::onnx {
namespace {

/// [2, 3, 4] of the file as [3, 4, 2] here.
View image() { return view_of_layer("layer", {2, 3, 4}, {1, 2, 0}); }

TEST(OnnxView, OfAnImageHasItsChannelsLast) {
  EXPECT_EQ(image().ours, (Sizes{3, 4, 2}));
  EXPECT_TRUE(lies_in_order(image(), {1, 2, 0}));
  EXPECT_FALSE(lies_in_order(image(), {0, 1, 2}));
  EXPECT_TRUE(is_innermost(image(), 0));
}

TEST(OnnxView, FlattenedRemembersHowItsElementsLie) {
  const auto flat = reshaped(image(), {24});
  ASSERT_TRUE(flat);
  const VectorView rows = vector_view(*flat, 0);
  EXPECT_EQ(rows.seen, (Sizes{2, 3, 4}));
  EXPECT_EQ(rows.axes, (std::vector<int>{1, 2, 0}));
}

TEST(OnnxView, TransposedIntoOurOrderIsAsItIs) {
  const View turned = transposed(image(), {1, 2, 0});
  EXPECT_EQ(turned.foreign, (Sizes{3, 4, 2}));
  EXPECT_TRUE(lies_in_order(turned, {0, 1, 2}));
}

TEST(OnnxView, SplitsAxesIntoFactors) {
  const auto split = reshaped(view_of_layer("layer", {6, 5}), {2, 3, 5});
  ASSERT_TRUE(split);
  EXPECT_EQ(split->seen, (Sizes{2, 3, 5}));
  EXPECT_EQ(reshaped(*split, {30})->axes, (std::vector<int>{0, 1, 2}));
  EXPECT_FALSE(reshaped(view_of_layer("layer", {6, 4}), {4, 6}));
}

TEST(OnnxView, AxesOfSizeOneLieAnywhere) {
  const View pixel = view_of_layer("layer", {5, 1, 1}, {1, 2, 0});
  EXPECT_TRUE(lies_in_order(pixel, {0, 1, 2}));
  EXPECT_EQ(reshaped(pixel, {5})->seen, Sizes{5});
}

TEST(OnnxView, APermutationTakesNeighboursTogether) {
  const Permutation back = permutation_to(image(), {0, 1, 2});  // ours [3, 4, 2] to [2, 3, 4]
  EXPECT_EQ(back.shape, (Sizes{12, 2}));
  EXPECT_EQ(back.dims, (std::vector<int>{1, 0}));
}

}  // namespace
}  // namespace evenkeel::interchange::onnx
