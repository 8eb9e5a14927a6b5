#include "evenkeel/data/patches.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/data/drawn.h"

// Only + - * / and sqrt: IEEE 754 rounds these alike on every machine, so the images are the same everywhere.
// That holds as long as a * b + c is not fused (-ffp-contract=off for this file).

namespace evenkeel {
namespace {

constexpr int kSide = 32, kChannels = 3;
constexpr std::size_t kPixels = kSide * kSide;

/// std::floor for values that fit into an int; without SSE4.1 the standard one is a function call.
int whole(double x) {
  const int towards_zero = static_cast<int>(x);
  return towards_zero - (x < towards_zero ? 1 : 0);
}
double fraction(double x) { return x - whole(x); }

/// A triangle wave of period 1 between 0 and 1.
double triangle(double x) { return std::abs(2 * fraction(x) - 1); }

/// Rises from 0 to 1 around `edge`, over `width`.
double step(double edge, double width, double x) { return std::clamp((x - edge) / width + 0.5, 0.0, 1.0); }

/// Smooth noise from a table: random values on a grid of unit cells that repeats after kCells.
class Noise {
 public:
  explicit Noise(RandomStream& random) {
    for (double& value : values_) value = random.bits() * 0x1p-32;
  }

  double operator()(double x, double y) const {
    const int i = whole(x), j = whole(y);
    const double u = smooth(x - i), v = smooth(y - j);
    const double above = at(i, j) + (at(i + 1, j) - at(i, j)) * u;
    const double below = at(i, j + 1) + (at(i + 1, j + 1) - at(i, j + 1)) * u;
    return above + (below - above) * v;
  }

 private:
  static constexpr int kCells = 8;
  static double smooth(double t) { return t * t * (3 - 2 * t); }
  double at(int i, int j) const {
    return values_[static_cast<std::size_t>((j & (kCells - 1)) * kCells + (i & (kCells - 1)))];
  }

  std::array<double, kCells * kCells> values_;
};

using Colour = std::array<double, kChannels>;  ///< 0 to 255

/// A texture: the share of the second colour at each place, 0 to 1. One unit of x and y is about one period.
using Texture = double (*)(double x, double y, const Noise& noise);

struct Class {
  const char* name;
  Texture texture;
  Colour tint;  ///< the texture's colours are shifted a little towards it
};

double stripes(double x, double, const Noise&) { return step(0.5, 0.4, triangle(x)); }

double zigzag(double x, double y, const Noise&) { return step(0.5, 0.4, triangle(x + 0.7 * triangle(0.6 * y))); }

double checks(double x, double y, const Noise&) {
  const double a = step(0.5, 0.35, triangle(0.75 * x)), b = step(0.5, 0.35, triangle(0.75 * y));
  return a + b - 2 * a * b;
}

double mesh(double x, double y, const Noise&) {
  return step(0.7, 0.35, std::max(triangle(0.8 * x), triangle(0.8 * y)));
}

double bricks(double x, double y, const Noise&) {
  const double shifted = 0.55 * x + 0.5 * (whole(y) & 1);
  return step(0.74, 0.35, std::max(triangle(y), 0.9 * triangle(shifted)));
}

double dots(double x, double y, const Noise&) {
  const double u = fraction(0.8 * x) - 0.5, v = fraction(0.8 * y) - 0.5;
  return 1 - step(0.3, 0.25, std::sqrt(u * u + v * v));
}

double triangles(double x, double y, const Noise&) {
  // Three families of lines at 60 degrees to each other; each crossing of a line changes the colour.
  const auto band = [](double t) { return step(0.5, 0.3, triangle(0.35 * t + 0.25)); };
  const double a = band(x), b = band(0.5 * x + 0.866 * y), c = band(0.866 * y - 0.5 * x);
  const double ab = a + b - 2 * a * b;
  return ab + c - 2 * ab * c;
}

double rings(double x, double y, const Noise&) { return step(0.5, 0.4, triangle(0.9 * std::sqrt(x * x + y * y))); }

double marble(double x, double y, const Noise& noise) {
  return step(0.5, 0.4, triangle(0.8 * x + 2.2 * noise(0.7 * x, 0.7 * y)));
}

double blobs(double x, double y, const Noise& noise) { return step(0.5, 0.2, noise(1.3 * x, 1.3 * y)); }

constexpr std::array kClasses = {
    Class{"stripes", stripes, {230, 40, 40}},      Class{"zigzag", zigzag, {230, 140, 30}},
    Class{"checks", checks, {220, 220, 40}},       Class{"mesh", mesh, {110, 220, 40}},
    Class{"bricks", bricks, {40, 200, 110}},       Class{"dots", dots, {40, 210, 220}},
    Class{"triangles", triangles, {40, 110, 230}}, Class{"rings", rings, {110, 50, 220}},
    Class{"marble", marble, {220, 50, 200}},       Class{"blobs", blobs, {128, 128, 128}},
};

/// From pixels to a texture's units.
struct Placement {
  double xx, xy, yx, yy, x0, y0;

  explicit Placement(RandomStream& random) {
    // Any rotation, from the tangent of half the angle, which needs no sine.
    const double t = random.uniform(-1, 1);
    const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
    const double period = random.uniform(5, 9), stretch = random.uniform(0.8, 1.25);
    xx = cosine / period, xy = sine / period;
    yx = -sine * stretch / period, yy = cosine * stretch / period;
    x0 = random.uniform(-2, 2), y0 = random.uniform(-2, 2);
  }

  double x(int column, int row) const { return xx * column + xy * row + x0; }
  double y(int column, int row) const { return yx * column + yy * row + y0; }
};

using Shares = std::array<double, kPixels>;  ///< of the second colour

void draw_texture(const Class& kind, RandomStream& random, Shares& shares) {
  const Noise noise(random);
  const Placement place(random);
  for (int row = 0; row < kSide; ++row)
    for (int column = 0; column < kSide; ++column)
      shares[static_cast<std::size_t>(row * kSide + column)] =
          kind.texture(place.x(column, row), place.y(column, row), noise);
}

/// Two colours that differ clearly.
std::pair<Colour, Colour> random_colours(const Colour& tint, RandomStream& random) {
  constexpr double kLean = 0.3, kLeastDistance = 110;
  for (;;) {
    std::pair<Colour, Colour> colours;
    double distance = 0;
    for (std::size_t c = 0; c < kChannels; ++c) {
      const double value = random.uniform(0, 255);
      colours.first[c] = value + kLean * (tint[c] - value);
      colours.second[c] = random.uniform(0, 255);
      distance += (colours.first[c] - colours.second[c]) * (colours.first[c] - colours.second[c]);
    }
    if (distance >= kLeastDistance * kLeastDistance) return colours;
  }
}

/// Draws one sample's pixels and returns its label.
std::int32_t draw_sample(RandomStream random, std::span<std::uint8_t> pixels) {
  const auto label = random.below(static_cast<std::uint32_t>(kClasses.size()));
  const Class& other = kClasses[random.below(static_cast<std::uint32_t>(kClasses.size()))];
  Shares shares, veil;
  draw_texture(kClasses[label], random, shares);
  draw_texture(other, random, veil);
  const auto [first, second] = random_colours(kClasses[label].tint, random);
  const double veiled = random.uniform(0, 0.25), noise = random.uniform(5, 40);
  const double slope_x = random.uniform(-1.5, 1.5), slope_y = random.uniform(-1.5, 1.5);

  for (std::size_t i = 0; i < kPixels; ++i) {
    const double share = shares[i] + (veil[i] - shares[i]) * veiled;
    const std::size_t row = i / kSide, column = i % kSide;
    const double light = slope_x * (static_cast<double>(column) - 15.5) + slope_y * (static_cast<double>(row) - 15.5);
    const std::uint32_t bits = random.bits();
    for (std::size_t c = 0; c < kChannels; ++c) {
      const double grain = static_cast<double>(bits >> (8 * c) & 0xffu) / 127.5 - 1;
      const double value = first[c] + (second[c] - first[c]) * share + light + noise * grain;
      pixels[i * kChannels + c] = static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
    }
  }
  return static_cast<std::int32_t>(label);
}

}  // namespace

Dataset make_patches(bool test_split, std::int64_t count, std::uint64_t seed) {
  std::vector<std::string> names;
  names.reserve(std::size(kClasses));
  for (const Class& kind : kClasses) names.emplace_back(kind.name);
  return drawn_dataset({.name = "patches",
                        .purpose = Purpose::patches,
                        .image = {kSide, kSide, kChannels},
                        .class_names = std::move(names),
                        .draw = draw_sample},
                       test_split, count, seed);
}

}  // namespace evenkeel
