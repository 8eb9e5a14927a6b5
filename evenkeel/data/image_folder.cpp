#include "evenkeel/data/image_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/data/resize.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/image.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// The entries of the folder that are not hidden, sorted by name.
std::vector<fs::path> entries(const fs::path& folder) {
  try {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder))
      if (!entry.path().filename().string().starts_with('.')) paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
  } catch (const fs::filesystem_error& error) {
    throw Error{{.kind = kind_of_failure(error.code()),
                 .where = folder.string(),
                 .expected = "a readable folder",
                 .received = error.code().message()}};
  }
}

void check_is_image(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  const auto& known = formats::image_extensions();
  if (std::ranges::find(known, extension) == known.end() || formats::is_folder(path))
    throw Error{{.where = path.string(),
                 .expected = "nothing but PNG and JPEG images in the folder of a class",
                 .received = formats::is_folder(path) ? "a folder" : "another file",
                 .hint = "Convert it to PNG or move it away."}};
}

struct Image {
  fs::path path;
  std::int32_t label;
};

std::string kind_of(std::int64_t channels) {
  constexpr const char* kKinds[] = {"a gray image", "a gray image with transparency (alpha)", "an RGB image",
                                    "an RGB image with transparency (alpha)"};
  return channels >= 1 && channels <= 4 ? kKinds[channels - 1] : fmt::format("{} channels", channels);
}

/// The shape that images must have, and why.
struct Wanted {
  Shape shape;
  std::string because;  ///< "as images/cat/1.png is"
};

/// The ImageMagick command that makes an image with `needed` channels.
std::string conversion(const fs::path& path, std::int64_t channels, std::int64_t needed) {
  const char* opaque = channels == 2 || channels == 4 ? " -background white -flatten -alpha off" : "";
  return fmt::format("Convert it first, for example by ImageMagick: convert {}{} {}.", path.string(), opaque,
                     needed == 1 ? "-colorspace Gray OUT.png" : "PNG24:OUT.png");
}

/// The pixels in the shape that samples must have.
Tensor fitted(const fs::path& path, Tensor pixels, const Wanted& wanted, bool resize) {
  const std::int64_t channels = pixels.shape()[2], needed = wanted.shape[2];
  if (channels != needed)
    throw Error{{.where = path.string(),
                 .expected = kind_of(needed) + wanted.because,
                 .received = kind_of(channels),
                 .hint = conversion(path, channels, needed)}};
  if (pixels.shape() == wanted.shape) return pixels;
  if (resize) return resized(pixels, wanted.shape[0], wanted.shape[1]);
  throw Error{{.where = path.string(),
               .expected = fmt::format("height, width and channels {}{}", to_string(wanted.shape), wanted.because),
               .received = to_string(pixels.shape()),
               .hint = "Resize the images first, or ask for it (--resize)."}};
}

/// The shape that images must have: a model's input, else that of the first image, without transparency.
Wanted wanted_by(const ImageOptions& options, const Shape& first) {
  if (options.shape) return {*options.shape, ", as the model's input " + to_string_batched(*options.shape)};
  return {first.with(2, first[2] <= 2 ? 1 : 3), ""};
}

/// The image, or nothing if it cannot be read and may be left out.
std::optional<Tensor> read(const fs::path& path, const ImageOptions& options) {
  if (!options.on_bad_image) return formats::read_image(path);
  try {
    return formats::read_image(path);
  } catch (const Error& error) {
    options.on_bad_image(error);
    return {};
  }
}

struct Samples {
  Tensor x;                          ///< uint8 [N, H, W, C]
  std::vector<std::int32_t> labels;  ///< [N]
};

Samples read_samples(const std::vector<Image>& images, const ImageOptions& options) {
  Samples samples;
  std::optional<Wanted> wanted;
  for (const Image& image : images) {
    std::optional<Tensor> pixels = read(image.path, options);
    if (!pixels) continue;
    const bool is_first = !wanted;
    if (is_first) wanted = wanted_by(options, pixels->shape());
    const Tensor sample = fitted(image.path, std::move(*pixels), *wanted, options.resize);
    if (is_first) samples.x = Tensor(wanted->shape.batched(std::ssize(images)), DType::uint8);
    if (is_first && !options.shape) wanted->because = " as in " + image.path.string();
    std::ranges::copy(sample.as<std::uint8_t>(),
                      samples.x.as<std::uint8_t>().begin() + std::ssize(samples.labels) * wanted->shape.size());
    samples.labels.push_back(image.label);
  }
  if (samples.labels.empty())
    throw Error{{.where = images.front().path.string(),
                 .expected = "an image that can be read, here or in another file",
                 .received = "none",
                 .hint = "Without skipping bad images the error says what is wrong."}};
  if (samples.labels.size() < images.size())
    samples.x = Tensor::copy_of(samples.x.view().rows(0, std::ssize(samples.labels)));
  return samples;
}

}  // namespace

Dataset load_image_folder(const fs::path& folder, const ImageOptions& options) {
  std::vector<std::string> class_names;
  std::vector<Image> images;
  for (const fs::path& subfolder : entries(folder)) {
    if (!formats::is_folder(subfolder)) continue;
    const auto files = entries(subfolder);
    if (files.empty())
      throw Error{{.where = subfolder.string(), .expected = "images of this class", .received = "an empty folder"}};
    for (const fs::path& file : files) {
      check_is_image(file);
      images.push_back({file, static_cast<std::int32_t>(class_names.size())});
    }
    class_names.push_back(subfolder.filename().string());
  }
  if (images.empty())
    throw Error{{.where = folder.string(),
                 .expected = "one subfolder of PNG or JPEG images per class",
                 .received = "no subfolder"}};

  Samples samples = read_samples(images, options);
  return Dataset({.name = folder.string(),
                  .x = std::move(samples.x),
                  .y = Tensor::of<std::int32_t>({std::ssize(samples.labels)}, samples.labels),
                  .class_names = std::move(class_names)});
}

Dataset load_images(const std::vector<fs::path>& files, const ImageOptions& options) {
  if (files.empty()) throw Error{{.where = "images", .expected = "at least one file", .received = "none"}};
  std::vector<Image> images;
  for (const fs::path& file : files) images.push_back({file, 0});
  const std::string more = files.size() > 1 ? fmt::format(" and {} more", files.size() - 1) : "";
  Samples samples = read_samples(images, options);
  return Dataset({.name = files.front().string() + more, .x = std::move(samples.x), .y = {}, .class_names = {}});
}

}  // namespace evenkeel
