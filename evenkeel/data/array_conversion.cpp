#include "evenkeel/data/array_conversion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <span>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/number.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kExactInFloat = std::int64_t{1} << 24;  ///< float32 holds every whole number up to here

std::string described(const Tensor& tensor) {
  return fmt::format("{} {}", name_of(tensor.dtype()), to_string(tensor.shape()));
}

Tensor reshaped(const Tensor& tensor, const Shape& shape) { return Tensor::copy_of(tensor.view().reshaped(shape)); }

bool is_integer(const Tensor& tensor) {
  return tensor.dtype() == DType::uint8 || tensor.dtype() == DType::int32 || tensor.dtype() == DType::int64;
}

template <class Holds>
bool all_integers(const Tensor& integers, Holds holds) {
  if (integers.dtype() == DType::int32) return std::ranges::all_of(integers.as<std::int32_t>(), holds);
  if (integers.dtype() == DType::int64) return std::ranges::all_of(integers.as<std::int64_t>(), holds);
  return std::ranges::all_of(integers.as<std::uint8_t>(), holds);
}

std::vector<std::int64_t> whole_numbers(const Tensor& tensor) {
  const Tensor wide = converted(tensor, DType::int64);
  const auto values = wide.as<std::int64_t>();
  return {values.begin(), values.end()};
}

/// The first element for which a predicate is false, as "3.5 in sample 7"; empty if there is none.
template <class T, class Holds>
std::string first_without(const Tensor& tensor, Holds holds) {
  const auto values = tensor.as<T>();
  const auto wrong = std::ranges::find_if_not(values, holds);
  if (wrong == values.end()) return {};
  const auto sample = (wrong - values.begin()) / tensor.shape().row_size();
  if constexpr (std::floating_point<T>)
    return fmt::format("{} in sample {}", Number{*wrong}, sample);
  else
    return fmt::format("{} in sample {}", *wrong, sample);
}

bool are_bytes(const Tensor& integers) {
  return all_integers(integers, [](std::int64_t v) { return v >= 0 && v <= 255; });
}

/// [N, C, H, W] as [N, H, W, C].
Tensor channels_last(const Tensor& x) {
  const Shape& s = x.shape();
  const std::int64_t channels = s[1], positions = s[2] * s[3];
  const std::size_t bytes = size_of(x.dtype());
  Tensor result({s[0], s[2], s[3], channels}, x.dtype());
  const std::byte* from = x.data();
  for (std::int64_t n = 0; n < s[0]; ++n)
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t p = 0; p < positions; ++p, from += bytes)
        std::memcpy(result.data() + static_cast<std::size_t>((n * positions + p) * channels + c) * bytes, from, bytes);
  return result;
}

bool looks_channels_first(const Shape& shape) {
  const auto few = [](std::int64_t n) { return n == 1 || n == 3 || n == 4; };
  return shape.rank() == 4 && few(shape[1]) && shape[2] > 4 && shape[3] > 4;
}

Tensor with_axes(const std::string& where, const std::string& name, Tensor x, bool channels_first,
                 ConversionNotes& notes) {
  const Shape shape = x.shape();
  if (shape.rank() == 3) {
    notes.conversions.push_back(fmt::format("a channel axis was added to {} {}", name, to_string(shape)));
    return reshaped(x, {shape[0], shape[1], shape[2], 1});
  }
  if (shape.rank() == 1) {
    notes.conversions.push_back(fmt::format("{} {} was read as one feature", name, to_string(shape)));
    return reshaped(x, {shape[0], 1});
  }
  if (shape.rank() != 2 && shape.rank() != 4)
    throw Error{{.where = where,
                 .expected = fmt::format("{} [N, H, W, C], [N, H, W] or [N, F]", name),
                 .received = to_string(shape)}};
  if (channels_first && shape.rank() == 4) {
    Tensor last = channels_last(x);
    notes.conversions.push_back(fmt::format("{} {} is now {}", name, to_string(shape), to_string(last.shape())));
    return last;
  }
  if (looks_channels_first(shape))
    notes.doubts.push_back(
        fmt::format("{} {} looks like images with channels first; --channels-first reads them as {}.", name,
                    to_string(shape), to_string(Shape{shape[0], shape[2], shape[3], shape[1]})));
  return x;
}

/// The class of each one-hot row; empty if a row is something else.
std::vector<std::int64_t> classes_of_rows(const std::vector<std::int64_t>& values, std::int64_t columns) {
  std::vector<std::int64_t> classes;
  const std::span<const std::int64_t> all(values);
  for (std::size_t at = 0; at < all.size(); at += static_cast<std::size_t>(columns)) {
    const auto row = all.subspan(at, static_cast<std::size_t>(columns));
    const auto one = std::ranges::find(row, 1);
    if (one == row.end() || std::ranges::count(row, 0) != columns - 1) return {};
    classes.push_back(one - row.begin());
  }
  return classes;
}

/// Whole numbers, or texts, as classes.
template <class Label>
AsTargets labels(const std::string& where, const std::vector<Label>& values, LabelMapping mapping,
                 ConversionNotes& notes) {
  MappedLabels mapped = map_labels(where, values, mapping);
  if (!mapped.class_names.empty())
    notes.conversions.push_back(fmt::format("labels {} to {} became classes 0 to {}", mapped.class_names.front(),
                                            mapped.class_names.back(), mapped.class_names.size() - 1));
  return {.y = std::move(mapped.labels), .class_names = std::move(mapped.class_names)};
}

bool are_whole(const Tensor& floats) {
  const Tensor wide = converted(floats, DType::float64);
  constexpr double kMost = 1e15;
  return std::ranges::all_of(wide.as<double>(), [](double v) { return std::trunc(v) == v && std::abs(v) < kMost; });
}

/// Several columns of integers.
AsTargets from_columns(const std::string& where, const std::string& name, const Tensor& y, ConversionNotes& notes) {
  const std::vector<std::int64_t> classes = classes_of_rows(whole_numbers(y), y.shape()[1]);
  if (classes.empty()) {
    notes.conversions.push_back(fmt::format("{} {} was read as targets", name, described(y)));
    return {.y = as_float32(where, name, y), .class_names = {}};
  }
  notes.conversions.push_back(fmt::format("{} {}, one-hot, was read as labels [N]", name, described(y)));
  return labels(where, classes, LabelMapping::none, notes);
}

/// Classes of positions [N, ...] as [N, ..., K] of 0 and 1; with K = 1 the numbers themselves.
Tensor one_hot(const std::string& where, const std::string& name, const Tensor& y, std::int64_t classes) {
  if (classes == 1) return as_float32(where, name, y);
  const std::vector<std::int64_t> values = whole_numbers(y);
  const auto wrong = std::ranges::find_if(values, [&](std::int64_t v) { return v < 0 || v >= classes; });
  if (wrong != values.end())
    throw Error{{.where = where,
                 .expected = fmt::format("{} of classes from 0 to {}, as the model has outputs", name, classes - 1),
                 .received = fmt::format("{} in sample {}", *wrong, (wrong - values.begin()) / y.shape().row_size())}};
  Tensor targets({y.shape().size() * classes}, DType::float32);
  for (std::size_t i = 0; i < values.size(); ++i)
    targets.as<float>()[i * static_cast<std::size_t>(classes) + static_cast<std::size_t>(values[i])] = 1;
  return targets;
}

/// Targets of each position of a sample; nothing if the array is none of these.
std::optional<AsTargets> of_positions(const std::string& where, const std::string& name, const Tensor& y,
                                      const std::optional<Shape>& sample, ConversionNotes& notes) {
  const Shape& shape = y.shape();
  if (shape.rank() < 2 || (!sample && shape.rank() < 3) || (sample && sample->rank() < 2)) return {};
  const Shape given = shape.without_first();
  const Shape wanted = sample.value_or(given);
  const Shape positions(wanted.sizes().first(wanted.sizes().size() - 1));
  const bool are_numbers = given == wanted;
  const bool has_channel = given.rank() == wanted.rank() && given.back() == 1;
  const bool are_classes = given == positions || (has_channel && given.with(-1, wanted.back()) == wanted);
  if (!are_numbers && !are_classes)
    throw Error{{.where = where,
                 .expected = fmt::format("{} of numbers {} or of classes {}, for the model's output", name,
                                         to_string_batched(wanted), to_string_batched(positions)),
                 .received = described(y)}};
  const Tensor flat = are_numbers ? as_float32(where, name, y) : one_hot(where, name, y, wanted.back());
  notes.conversions.push_back(
      fmt::format("{} {} was read as {} for each position", name, described(y), are_numbers ? "numbers" : "a class"));
  return AsTargets{.y = reshaped(flat, {shape[0], wanted.size()}), .class_names = {}};
}

}  // namespace

Tensor as_float32(const std::string& where, const std::string& name, const Tensor& tensor) {
  std::string wrong;
  if (tensor.dtype() == DType::float64) {
    // NaN is refused later, with its position.
    wrong = first_without<double>(
        tensor, [](double v) { return std::isnan(v) || static_cast<double>(static_cast<float>(v)) == v; });
  } else if (tensor.dtype() != DType::float32) {
    const auto fits = [](std::int64_t v) { return v >= -kExactInFloat && v <= kExactInFloat; };
    if (!all_integers(tensor, fits)) wrong = first_without<std::int64_t>(converted(tensor, DType::int64), fits);
  }
  if (!wrong.empty())
    throw Error{{.where = where,
                 .expected = fmt::format("{} of values that float32 holds exactly", name),
                 .received = fmt::format("{}, {}", name_of(tensor.dtype()), wrong),
                 .hint = fmt::format("To round them, store {}.astype(np.float32).", name)}};
  return converted(tensor, DType::float32);
}

Tensor as_samples(const std::string& where, const std::string& name, Tensor x, bool channels_first,
                  ConversionNotes& notes, const std::optional<Shape>& sample) {
  const bool fits = sample && x.shape().rank() != 4 && x.shape().rank() > 1 && x.shape().without_first() == *sample;
  Tensor samples = fits ? std::move(x) : with_axes(where, name, std::move(x), channels_first, notes);
  if (samples.dtype() != DType::uint8 && samples.dtype() != DType::float32) {
    const DType before = samples.dtype();
    samples =
        is_integer(samples) && are_bytes(samples) ? converted(samples, DType::uint8) : as_float32(where, name, samples);
    notes.conversions.push_back(
        fmt::format("{} was converted from {} to {}", name, name_of(before), name_of(samples.dtype())));
  }
  const bool images = samples.shape().rank() == 4 && samples.dtype() == DType::uint8 && samples.shape().size() > 0;
  if (images && std::ranges::all_of(samples.as<std::uint8_t>(), [](std::uint8_t v) { return v <= 1; }))
    notes.doubts.push_back(fmt::format(
        "every byte of {} is 0 or 1. If the images were scaled to 0..1 before they became whole numbers, their gray "
        "levels are lost.",
        name));
  return samples;
}

AsTargets as_targets(const std::string& where, const std::string& name, Tensor y, LabelMapping mapping,
                     ConversionNotes& notes, const std::optional<Shape>& sample) {
  const Shape shape = y.shape();
  if (auto targets = of_positions(where, name, y, sample, notes)) return *std::move(targets);
  const bool column = shape.rank() == 2 && shape[1] == 1;
  if (shape.rank() != 1 && shape.rank() != 2)
    throw Error{{.where = where,
                 .expected = fmt::format("{} [N] of labels or [N, K] of targets", name),
                 .received = described(y)}};
  if (is_integer(y) && shape.rank() == 2 && !column) return from_columns(where, name, y, notes);
  const bool maybe_labels = shape.rank() == 1 || (column && mapping != LabelMapping::none);
  if (is_integer(y) || (maybe_labels && are_whole(y))) {
    if (column || !is_integer(y))
      notes.conversions.push_back(fmt::format("{} {} was read as labels [N]", name, described(y)));
    return labels(where, whole_numbers(y), mapping, notes);
  }
  if (shape.rank() == 1) y = reshaped(y, {shape[0], 1});
  if (shape.rank() == 1 || y.dtype() != DType::float32)
    notes.conversions.push_back(
        fmt::format("{} {} {} was read as targets [N, K]", name, name_of(y.dtype()), to_string(shape)));
  return {.y = y.dtype() == DType::float32 ? std::move(y) : as_float32(where, name, y), .class_names = {}};
}

AsTargets as_targets(const std::string& where, const std::string& name, const std::vector<std::string>& texts,
                     const Shape& shape, LabelMapping mapping, ConversionNotes& notes) {
  if (shape.rank() != 1 && !(shape.rank() == 2 && shape[1] == 1))
    throw Error{
        {.where = where, .expected = fmt::format("{} [N] of names", name), .received = "texts " + to_string(shape)}};
  return labels(where, texts, mapping, notes);
}

}  // namespace evenkeel
