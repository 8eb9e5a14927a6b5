#include "evenkeel/report/diagram_layout.h"

#include <algorithm>
#include <cmath>

namespace evenkeel {
namespace {

constexpr double kGap = 16, kColumnGap = 36, kRowGap = 44, kLane = 14, kTallest = 900;

double height_of(const LayerStack& stack) {
  double height = kGap * static_cast<double>(stack.boxes.size() - 1);
  for (const LayerBox& box : stack.boxes) height += height_of(box);
  return height;
}

/// A chain, in as many columns as keep it from being too tall.
class Columns {
 public:
  explicit Columns(const LayerStack& stack) {
    const double height = evenkeel::height_of(stack.boxes.front()), total = height_of(stack);
    const double tallest = std::max(height, total / std::ceil(total / kTallest)) + 1;
    double x = 0, y = 0;
    for (const LayerBox& box : stack.boxes) {
      const double h = evenkeel::height_of(box);
      if (y > 0 && y + h > tallest + kGap) {
        x += kBoxWidth + kColumnGap;
        y = 0;
      }
      if (!layout_.boxes.empty()) connect(layout_.boxes.back(), x, y);
      layout_.boxes.push_back({.box = &box, .x = x, .y = y, .height = h});
      layout_.height = std::max(layout_.height, y + h);
      y += h + kGap;
    }
    layout_.width = x + kBoxWidth;
    // Wires to the next column turn above and below the boxes.
    if (x > 0) make_room();
  }
  DiagramLayout take() { return std::move(layout_); }

 private:
  void connect(const PlacedBox& from, double x, double y) {
    const double half = kBoxWidth / 2, end = from.y + from.height;
    if (from.x == x) {
      layout_.wires.push_back({{{x + half, end}, {x + half, y}}});
      return;
    }
    const double between = x - kColumnGap / 2;
    layout_.wires.push_back({{{from.x + half, end},
                              {from.x + half, end + kGap / 2},
                              {between, end + kGap / 2},
                              {between, y - kGap / 2},
                              {x + half, y - kGap / 2},
                              {x + half, y}}});
  }

  void make_room() {
    for (PlacedBox& box : layout_.boxes) box.y += kGap;
    for (Wire& wire : layout_.wires)
      for (auto& corner : wire.corners) corner.second += kGap;
    layout_.height += 2 * kGap;
  }

  DiagramLayout layout_;
};

/// Rows of stacks, each below all that it reads. What is read over a row between goes along lanes on the right.
class Rows {
 public:
  explicit Rows(const std::vector<LayerStack>& stacks) : stacks_(stacks), places_(stacks.size()) {
    arrange();
    place();
    for (std::size_t i = 0; i < stacks_.size(); ++i)
      for (const std::size_t from : stacks_[i].reads) connect(from, i);
    for (const Wire& wire : layout_.wires)
      for (const auto& [x, y] : wire.corners) layout_.width = std::max(layout_.width, x + 4);
  }
  DiagramLayout take() { return std::move(layout_); }

 private:
  struct Place {
    std::size_t row = 0;
    double x = 0, top = 0, bottom = 0;
    double centre() const { return x + kBoxWidth / 2; }
  };

  void arrange() {
    for (std::size_t i = 0; i < stacks_.size(); ++i) {
      for (const std::size_t from : stacks_[i].reads) places_[i].row = std::max(places_[i].row, places_[from].row + 1);
      rows_.resize(std::max(rows_.size(), places_[i].row + 1));
      rows_[places_[i].row].push_back(i);
    }
  }

  void place() {
    std::size_t most = 0;
    for (const auto& row : rows_) most = std::max(most, row.size());
    layout_.width = static_cast<double>(most) * (kBoxWidth + kColumnGap) - kColumnGap;
    double y = 0;
    for (const auto& row : rows_) {
      const double width = static_cast<double>(row.size()) * (kBoxWidth + kColumnGap) - kColumnGap;
      double x = (layout_.width - width) / 2, tallest = 0;
      for (const std::size_t i : row) {
        places_[i].x = x;
        places_[i].top = y;
        place_boxes(i);
        tallest = std::max(tallest, places_[i].bottom - y);
        x += kBoxWidth + kColumnGap;
      }
      right_.push_back(x - kColumnGap);
      bottom_.push_back(y + tallest);
      layout_.height = y + tallest;
      y += tallest + kRowGap;
    }
  }

  void place_boxes(std::size_t i) {
    Place& place = places_[i];
    double y = place.top;
    for (const LayerBox& box : stacks_[i].boxes) {
      if (y > place.top) layout_.wires.push_back({{{place.centre(), y - kGap}, {place.centre(), y}}});
      layout_.boxes.push_back({.box = &box, .x = place.x, .y = y, .height = height_of(box)});
      y += height_of(box) + kGap;
    }
    place.bottom = y - kGap;
  }

  void connect(std::size_t from_stack, std::size_t to_stack) {
    const Place &from = places_[from_stack], &to = places_[to_stack];
    Wire wire{{{from.centre(), from.bottom}}};
    const double below = bottom_[from.row] + kRowGap / 2, above = to.top - kRowGap / 2;
    double x = to.centre();
    wire.corners.emplace_back(from.centre(), below);
    if (to.row > from.row + 1) {
      double lane = 0;
      for (std::size_t row = from.row + 1; row < to.row; ++row) lane = std::max(lane, right_[row] + kLane);
      for (std::size_t row = from.row + 1; row < to.row; ++row) right_[row] = lane;
      // A little aside, so that it is not taken for the wire of the stack between.
      x += kLane;
      wire.corners.insert(wire.corners.end(), {{lane, below}, {lane, above}, {x, above}});
    } else {
      wire.corners.emplace_back(x, below);
    }
    wire.corners.emplace_back(x, to.top);
    layout_.wires.push_back(std::move(wire));
  }

  const std::vector<LayerStack>& stacks_;
  std::vector<Place> places_;
  std::vector<std::vector<std::size_t>> rows_;
  std::vector<double> right_, bottom_;  ///< of each row
  DiagramLayout layout_;
};

}  // namespace

double height_of(const LayerLine& line) {
  // The number of parameters stands beside the first line of settings.
  const std::size_t lines = std::max<std::size_t>(line.settings.size(), line.parameters > 0 ? 1 : 0);
  return kTitleLine + kSettingsLine * static_cast<double>(lines);
}

double height_of(const LayerBox& box) {
  double height = 2 * kBoxPadding;
  for (const LayerLine& line : box.lines) height += height_of(line);
  if (box.times > 1)
    height += kFoldTitle + kChip * static_cast<double>((box.outputs.size() + kChipsPerRow - 1) / kChipsPerRow) + 4;
  return height;
}

DiagramLayout layout_of(const std::vector<LayerStack>& stacks) {
  if (stacks.empty()) return {};
  return stacks.size() == 1 ? Columns(stacks[0]).take() : Rows(stacks).take();
}

}  // namespace evenkeel
