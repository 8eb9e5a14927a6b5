#include "evenkeel/data/cifar.h"

#include <fmt/format.h>

#include <sstream>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/cifar.h"
#include "evenkeel/formats/file.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// The published files of a set: for training, for testing, and those with names, first the names of the classes.
struct Published {
  std::string name;
  std::vector<std::string> files;
  std::size_t training_files;
  formats::CifarFormat format;

  std::size_t test_file() const { return training_files; }
  std::size_t names_file() const { return training_files + 1; }
};

const Published& published10() {
  static const Published set = {"cifar10",
                                {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                                 "data_batch_5.bin", "test_batch.bin", "batches.meta.txt"},
                                5,
                                formats::kCifar10};
  return set;
}

const Published& published100() {
  static const Published set = {
      "cifar100", {"train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt"}, 1, formats::kCifar100};
  return set;
}

fs::path find_file(const fs::path& folder, const Published& set, std::size_t index) {
  const fs::path path = folder / set.files[index];
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  throw Error{{.where = folder.string(),
               .expected = set.files[index],
               .received = "no such file",
               .hint = fmt::format(
                   "`evenkeel data fetch {} --force` brings the whole set, or put the published files there: {}.",
                   set.name, join(set.files))}};
}

/// A name a line; the published file ends in an empty one.
std::vector<std::string> read_class_names(const fs::path& path, int classes) {
  const formats::Bytes bytes = formats::read_file(path);
  std::istringstream text(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::vector<std::string> names;
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (std::ssize(names) != classes)
    throw Error{{.where = path.string(),
                 .expected = fmt::format("{} class names, one a line", classes),
                 .received = std::to_string(names.size())}};
  return names;
}

Dataset load(const Published& set, const fs::path& folder, bool test_split) {
  std::vector<std::string> class_names = read_class_names(find_file(folder, set, set.names_file()), set.format.classes);
  std::vector<fs::path> files;
  const std::size_t first = test_split ? set.test_file() : 0;
  const std::size_t last = test_split ? set.test_file() + 1 : set.training_files;
  for (std::size_t i = first; i < last; ++i) files.push_back(find_file(folder, set, i));
  formats::CifarRecords records = formats::read_cifar(files, set.format);
  return Dataset({.name = set.name + (test_split ? ":test" : ":train"),
                  .x = std::move(records.images),
                  .y = std::move(records.labels),
                  .class_names = std::move(class_names)});
}

}  // namespace

const std::vector<std::string>& cifar10_files() { return published10().files; }
const std::vector<std::string>& cifar100_files() { return published100().files; }

Dataset load_cifar10(const fs::path& folder, bool test_split) { return load(published10(), folder, test_split); }
Dataset load_cifar100(const fs::path& folder, bool test_split) { return load(published100(), folder, test_split); }

}  // namespace evenkeel
