#include "evenkeel/data/strokes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/data/drawn.h"

// Only + - * / and sqrt: IEEE 754 rounds these alike on every machine, so the images are the same everywhere. That
// holds as long as a * b + c is not fused (-ffp-contract=off for this file).

namespace evenkeel {
namespace {

constexpr int kSide = 28;
constexpr std::size_t kPixels = kSide * kSide;

struct Point {
  double x, y;

  Point operator+(Point other) const { return {x + other.x, y + other.y}; }
  Point operator-(Point other) const { return {x - other.x, y - other.y}; }
  Point operator*(double factor) const { return {x * factor, y * factor}; }
};
double dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }

struct Stroke {
  bool curved;  ///< through the points, or straight from one to the next
  bool closed;  ///< back to the first point
  std::vector<Point> points;
};

struct Figure {
  std::string name;
  std::vector<Stroke> strokes;
};

constexpr bool kStraight = false, kCurved = true, kOpen = false, kClosed = true;

/// The ten classes as a pen would draw them: x to the right, y down, about one unit from the centre to the edge.
/// Several share most of their strokes, so that a few pixels are not enough to distinguish them.
const std::vector<Figure>& figures() {
  static const std::vector<Point> circle = {{1, 0}, {0.5, 0.87}, {-0.5, 0.87}, {-1, 0}, {-0.5, -0.87}, {0.5, -0.87}};
  static const std::vector<Point> spiral = {{0.1, 0},    {0.35, -0.3}, {0, -0.55}, {-0.5, -0.25}, {-0.5, 0.4},
                                            {0.1, 0.75}, {0.8, 0.4},   {1, -0.3},  {0.6, -0.95}};
  static const std::vector<Figure> list = {
      {"ring", {{kCurved, kClosed, circle}}},
      {"open ring",
       {{kCurved, kOpen, {{0.75, -0.7}, {0, -1}, {-0.75, -0.65}, {-1, 0}, {-0.75, 0.65}, {0, 1}, {0.75, 0.7}}}}},
      {"barred ring", {{kCurved, kClosed, circle}, {kStraight, kOpen, {{-1, 0}, {1, 0}}}}},
      {"spiral", {{kCurved, kOpen, spiral}}},
      {"triangle", {{kStraight, kClosed, {{0, -1}, {0.95, 0.8}, {-0.95, 0.8}}}}},
      {"fork", {{kStraight, kOpen, {{-0.85, -0.95}, {0, 0}, {0.85, -0.95}}}, {kStraight, kOpen, {{0, 0}, {0, 1}}}}},
      {"arrow", {{kStraight, kOpen, {{-0.8, -0.1}, {0, -1}, {0.8, -0.1}}}, {kStraight, kOpen, {{0, -1}, {0, 1}}}}},
      {"cross", {{kStraight, kOpen, {{-0.85, -0.9}, {0.85, 0.9}}}, {kStraight, kOpen, {{0.85, -0.9}, {-0.85, 0.9}}}}},
      {"zigzag", {{kStraight, kOpen, {{-0.85, -0.9}, {0.85, -0.9}, {-0.85, 0.9}, {0.85, 0.9}}}}},
      {"wave", {{kCurved, kOpen, {{0.75, -0.75}, {0, -1}, {-0.75, -0.6}, {0, 0}, {0.75, 0.6}, {0, 1}, {-0.75, 0.75}}}}},
  };
  return list;
}

/// From the figure's unit square to pixels.
struct AffineMap {
  Point right, down, middle;

  Point operator()(Point p) const { return right * p.x + down * p.y + middle; }
};

AffineMap random_map(RandomStream& random) {
  // A rotation by up to 25 degrees from the tangent of half the angle, which needs no sine.
  const double t = random.uniform(-0.2217, 0.2217);
  const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  const double size = random.uniform(5.5, 9.5);
  const double width = size * random.uniform(0.8, 1.2);
  const double shear = random.uniform(-0.25, 0.25);
  const Point right = {cosine * width, sine * width};
  const Point down = {(shear * cosine - sine) * size, (shear * sine + cosine) * size};
  const double center = 0.5 * (kSide - 1);
  return {right, down, {center + random.uniform(-3.5, 3.5), center + random.uniform(-3.5, 3.5)}};
}

/// How much of each pixel a pen of a given width covers.
class Canvas {
 public:
  void clear() { distances_.fill(std::numeric_limits<double>::max()); }

  /// Pixels further than `reach` from the line may be skipped.
  void draw_line(Point from, Point to, double reach) {
    const Point along = to - from;
    const Point share = along * (1 / std::max(dot(along, along), 1e-12));
    const int left = first(std::min(from.x, to.x) - reach), right = last(std::max(from.x, to.x) + reach);
    const int top = first(std::min(from.y, to.y) - reach), bottom = last(std::max(from.y, to.y) + reach);
    for (int y = top; y <= bottom; ++y)
      for (int x = left; x <= right; ++x) {
        const Point offset = Point{static_cast<double>(x), static_cast<double>(y)} - from;
        const Point apart = offset - along * std::clamp(dot(offset, share), 0.0, 1.0);
        double& nearest = distances_[static_cast<std::size_t>(y * kSide + x)];
        nearest = std::min(nearest, dot(apart, apart));
      }
  }

  /// 1 under the pen, falling to 0 over one pixel at its edge.
  double coverage(std::size_t pixel, double radius) const {
    if (distances_[pixel] >= (radius + 0.5) * (radius + 0.5)) return 0;
    return std::min(1.0, radius + 0.5 - std::sqrt(distances_[pixel]));
  }

 private:
  static int first(double coordinate) { return static_cast<int>(std::clamp(coordinate + 1, 0.0, double{kSide})); }
  static int last(double coordinate) {
    return coordinate < 0 ? -1 : static_cast<int>(std::min(coordinate, kSide - 1.0));
  }

  std::array<double, kPixels> distances_;  ///< squared, from the pixel's centre to the middle of the nearest line
};

/// A point of the Catmull-Rom curve between b and c.
Point on_curve(Point a, Point b, Point c, Point d, double t) {
  const Point linear = c - a;
  const Point square = a * 2 - b * 5 + c * 4 - d;
  const Point cube = (b - c) * 3 + d - a;
  return (b * 2 + (linear + (square + cube * t) * t) * t) * 0.5;
}

void draw_stroke(Canvas& canvas, const Stroke& stroke, const AffineMap& map, double reach, RandomStream& random) {
  constexpr double kJitter = 0.17;
  constexpr int kPiecesPerSpan = 4;
  std::array<Point, 16> points;
  const int count = static_cast<int>(stroke.points.size());
  for (int i = 0; i < count; ++i) {
    const Point jitter = {random.uniform(-kJitter, kJitter), random.uniform(-kJitter, kJitter)};
    points[static_cast<std::size_t>(i)] = map(stroke.points[static_cast<std::size_t>(i)] + jitter);
  }
  const auto at = [&](int i) {
    return points[static_cast<std::size_t>(stroke.closed ? (i + count) % count : std::clamp(i, 0, count - 1))];
  };
  for (int i = 0; i < count - (stroke.closed ? 0 : 1); ++i) {
    const int pieces = stroke.curved ? kPiecesPerSpan : 1;
    Point from = at(i);
    for (int piece = 1; piece <= pieces; ++piece) {
      const Point to =
          piece == pieces ? at(i + 1) : on_curve(at(i - 1), at(i), at(i + 1), at(i + 2), double(piece) / pieces);
      canvas.draw_line(from, to, reach);
      from = to;
    }
  }
}

/// Draws short lines at random places, fainter than the figure.
void draw_clutter(Canvas& canvas, double reach, RandomStream& random) {
  const auto count = random.below(5);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Point from = {random.uniform(0, kSide - 1), random.uniform(0, kSide - 1)};
    const Point to = from + Point{random.uniform(-5, 5), random.uniform(-5, 5)};
    canvas.draw_line(from, to, reach);
  }
}

/// Draws one sample's pixels and returns its label.
std::int32_t draw_sample(RandomStream random, std::span<std::uint8_t> pixels) {
  const auto label = random.below(static_cast<std::uint32_t>(figures().size()));
  const AffineMap map = random_map(random);
  const double radius = random.uniform(0.6, 1.5);
  const double ink = random.uniform(90, 255), clutter_ink = ink * random.uniform(0.4, 0.9);
  const double paper = random.uniform(0, 45), noise = random.uniform(8, 55);

  Canvas figure, clutter;
  figure.clear();
  clutter.clear();
  for (const Stroke& stroke : figures()[label].strokes) draw_stroke(figure, stroke, map, radius + 0.5, random);
  draw_clutter(clutter, radius + 0.5, random);

  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kPixels; ++i) {
    if (i % 2 == 0) bits = random.bits();
    const auto half = static_cast<int>(i % 2 == 0 ? bits & 0xffffu : bits >> 16);
    const double grain = ((half & 0xff) + (half >> 8)) / 255.0 - 1;  // the sum of two: mostly small
    const double drawn = std::max(ink * figure.coverage(i, radius), clutter_ink * clutter.coverage(i, radius));
    const double value = std::max(drawn, paper) + noise * grain;
    pixels[i] = static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
  }
  return static_cast<std::int32_t>(label);
}

}  // namespace

Dataset make_strokes(bool test_split, std::int64_t count, std::uint64_t seed) {
  std::vector<std::string> names;
  for (const Figure& figure : figures()) names.push_back(figure.name);
  return drawn_dataset({.name = "strokes",
                        .purpose = Purpose::strokes,
                        .image = {kSide, kSide, 1},
                        .class_names = std::move(names),
                        .draw = draw_sample},
                       test_split, count, seed);
}

}  // namespace evenkeel
