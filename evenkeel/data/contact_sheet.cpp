#include "evenkeel/data/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/data/lettering.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kGap = 2;
constexpr std::uint8_t kGapGray = 96, kInk = 255;
constexpr std::int64_t kMostLetters = 24;

/// A sample and its cell of the grid.
struct Placed {
  std::int64_t sample, row, column;
};

std::int64_t rows_of(const Dataset& dataset, std::int64_t columns, std::int64_t count) {
  return dataset.has_labels() ? std::min(dataset.classes(), count) : (count + columns - 1) / columns;
}

std::vector<Placed> place(const Dataset& dataset, std::int64_t columns, std::int64_t count) {
  std::vector<Placed> placed;
  if (!dataset.has_labels()) {
    for (std::int64_t i = 0; i < std::min(count, dataset.size()); ++i) placed.push_back({i, i / columns, i % columns});
    return placed;
  }
  const auto labels = dataset.y().as<std::int32_t>();
  const std::int64_t rows = rows_of(dataset, columns, count);
  std::vector<std::int64_t> used(static_cast<std::size_t>(rows));
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const std::int64_t row = labels[static_cast<std::size_t>(i)];
    if (row >= rows) continue;
    std::int64_t& column = used[static_cast<std::size_t>(row)];
    if (column == columns) continue;
    placed.push_back({i, row, column++});
  }
  return placed;
}

/// The samples as uint8 [N, H, W, C]; floats are scaled to 0 to 255.
Tensor pixels_of(const Dataset& dataset, const std::vector<Placed>& placed) {
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
  Tensor pixels(dataset.sample_shape().batched(std::ssize(placed)), DType::uint8);
  std::ranges::transform(values, pixels.as<std::uint8_t>().begin(),
                         [=](float v) { return static_cast<std::uint8_t>(std::lround((v - low) * scale)); });
  return pixels;
}

/// The text with at most kMostLetters; two dots stand for the rest.
std::string shortened(const std::string& label) {
  if (count_letters(label) <= kMostLetters) return label;
  std::size_t end = label.size();
  while (count_letters(label.substr(0, end)) > kMostLetters - 2) --end;
  return label.substr(0, end) + "..";
}

std::string label_of(const Dataset& dataset, std::int64_t row) {
  if (!dataset.has_labels()) return {};
  const auto& names = dataset.class_names();
  return names.empty() ? std::to_string(row) : names[static_cast<std::size_t>(row)];
}

void check(const Dataset& dataset, std::int64_t columns, std::int64_t count) {
  const Shape shape = dataset.sample_shape();
  if (shape.rank() != 3 || (shape[2] != 1 && shape[2] != 3))
    throw Error{{.where = "contact sheet of " + dataset.name(),
                 .expected = "images [N, H, W, 1 or 3]",
                 .received = to_string_batched(shape)}};
  if (columns < 1 || count < 1)
    throw Error{{.where = "contact sheet of " + dataset.name(),
                 .expected = "1 or more columns and images",
                 .received = fmt::format("{} and {}", columns, count)}};
}

/// Copies an image into another one, with its top left corner at (top, left).
void paste(TensorView image, Tensor& onto, std::int64_t top, std::int64_t left) {
  const std::int64_t line = image.shape[1] * image.shape[2];
  const auto from = image.as<std::uint8_t>().begin();
  const auto to = onto.as<std::uint8_t>().begin() + left * image.shape[2];
  for (std::int64_t y = 0; y < image.shape[0]; ++y)
    std::copy_n(from + y * line, line, to + (top + y) * onto.shape()[1] * image.shape[2]);
}

Tensor empty_sheet(std::int64_t height, std::int64_t width, std::int64_t channels) {
  Tensor sheet({height, width, channels}, DType::uint8);
  std::ranges::fill(sheet.as<std::uint8_t>(), kGapGray);
  return sheet;
}

}  // namespace

std::vector<SheetRow> sheet_rows(const Dataset& dataset, std::int64_t columns, std::int64_t count) {
  check(dataset, columns, count);
  const Shape shape = dataset.sample_shape();
  if (dataset.has_labels())
    columns = std::clamp<std::int64_t>(count / dataset.classes(), 1, columns);
  else
    count = std::min(count, dataset.size());
  columns = std::min(columns, dataset.size());
  const std::vector<Placed> placed = place(dataset, columns, count);
  const std::int64_t all = rows_of(dataset, columns, count);
  std::vector<SheetRow> rows;
  for (std::int64_t row = 0; row < all; ++row)
    rows.push_back({.label = label_of(dataset, row),
                    .images = empty_sheet(shape[0], columns * (shape[1] + kGap) - kGap, shape[2])});
  const Tensor pixels = pixels_of(dataset, placed);
  for (std::int64_t i = 0; i < std::ssize(placed); ++i) {
    const Placed& p = placed[static_cast<std::size_t>(i)];
    SheetRow& row = rows[static_cast<std::size_t>(p.row)];
    paste(pixels.view().rows(i, i + 1).reshaped(shape), row.images, 0, p.column * (shape[1] + kGap));
    row.samples.push_back(p.sample);
  }
  return rows;
}

Tensor contact_sheet(const Dataset& dataset, std::int64_t columns, std::int64_t count) {
  const std::vector<SheetRow> rows = sheet_rows(dataset, columns, count);
  std::int64_t letters = 0;
  for (const SheetRow& row : rows) letters = std::max(letters, std::min(count_letters(row.label), kMostLetters));
  const Shape& one = rows.front().images.shape();
  const std::int64_t left = letters > 0 ? letters * kLetterWidth + 2 * kGap : 0;
  const std::int64_t height = letters > 0 ? std::max(one[0], kLetterHeight) : one[0];
  Tensor sheet = empty_sheet(std::ssize(rows) * (height + kGap) - kGap, left + one[1], one[2]);
  std::int64_t top = 0;
  for (const SheetRow& row : rows) {
    paste(row.images, sheet, top, left);
    write_text(sheet, top + (height - kLetterHeight) / 2, kGap, shortened(row.label), kInk);
    top += height + kGap;
  }
  return sheet;
}

}  // namespace evenkeel
