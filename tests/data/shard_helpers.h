#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "evenkeel/data/image_folder.h"
#include "evenkeel/data/pack.h"
#include "evenkeel/formats/png.h"
#include "tests/data/helpers.h"
#include "tests/support/images.h"

namespace evenkeel {

/// A PNG whose pixels are a function of `value`.
inline formats::Bytes small_image(int value, const Shape& shape = {4, 5, 3}) {
  Tensor image(shape, DType::uint8);
  const auto pixels = image.as<std::uint8_t>();
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(value * 31 + static_cast<int>(i) * 7);
  return formats::encode_png(image);
}

/// A folder photos/ of `classes` classes with `each` images.
inline std::filesystem::path write_photos(const TestFolder& folder, int classes, int each) {
  for (int c = 0; c < classes; ++c)
    for (int i = 0; i < each; ++i)
      put_file(folder / fmt::format("photos/class{}/{:03}.png", c, i), small_image(c * each + i));
  return folder / "photos";
}

/// The same, packed into shards/ of a few images each.
inline std::filesystem::path write_shards(const TestFolder& folder, int classes, int each, PackOptions options = {}) {
  if (options.shard_bytes == PackOptions().shard_bytes) options.shard_bytes = 16 * 1024;
  pack_images(list_image_folder(write_photos(folder, classes, each), false), folder / "shards", options);
  return folder / "shards";
}

}  // namespace evenkeel
