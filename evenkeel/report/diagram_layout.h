#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evenkeel/report/layer_boxes.h"

namespace evenkeel {

struct PlacedBox {
  const LayerBox* box = nullptr;
  double x = 0, y = 0, height = 0;
};

/// An arrow's corners, from its begin to its head.
struct Wire {
  std::vector<std::pair<double, double>> corners;
};

/// Where everything of a diagram is, in pixels.
struct DiagramLayout {
  std::vector<PlacedBox> boxes;
  std::vector<Wire> wires;
  double width = 0, height = 0;
};

inline constexpr double kBoxWidth = 336;
/// Of text in a box and of the chips of a folded block.
inline constexpr double kTitleLine = 19, kSettingsLine = 15, kBoxPadding = 7, kChip = 24, kFoldTitle = 22;
inline constexpr std::size_t kChipsPerRow = 4;

double height_of(const LayerLine& line);
double height_of(const LayerBox& box);
/// The stacks must outlive the layout.
DiagramLayout layout_of(const std::vector<LayerStack>& stacks);

}  // namespace evenkeel
