#include "evenkeel/data/mnist.h"

#include <fmt/format.h>

#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/idx.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSide = 28;

/// The file as published, or unpacked.
fs::path find_file(const fs::path& folder, const std::string& name, const std::string& set) {
  for (const fs::path& path : {folder / (name + ".gz"), folder / name}) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path;
  }
  throw Error{{.where = folder.string(),
               .expected = fmt::format("{0}.gz or {0}", name),
               .received = "neither",
               .hint = fmt::format("`evenkeel data fetch {}` brings what is missing, or put the published files there: "
                                   "{} (.gz or unpacked).",
                                   set, join(mnist_files()))}};
}

Tensor read_uint8(const fs::path& path, int rank) {
  Tensor tensor = formats::read_idx(path);
  if (tensor.dtype() != DType::uint8 || tensor.shape().rank() != rank)
    throw Error{{.where = path.string(),
                 .expected = rank == 3 ? "images, uint8 [N, 28, 28]" : "labels, uint8 [N]",
                 .received = fmt::format("{} {}", name_of(tensor.dtype()), to_string(tensor.shape()))}};
  return tensor;
}

Dataset load(const fs::path& folder, bool test_split, const std::string& name, std::vector<std::string> class_names) {
  const std::size_t first = test_split ? 2 : 0;
  const fs::path images_path = find_file(folder, mnist_files()[first], name);
  const fs::path labels_path = find_file(folder, mnist_files()[first + 1], name);
  const Tensor labels = read_uint8(labels_path, 1);
  const Tensor images = read_uint8(images_path, 3);
  const std::int64_t n = images.shape()[0];
  if (images.shape() != Shape{n, kSide, kSide})
    throw Error{{.where = images_path.string(),
                 .expected = "images of 28x28 pixels",
                 .received = fmt::format("{}x{}", images.shape()[1], images.shape()[2])}};
  try {
    return Dataset({.name = name + (test_split ? ":test" : ":train"),
                    .x = Tensor::copy_of(images.view().reshaped({n, kSide, kSide, 1})),
                    .y = converted(labels, DType::int32),
                    .class_names = std::move(class_names)});
  } catch (const Error& error) {
    throw error.inside(labels_path.string());
  }
}

}  // namespace

const std::vector<std::string>& mnist_files() {
  static const std::vector<std::string> names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                                 "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
  return names;
}

Dataset load_mnist(const fs::path& folder, bool test_split) {
  return load(folder, test_split, "mnist", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
}

Dataset load_fashion_mnist(const fs::path& folder, bool test_split) {
  return load(
      folder, test_split, "fashion-mnist",
      {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"});
}

}  // namespace evenkeel
