#include "evenkeel/report/charts/diagram_layout.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

constexpr double kGap = 16, kColumnGap = 32, kRowGap = 44, kLane = 14, kTallest = 900;

double height_of(const LayerStack& stack, BoxSize size) {
  double height = kGap * static_cast<double>(stack.boxes.size() - 1);
  for (const LayerBox& box : stack.boxes) height += evenkeel::height_of(box, size);
  return height;
}

/// Each stack is one row below the lowest that it reads.
std::vector<std::vector<std::size_t>> rows_of(const std::vector<LayerStack>& stacks) {
  std::vector<std::vector<std::size_t>> rows;
  std::vector<std::size_t> row(stacks.size(), 0);
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    for (const std::size_t from : stacks[i].reads) row[i] = std::max(row[i], row[from] + 1);
    rows.resize(std::max(rows.size(), row[i] + 1));
    rows[row[i]].push_back(i);
  }
  return rows;
}

std::size_t widest(const std::vector<std::vector<std::size_t>>& rows) {
  std::size_t most = 0;
  for (const auto& row : rows) most = std::max(most, row.size());
  return most;
}

/// Places a chain in so many columns that it is not too tall.
class Columns {
 public:
  Columns(const LayerStack& stack, BoxSize size) : box_width_(size.width) {
    const double total = height_of(stack, size), tallest = total / std::ceil(total / kTallest);
    double x = 0, y = 0;
    for (const LayerBox& box : stack.boxes) {
      const double h = evenkeel::height_of(box, size);
      if (y > 0 && y + h > tallest + 2 * kGap) {
        x += box_width_ + kColumnGap;
        y = 0;
      }
      if (!layout_.boxes.empty()) connect(layout_.boxes.back(), x, y);
      layout_.boxes.push_back({.box = &box, .x = x, .y = y, .height = h});
      layout_.height = std::max(layout_.height, y + h);
      y += h + kGap;
    }
    layout_.width = x + box_width_;
    // Wires to the next column turn above and below the boxes.
    if (x > 0) make_room();
  }
  DiagramLayout take() { return std::move(layout_); }

 private:
  void connect(const PlacedBox& from, double x, double y) {
    const double half = box_width_ / 2, end = from.y + from.height;
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

  double box_width_;
  DiagramLayout layout_;
};

/// Places rows of stacks, each below all that it reads. Wires that pass a row in between run in lanes on the right.
class Rows {
 public:
  Rows(const std::vector<LayerStack>& stacks, BoxSize size)
      : stacks_(stacks), size_(size), places_(stacks.size()), rows_(rows_of(stacks)) {
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
    double centre = 0, top = 0, bottom = 0;
  };

  void place() {
    const double column = size_.width + kColumnGap;
    layout_.width = static_cast<double>(widest(rows_)) * column - kColumnGap;
    double y = 0;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      double x = (layout_.width + kColumnGap - static_cast<double>(rows_[row].size()) * column) / 2, tallest = 0;
      for (const std::size_t i : rows_[row]) {
        places_[i] = {.row = row, .centre = x + size_.width / 2, .top = y, .bottom = y};
        place_boxes(i, x);
        tallest = std::max(tallest, places_[i].bottom - y);
        x += column;
      }
      right_.push_back(x - kColumnGap);
      bottom_.push_back(y + tallest);
      layout_.height = y + tallest;
      y += tallest + kRowGap;
    }
  }

  void place_boxes(std::size_t i, double x) {
    Place& place = places_[i];
    double y = place.top;
    for (const LayerBox& box : stacks_[i].boxes) {
      if (y > place.top) layout_.wires.push_back({{{place.centre, y - kGap}, {place.centre, y}}});
      layout_.boxes.push_back({.box = &box, .x = x, .y = y, .height = height_of(box, size_)});
      y += layout_.boxes.back().height + kGap;
    }
    place.bottom = y - kGap;
  }

  void connect(std::size_t from_stack, std::size_t to_stack) {
    const Place &from = places_[from_stack], &to = places_[to_stack];
    Wire wire{{{from.centre, from.bottom}}};
    const double below = bottom_[from.row] + kRowGap / 2, above = to.top - kRowGap / 2;
    double x = to.centre;
    wire.corners.emplace_back(from.centre, below);
    if (to.row > from.row + 1) {
      double lane = 0;
      for (std::size_t row = from.row + 1; row < to.row; ++row) lane = std::max(lane, right_[row] + kLane);
      for (std::size_t row = from.row + 1; row < to.row; ++row) right_[row] = lane;
      // A little to the side, so that it is not confused with the wire of the stack between.
      x += kLane;
      wire.corners.insert(wire.corners.end(), {{lane, below}, {lane, above}, {x, above}});
    } else {
      wire.corners.emplace_back(x, below);
    }
    wire.corners.emplace_back(x, to.top);
    layout_.wires.push_back(std::move(wire));
  }

  const std::vector<LayerStack>& stacks_;
  BoxSize size_;
  std::vector<Place> places_;
  std::vector<std::vector<std::size_t>> rows_;
  std::vector<double> right_, bottom_;  ///< of each row
  DiagramLayout layout_;
};

}  // namespace

BoxSize box_size_for(const std::vector<LayerStack>& stacks) {
  return widest(rows_of(stacks)) > 2 ? BoxSize{.width = 224, .characters = 20}
                                     : BoxSize{.width = 316, .characters = 40};
}

std::size_t chips_per_row(BoxSize size) { return size.width > 300 ? 4 : 3; }

std::vector<std::string> wrapped(const std::vector<std::string>& settings, std::size_t characters) {
  std::vector<std::string> lines;
  for (const std::string& text : settings) {
    if (lines.empty() || characters_in(lines.back()) + 3 + characters_in(text) > characters)
      lines.push_back(text);
    else
      lines.back() += " · " + text;
  }
  return lines;
}

double height_of(const LayerLine& line, BoxSize size) {
  // The number of parameters is in the first line of settings.
  const std::size_t lines =
      std::max<std::size_t>(wrapped(line.settings, size.characters).size(), line.parameters > 0 ? 1 : 0);
  return kTitleLine + kSettingsLine * static_cast<double>(lines);
}

double height_of(const LayerBox& box, BoxSize size) {
  double height = 2 * kBoxPadding;
  for (const LayerLine& line : box.lines) height += height_of(line, size);
  const std::size_t per_row = chips_per_row(size);
  if (box.times > 1)
    height += kFoldTitle + kChip * static_cast<double>((box.outputs.size() + per_row - 1) / per_row) + 4;
  return height;
}

DiagramLayout layout_of(const std::vector<LayerStack>& stacks, BoxSize size) {
  if (stacks.empty()) return {};
  return stacks.size() == 1 ? Columns(stacks[0], size).take() : Rows(stacks, size).take();
}

}  // namespace evenkeel
