#include "evenkeel/data/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kGap = 2;
constexpr std::uint8_t kGapGray = 96;

/// A sample and its cell of the grid.
struct Placed {
  std::int64_t sample, row, column;
};

std::vector<Placed> place(const Dataset& dataset, std::int64_t columns, std::int64_t count) {
  std::vector<Placed> placed;
  if (!dataset.has_labels()) {
    for (std::int64_t i = 0; i < std::min(count, dataset.size()); ++i) placed.push_back({i, i / columns, i % columns});
    return placed;
  }
  const auto labels = dataset.y().as<std::int32_t>();
  const std::int64_t rows = std::min(dataset.classes(), (count + columns - 1) / columns);
  std::vector<std::int64_t> used(static_cast<std::size_t>(rows));
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const std::int64_t row = labels[static_cast<std::size_t>(i)];
    if (row >= rows) continue;
    std::int64_t& column = used[static_cast<std::size_t>(row)];
    if (column == columns || row * columns + column >= count) continue;
    placed.push_back({i, row, column++});
  }
  return placed;
}

/// Those samples as uint8, one behind the other; floats are spread over 0 to 255.
std::vector<std::uint8_t> pixels_of(const Dataset& dataset, const std::vector<Placed>& placed) {
  std::vector<float> values;
  for (const Placed& p : placed) {
    const Tensor sample = converted(dataset.x().rows(p.sample, p.sample + 1), DType::float32);
    values.insert(values.end(), sample.as<float>().begin(), sample.as<float>().end());
  }
  float low = 0, high = 255;
  if (dataset.x().dtype == DType::float32 && !values.empty()) {
    low = *std::ranges::min_element(values);
    high = *std::ranges::max_element(values);
  }
  const float scale = high > low ? 255.0f / (high - low) : 0.0f;
  std::vector<std::uint8_t> pixels(values.size());
  std::ranges::transform(values, pixels.begin(),
                         [=](float v) { return static_cast<std::uint8_t>((v - low) * scale + 0.5f); });
  return pixels;
}

}  // namespace

Tensor contact_sheet(const Dataset& dataset, std::int64_t columns, std::int64_t count) {
  const Shape shape = dataset.sample_shape();
  if (shape.rank() != 3 || (shape[2] != 1 && shape[2] != 3))
    throw Error{{.where = "contact sheet of " + dataset.name(),
                 .expected = "images [N, H, W, 1 or 3]",
                 .received = to_string_batched(shape)}};
  if (columns < 1 || count < 1)
    throw Error{{.where = "contact sheet of " + dataset.name(),
                 .expected = "1 or more columns and images",
                 .received = fmt::format("{} and {}", columns, count)}};
  columns = std::min(columns, dataset.size());
  count = std::min(count, columns * dataset.size());
  const std::vector<Placed> placed = place(dataset, columns, count);
  std::int64_t rows = 1;
  for (const Placed& p : placed) rows = std::max(rows, p.row + 1);

  const std::int64_t width = columns * (shape[1] + kGap) - kGap;
  Tensor sheet({rows * (shape[0] + kGap) - kGap, width, shape[2]}, DType::uint8);
  const auto out = sheet.as<std::uint8_t>();
  std::ranges::fill(out, kGapGray);
  const std::vector<std::uint8_t> pixels = pixels_of(dataset, placed);
  auto in = pixels.begin();
  const std::int64_t line = shape[1] * shape[2];
  for (const Placed& p : placed)
    for (std::int64_t y = 0; y < shape[0]; ++y, in += line) {
      const std::int64_t top = p.row * (shape[0] + kGap) + y, left = p.column * (shape[1] + kGap);
      std::copy_n(in, line, out.begin() + (top * width + left) * shape[2]);
    }
  return sheet;
}

}  // namespace evenkeel
