#include <gmock/gmock.h>

#include <algorithm>
#include <bit>

#include "evenkeel/report/charts/diagram_layout.h"
#include "evenkeel/report/charts/svg_diagram.h"
#include "evenkeel/report/page/fold.h"
#include "tests/report/sample_report.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

using testing::ElementsAre;
using Names = std::vector<std::string>;

TEST(Fold, FindsThePatternThatCoversMost) {
  const Names names = {"in", "conv", "norm", "relu", "conv", "norm", "relu", "conv", "norm", "relu", "dense"};
  EXPECT_THAT(fold(names), ElementsAre(Fold{0, 1, 1}, Fold{1, 3, 3}, Fold{10, 1, 1}));
}

TEST(Fold, LeavesWhatComesTwiceAlone) { EXPECT_EQ(fold(Names{"conv", "pool", "conv", "pool"}).size(), 4u); }

TEST(Fold, FoldsOneNameThatIsRepeated) {
  EXPECT_THAT(fold(Names{"dense", "dense", "dense"}), ElementsAre(Fold{0, 1, 3}));
}

TEST(Fold, OfNothingIsNothing) { EXPECT_TRUE(fold({}).empty()); }

TEST(LayerBoxes, FoldARepeatedBlockWithWhatVariesInIt) {
  const auto stacks = stacks_of(deep_model(4));
  ASSERT_EQ(stacks.size(), 1u);
  const LayerBox& block = stacks[0].boxes.at(1);
  EXPECT_EQ(block.times, 4u);
  EXPECT_EQ(block.lines.at(0).name, "conv2d … conv2d_3");
  EXPECT_THAT(block.lines.at(0).settings,
              ElementsAre("filters 4, 8, 12, 16", "strides 1, 1, 2, 1", "padding same", "use_bias false"));
  EXPECT_THAT(block.outputs, ElementsAre("28×28×4", "28×28×8", "14×14×12", "14×14×16"));
}

TEST(LayerBoxes, CountTheParametersOfAllRepetitions) {
  const auto stacks = stacks_of(deep_model(3));
  EXPECT_EQ(stacks[0].boxes.at(1).lines.at(0).parameters, 9 * (1 * 4 + 4 * 8 + 8 * 12));
}

TEST(LayerBoxes, OfALayerHaveItsNameShapeAndSettings) {
  const LayerLine line = stacks_of(residual_model())[0].boxes.at(1).lines.at(0);
  EXPECT_EQ(line.type, "Conv2D");
  EXPECT_EQ(line.name, "stem");
  EXPECT_EQ(line.shape, "28×28×8");
  EXPECT_THAT(line.settings, ElementsAre("filters 8", "padding same"));
  EXPECT_EQ(line.parameters, 80);
}

TEST(LayerBoxes, OfAGraphAreStacksThatReadEachOther) {
  const auto stacks = stacks_of(residual_model());
  ASSERT_EQ(stacks.size(), 3u);
  EXPECT_EQ(stacks[2].boxes.at(0).lines.at(0).name, "sum");
  EXPECT_THAT(stacks[2].reads, ElementsAre(1, 0));
}

bool overlap(const PlacedBox& a, const PlacedBox& b, double width) {
  return a.x < b.x + width && b.x < a.x + width && a.y < b.y + b.height && b.y < a.y + a.height;
}

void expect_no_overlap(const Model& model) {
  const auto stacks = stacks_of(model);
  const BoxSize size = box_size_for(stacks);
  const DiagramLayout layout = layout_of(stacks, size);
  for (const PlacedBox& a : layout.boxes) {
    EXPECT_LE(a.x + size.width, layout.width);
    EXPECT_LE(a.y + a.height, layout.height);
    for (const PlacedBox& b : layout.boxes) EXPECT_EQ(overlap(a, b, size.width), &a == &b);
  }
}

Model branching_model() {
  Model model({8, 8, 4});
  for (const char* name : {"a", "b", "c", "d"})
    model.append(Conv2D{.filters = 2, .kernel_size = 1, .name = name}, {"input"});
  model.append(Concatenate{.name = "all"}, {"a", "b", "c", "d"});
  model.append(Flatten{});
  return model;
}

Sequential varied_chain() {
  Sequential model({64});
  for (int i = 0; i < 20; ++i) {
    model.add(Dense{.units = 8}, Dropout{.rate = 0.1});
    if (i % 2 == 0) model.add(Activation{relu});
  }
  return model;
}

TEST(DiagramLayout, PutsNoBoxOverAnother) {
  expect_no_overlap(deep_model(19));
  expect_no_overlap(residual_model());
  expect_no_overlap(branching_model());
  expect_no_overlap(varied_chain());
}

TEST(DiagramLayout, WrapsALongChainIntoColumns) {
  Sequential model({64});
  for (unsigned i = 0; i < 40; ++i) switch (std::popcount(i) % 3) {  // without a repeated pattern that would be folded
      case 0: model.add(Flatten{}); break;
      case 1: model.add(Dropout{}); break;
      default: model.add(Activation{relu}); break;
    }
  const auto stacks = stacks_of(model);
  const BoxSize size = box_size_for(stacks);
  const DiagramLayout layout = layout_of(stacks, size);
  EXPECT_GT(layout.width, 1.5 * size.width);
  EXPECT_LT(layout.height, 1100);
}

TEST(DiagramLayout, OfBranchesStandsBesideEachOther) {
  const auto stacks = stacks_of(branching_model());
  const BoxSize size = box_size_for(stacks);
  EXPECT_GT(layout_of(stacks, size).width, 4 * size.width);
}

TEST(Diagram, EscapesNames) {
  Sequential model({4});
  model.add(Dense{.units = 2, .name = "<b>&"});
  EXPECT_SAYS(svg_of(Diagram{.title = "\"t\"", .model = model}), "&lt;b&gt;&amp;");
}

}  // namespace
}  // namespace evenkeel
