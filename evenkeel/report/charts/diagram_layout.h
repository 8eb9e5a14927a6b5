#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evenkeel/report/charts/layer_boxes.h"

namespace evenkeel {

struct PlacedBox {
  const LayerBox* box = nullptr;
  double x = 0, y = 0, height = 0;
};

/// An arrow's corners, from its start to its head.
struct Wire {
  std::vector<std::pair<double, double>> corners;
};

/// The places of all parts of a diagram, in pixels.
struct DiagramLayout {
  std::vector<PlacedBox> boxes;
  std::vector<Wire> wires;
  double width = 0, height = 0;
};

/// The size of boxes: narrower if more stacks stand side by side.
struct BoxSize {
  double width;
  std::size_t characters;  ///< of settings in a line, next to the number of parameters
};
BoxSize box_size_for(const std::vector<LayerStack>& stacks);

/// Heights and paddings of text in a box, and of the chips of a folded block.
inline constexpr double kTitleLine = 19, kSettingsLine = 15, kBoxPadding = 7, kChip = 24, kFoldTitle = 22,
                        kBoxSide = 12;
std::size_t chips_per_row(BoxSize size);

/// The settings, broken into as many lines as they need.
std::vector<std::string> wrapped(const std::vector<std::string>& settings, std::size_t characters);
double height_of(const LayerLine& line, BoxSize size);
double height_of(const LayerBox& box, BoxSize size);
/// The stacks must outlive the layout.
DiagramLayout layout_of(const std::vector<LayerStack>& stacks, BoxSize size);

}  // namespace evenkeel
