#include "evenkeel/data/preview.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "evenkeel/base/text.h"
#include "evenkeel/data/resize.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kLongestSide = 128;
constexpr std::uint8_t kFrame = 96;

/// The files that are opened, and their indices.
std::vector<std::int64_t> first_of_each(const ImageFiles& files, std::int64_t per_class) {
  std::vector<std::int64_t> chosen, seen(static_cast<std::size_t>(std::max<std::int64_t>(files.classes(), 1)));
  for (std::int64_t i = 0; i < std::ssize(files.files); ++i)
    if (seen[static_cast<std::size_t>(files.files[static_cast<std::size_t>(i)].label)]++ < per_class)
      chosen.push_back(i);
  return chosen;
}

Tensor shrunk(TensorView image) {
  const std::int64_t height = image.shape[0], width = image.shape[1], longest = std::max(height, width);
  if (longest <= kLongestSide) return Tensor::copy_of(image);
  const auto side = [&](std::int64_t n) { return std::max<std::int64_t>(1, n * kLongestSide / longest); };
  return resized(image, side(height), side(width));
}

/// Copies an image into the middle of a larger one.
template <class T>
void put_into(const Tensor& image, std::span<T> frame, const Shape& shape) {
  const std::int64_t top = (shape[0] - image.shape()[0]) / 2, left = (shape[1] - image.shape()[1]) / 2;
  const std::int64_t line = image.shape()[1] * shape[2];
  for (std::int64_t y = 0; y < image.shape()[0]; ++y)
    std::copy_n(image.as<T>().begin() + y * line, line, frame.begin() + ((top + y) * shape[1] + left) * shape[2]);
}

Tensor framed(const std::vector<Tensor>& images) {
  Shape shape = images.front().shape();
  for (const Tensor& image : images)
    shape = {std::max(shape[0], image.shape()[0]), std::max(shape[1], image.shape()[1]), shape[2]};
  const DType dtype = images.front().dtype();
  Tensor all(shape.batched(std::ssize(images)), dtype);
  const auto size = static_cast<std::size_t>(shape.size());
  for (std::size_t i = 0; i < images.size(); ++i)
    if (dtype == DType::uint8) {
      const auto frame = all.as<std::uint8_t>().subspan(i * size, size);
      std::ranges::fill(frame, kFrame);
      put_into(images[i], frame, shape);
    } else {
      put_into(images[i], all.as<float>().subspan(i * size, size), shape);
    }
  return all;
}

}  // namespace

Preview preview(const ImageFiles& files, const ImageOptions& options, std::int64_t per_class) {
  const std::vector<std::int64_t> chosen = first_of_each(files, per_class);
  ImageFiles some = files;
  some.files.clear();
  for (const std::int64_t i : chosen) some.files.push_back(files.files[static_cast<std::size_t>(i)]);
  std::vector<Tensor> images;
  std::vector<std::int32_t> labels;
  std::vector<std::string> names;
  Preview result;
  const ImageSink sink{
      .begin = [&](const SampleKind&) { images.clear(), labels.clear(), names.clear(), result.files.clear(); },
      .take =
          [&](const ImageFiles::File& file, TensorView sample) {
            images.push_back(shrunk(sample));
            labels.push_back(file.label);
            names.push_back(files.name_of(file));
            result.files.push_back(chosen[static_cast<std::size_t>(&file - some.files.data())]);
          }};
  auto report = std::make_shared<const ReadingReport>(read_images(some, options, sink, OtherSizes::kept));
  check_reading(some.title, options, *report);
  result.images = Dataset({.name = printable(files.title),
                           .x = framed(images),
                           .y = files.labelled ? Tensor::of<std::int32_t>({std::ssize(labels)}, labels) : Tensor(),
                           .class_names = files.class_names,
                           .sample_names = std::move(names),
                           .reading = std::move(report)});
  return result;
}

}  // namespace evenkeel
