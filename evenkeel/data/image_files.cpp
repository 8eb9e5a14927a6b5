#include "evenkeel/data/image_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/dataset.h"
#include "evenkeel/data/litter.h"
#include "evenkeel/data/shards.h"
#include "evenkeel/formats/file.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// The entries of a folder, sorted by name.
struct Entries {
  std::vector<std::string> folders, files;
};

/// Counts litter.
Entries entries(const fs::path& folder, ReadingReport::Counts& litter) {
  try {
    Entries found;
    std::error_code ignored;  // a broken link is a file that cannot be opened
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::string name = entry.path().filename().string();
      if (const std::string kind = kind_of_litter(name); !kind.empty())
        ++litter[kind];
      else
        (entry.is_directory(ignored) ? found.folders : found.files).push_back(std::move(name));
    }
    std::ranges::sort(found.folders);
    std::ranges::sort(found.files);
    return found;
  } catch (const fs::filesystem_error& error) {
    throw Error{{.kind = kind_of_failure(error.code()),
                 .where = printable(folder.string()),
                 .expected = "a readable folder",
                 .received = error.code().message()}};
  }
}

/// The files of a class; folders among them are not samples.
void add_class(ImageFiles& list, const std::string& name) {
  const Entries inside = entries(list.folder / name, list.found.passed_over);
  const auto label = static_cast<std::int32_t>(list.class_names.size());
  for (const std::string& file : inside.files) list.files.push_back({.name = name + '/' + file, .label = label});
  for (const std::string& folder : inside.folders) {
    const std::string path = printable(name + "/" + folder);
    list.found.skipped.push_back(
        {path, "folder in the folder of a class",
         Error{{.where = printable((list.folder / name / folder).string()),
                .expected = "nothing but images in the folder of a class",
                .received = "a folder",
                .hint = fmt::format("Classes are the folders directly in {}.", printable(list.folder.string()))}}});
  }
  if (inside.files.empty()) list.found.empty_classes.push_back(printable(name));
  list.class_names.push_back(printable(name));
}

/// The first of the folders' paths.
std::string some_of(const fs::path& folder, const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const std::string& name : names)
    if (paths.size() < 5) paths.push_back(printable((folder / name).string()));
  return join(paths, " or ");
}

bool is_shard(const std::string& file) { return fs::path(file).extension() == ".tar"; }

/// Shards with folders among them, or in folders, are not taken for a set of shards.
void refuse_shards(const ImageFiles& list, const Entries& top) {
  const bool below = !list.files.empty() && std::ranges::all_of(list.files, is_shard, &ImageFiles::File::name);
  const bool beside = list.files.empty() && !top.folders.empty() && std::ranges::any_of(top.files, is_shard);
  if (!below && !beside) return;
  throw Error{{.where = printable(list.folder.string()),
               .expected = "shards (.tar) in one folder without folders",
               .received = beside ? "folders beside the shards" : "shards in its folders",
               .hint = beside
                           ? fmt::format("Name the shards: '{}', or a pattern such as 'shard-{{000000..000099}}.tar'.",
                                         printable((list.folder / *std::ranges::find_if(top.files, is_shard)).string()))
                           : fmt::format("Is {} meant?", some_of(list.folder, top.folders))}};
}

[[noreturn]] void refuse_without_files(const ImageFiles& list, const Entries& top) {
  const bool has_deeper = !list.found.skipped.empty();
  std::string received = "an empty folder", hint;
  if (has_deeper) {
    received = "folders in the folders";
    hint = fmt::format("Classes are the folders directly in the one that is named. Is {} meant?",
                       some_of(list.folder, top.folders));
  } else if (!top.folders.empty()) {
    received = fmt::format("{} empty subfolders", top.folders.size());
  } else if (!top.files.empty()) {
    received = "no subfolder";
    hint =
        fmt::format("It holds {} files. Put those of a class into a subfolder; only to predict no classes are needed.",
                    with_commas(std::ssize(top.files)));
  }
  throw Error{{.where = printable(list.folder.string()),
               .expected = "one subfolder of PNG or JPEG images per class",
               .received = received,
               .hint = hint}};
}

}  // namespace

std::int64_t ImageFiles::classes() const {
  if (!labelled) return 0;
  if (!class_names.empty()) return std::ssize(class_names);
  std::int32_t largest = -1;
  for (const File& file : files) largest = std::max(largest, file.label);
  return std::int64_t{largest} + 1;
}

formats::Bytes ImageFiles::read(const File& file) const {
  return is_in_shard(file) ? shards->read(file) : formats::read_file(path_of(file));
}

std::uint64_t ImageFiles::stored_bytes(const File& file) const {
  if (is_in_shard(file)) return file.bytes;
  std::error_code failure;
  const std::uintmax_t size = fs::file_size(path_of(file), failure);
  return failure ? 0 : size;
}

std::string ImageFiles::name_of(const File& file) const {
  return is_in_shard(file) ? shards->name_of(file) : printable(file.name);
}

std::string ImageFiles::place_of(const File& file) const {
  if (!is_in_shard(file)) return printable(path_of(file).string());
  return printable((shards->path(file.shard).parent_path() / "").string()) + shards->name_of(file);
}

fs::path ImageFiles::path_of(const File& file) const {
  return is_in_shard(file) ? shards->path(file.shard) : folder / file.name;
}

ImageFiles ImageFiles::range(std::int64_t begin, std::int64_t end) const {
  const SampleRange part = resolved_range(title, std::ssize(files), begin, end);
  ImageFiles list = *this;
  list.files.assign(files.begin() + part.begin, files.begin() + part.end);
  list.title = ranged_name(title, part, std::ssize(files));
  return list;
}

ImageFiles list_image_folder(const fs::path& folder, bool flat) {
  ImageFiles list{.title = folder.string(), .folder = folder, .files = {}};
  const Entries top = entries(folder, list.found.passed_over);
  for (const std::string& name : top.folders) add_class(list, name);
  list.labelled = !top.folders.empty();
  if (!list.labelled && flat)
    for (const std::string& file : top.files) list.files.push_back({.name = file});
  else if (!top.files.empty())
    list.found.passed_over["beside the folders of classes"] = std::ssize(top.files);
  refuse_shards(list, top);
  if (list.files.empty()) refuse_without_files(list, top);
  return list;
}

ImageFiles list_images(const std::vector<fs::path>& files) {
  if (files.empty()) throw Error{{.where = "images", .expected = "at least one file", .received = "none"}};
  const std::string more = files.size() > 1 ? fmt::format(" and {} more", files.size() - 1) : "";
  ImageFiles list{.title = files.front().string() + more, .folder = {}, .files = {}};
  for (const fs::path& file : files) list.files.push_back({.name = file.string()});
  return list;
}

}  // namespace evenkeel
