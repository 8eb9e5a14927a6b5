#include "evenkeel/nn/architectures/architectures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "evenkeel/base/text.h"
#include "evenkeel/nn/summary.h"
#include "helpers.h"

namespace evenkeel {
namespace {

/// A line of tests/golden/architectures.csv (tools/golden/make_architectures.py).
struct Published {
  std::string name;
  Shape input;
  std::int64_t classes = 0, trainable = 0, moving = 0;
  std::string layers;
};

std::map<std::string, Published> published() {
  std::ifstream file(source_file("tests/golden/architectures.csv"));
  std::map<std::string, Published> all;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> cells;
    std::istringstream text(line);
    for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
    const auto number = [&](std::size_t i) { return std::stoll(cells.at(i)); };
    all[cells[0]] = {cells[0], Shape{number(1), number(2), number(3)}, number(4), number(5), number(6), cells.at(7)};
  }
  return all;
}

/// FNV-1a of the lines "<layer> <numbers>" of all layers with tensors, sorted.
std::string hash_of_layers(const ModelSummary& summary) {
  std::map<std::string, std::int64_t> layers;
  for (const LayerSummary& layer : summary.layers)
    if (layer.parameters > 0) layers[layer.name] = layer.parameters;
  std::uint64_t state = 0xCBF29CE484222325;
  for (const auto& [name, parameters] : layers)
    for (const char c : fmt::format("{} {}\n", name, parameters))
      state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return fmt::format("{:016x}", state);
}

class ArchitectureNamed : public testing::TestWithParam<std::string> {
 protected:
  const Architecture& architecture() const { return architecture_named(GetParam()); }
};

TEST_P(ArchitectureNamed, HasTheLayersAndParametersOfItsSource) {
  const auto all = published();
  const auto found = all.find(GetParam());
  ASSERT_NE(found, all.end()) << "tools/golden/make_architectures.py does not know it";
  const Published& expected = found->second;
  const ModelSummary summary = summarize(make_architecture(GetParam()).model);
  EXPECT_EQ(architecture().input, expected.input);
  EXPECT_EQ(architecture().classes, expected.classes);
  EXPECT_EQ(summary.trainable, expected.trainable);
  EXPECT_EQ(summary.non_trainable, expected.moving);
  EXPECT_EQ(hash_of_layers(summary), expected.layers) << "make_architectures.py --layers " << GetParam();
  EXPECT_EQ(summary.layers.back().output_shape.back(), expected.classes);
}

TEST_P(ArchitectureNamed, IsInTheDocumentation) {
  std::ifstream file(source_file("docs/architectures.md"));
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const Published expected = published().at(GetParam());
  EXPECT_SAYS(page, fmt::format("| `{}` | {} | {} | {} |", GetParam(), architecture().source,
                                with_commas(expected.trainable), with_commas(expected.moving)));
}

TEST_P(ArchitectureNamed, ReadsBackAsItIsWritten) {
  const ModelFile file = make_architecture(GetParam(), {.classes = 7});
  const std::string text = write_model_file(file);
  const ModelFile again = parse_model_file(text, "written");
  EXPECT_EQ(write_model_file(again), text);
  EXPECT_EQ(again.training, file.training);
}

TEST_P(ArchitectureNamed, TakesItsSmallestInputAndOneChannel) {
  const std::int64_t side = architecture().smallest;
  const Model model = make_architecture(GetParam(), {.input = Shape{side, side, 1}, .classes = 3}).model;
  EXPECT_EQ(summarize(model).layers.back().output_shape.back(), 3);
}

TEST_P(ArchitectureNamed, RefusesASmallerOne) {
  const std::int64_t side = architecture().smallest;
  const auto smaller = [&] { make_architecture(GetParam(), {.input = Shape{side, side - 1, 3}}); };
  EXPECT_SAYS(error_of(smaller), fmt::format("at least {0}x{0}", side));
}

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const Architecture& architecture : all_architectures()) names.push_back(architecture.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Of, ArchitectureNamed, testing::ValuesIn(architecture_names()),
                         [](const auto& name) { return name.param; });

TEST(Architectures, AreAllThatTheTableOfPublishedNumbersHas) {
  for (const auto& [name, counts] : published()) EXPECT_NO_THROW(architecture_named(name)) << name;
}

TEST(Architectures, ThatDoNotExistAreNamedWithTheNearest) {
  EXPECT_SAYS(error_of([] { make_architecture("resnet_18"); }), "Did you mean \"resnet18\"?");
}

TEST(Architectures, RefuseWhatIsNoImage) {
  EXPECT_SAYS(error_of([] { make_architecture("resnet18", {.input = Shape{784}}); }), "[height, width, channels]");
  EXPECT_SAYS(error_of([] { make_architecture("resnet18", {.classes = 0}); }), "at least one class");
}

TEST(Architectures, OfUNetNeedSizesThatItsPoolingsDivide) {
  EXPECT_SAYS(error_of([] { make_architecture("unet", {.input = Shape{64, 40, 3}}); }), "16 divides");
  const Model model = make_architecture("unet", {.input = Shape{64, 48, 3}, .classes = 2}).model;
  EXPECT_EQ(summarize(model).layers.back().output_shape, (Shape{64, 48, 2}));
}

TEST(Architectures, DropMoreBlocksTowardsTheEnd) {
  double last = 0;
  int found = 0;
  const Model model = make_architecture("efficientnet_b0").model;
  for (const Model::Node& node : model.nodes()) {
    if (node.layer.type() != "StochasticDepth") continue;
    const double rate = std::get<double>(node.layer.settings(false).at(0).second);
    EXPECT_GT(rate, last) << node.layer.name();
    last = rate;
    ++found;
  }
  EXPECT_EQ(found, 9);
  EXPECT_NEAR(last, 0.2 * 14 / 16, 1e-12);
}

}  // namespace
}  // namespace evenkeel
