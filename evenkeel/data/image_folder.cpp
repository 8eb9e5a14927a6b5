#include "evenkeel/data/image_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/png.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// What is in the folder and not hidden, by name.
std::vector<fs::path> entries(const fs::path& folder) {
  try {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder))
      if (!entry.path().filename().string().starts_with('.')) paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
  } catch (const fs::filesystem_error& error) {
    throw Error{{.where = folder.string(), .expected = "a readable folder", .received = error.code().message()}};
  }
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

void check_is_png(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (extension != ".png" || is_folder(path))
    throw Error{{.where = path.string(),
                 .expected = "nothing but PNG images in the folder of a class",
                 .received = is_folder(path) ? "a folder" : "another file",
                 .hint = "Convert it to PNG or move it away."}};
}

struct Image {
  fs::path path;
  std::int32_t label;
};

void check_image(const Image& image, const Tensor& pixels, const Image& first, const Shape& shape) {
  const std::int64_t channels = pixels.shape()[2];
  if (channels != 1 && channels != 3)
    throw Error{{.where = image.path.string(),
                 .expected = "a gray or an RGB image",
                 .received = "one with transparency (alpha)",
                 .hint = "Flatten it onto a background first."}};
  if (pixels.shape() != shape)
    throw Error{
        {.where = image.path.string(),
         .expected = fmt::format("height, width and channels {} as in {}", to_string(shape), first.path.string()),
         .received = to_string(pixels.shape()),
         .hint = "All images must be alike: resize or convert them first."}};
}

/// uint8 [N, H, W, C]; one image or more.
Tensor read_pixels(const std::vector<Image>& images) {
  Tensor x;
  Shape shape;
  for (std::int64_t i = 0; i < std::ssize(images); ++i) {
    const Image& image = images[static_cast<std::size_t>(i)];
    const Tensor pixels = formats::read_png(image.path);
    if (i == 0) shape = pixels.shape();
    check_image(image, pixels, images.front(), shape);
    if (i == 0) x = Tensor(shape.batched(std::ssize(images)), DType::uint8);
    std::ranges::copy(pixels.as<std::uint8_t>(), x.as<std::uint8_t>().begin() + i * shape.size());
  }
  return x;
}

}  // namespace

Dataset load_image_folder(const fs::path& folder) {
  std::vector<std::string> class_names;
  std::vector<Image> images;
  for (const fs::path& subfolder : entries(folder)) {
    if (!is_folder(subfolder)) continue;
    const auto files = entries(subfolder);
    if (files.empty())
      throw Error{{.where = subfolder.string(), .expected = "images of this class", .received = "an empty folder"}};
    for (const fs::path& file : files) {
      check_is_png(file);
      images.push_back({file, static_cast<std::int32_t>(class_names.size())});
    }
    class_names.push_back(subfolder.filename().string());
  }
  if (images.empty())
    throw Error{
        {.where = folder.string(), .expected = "one subfolder of PNG images per class", .received = "no subfolder"}};

  Tensor y({std::ssize(images)}, DType::int32);
  std::ranges::transform(images, y.as<std::int32_t>().begin(), &Image::label);
  return Dataset(
      {.name = folder.string(), .x = read_pixels(images), .y = std::move(y), .class_names = std::move(class_names)});
}

Dataset load_images(const std::vector<fs::path>& files) {
  if (files.empty()) throw Error{{.where = "images", .expected = "at least one file", .received = "none"}};
  std::vector<Image> images;
  for (const fs::path& file : files) images.push_back({file, 0});
  const std::string more = files.size() > 1 ? fmt::format(" and {} more", files.size() - 1) : "";
  return Dataset({.name = files.front().string() + more, .x = read_pixels(images), .y = {}, .class_names = {}});
}

}  // namespace evenkeel
