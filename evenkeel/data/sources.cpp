#include "evenkeel/data/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/cifar.h"
#include "evenkeel/data/mnist.h"
#include "evenkeel/data/npz_dataset.h"
#include "evenkeel/data/npz_layout.h"
#include "evenkeel/data/patches.h"
#include "evenkeel/data/resize.h"
#include "evenkeel/data/shards.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/file_kind.h"
#include "evenkeel/formats/source.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

struct Loader {
  NamedSource source;
  std::vector<std::string> files;  ///< the published names; none if the program draws the set
  Dataset (*load)(const fs::path& folder, bool test_split);
};

Dataset draw_strokes(const fs::path&, bool test_split) {
  return make_strokes(test_split, test_split ? kStrokesTestSize : kStrokesTrainSize);
}

Dataset draw_patches(const fs::path&, bool test_split) {
  return make_patches(test_split, test_split ? kPatchesTestSize : kPatchesTrainSize);
}

const std::vector<Loader>& loaders() {
  static const std::vector<Loader> list = {
      {{"mnist", "handwritten digits", "mnist", {28, 28, 1}, 60000, 10000}, mnist_files(), load_mnist},
      {{"fashion-mnist", "photographs of clothes", "fashion-mnist", {28, 28, 1}, 60000, 10000},
       mnist_files(),
       load_fashion_mnist},
      {{"cifar10", "photographs of ten things", "cifar-10-batches-bin", {32, 32, 3}, 50000, 10000},
       cifar10_files(),
       load_cifar10},
      {{"cifar100", "photographs of a hundred things", "cifar-100-binary", {32, 32, 3}, 50000, 10000},
       cifar100_files(),
       load_cifar100},
      {{"strokes",
        "figures of pen strokes, drawn by the program",
        "",
        {28, 28, 1},
        kStrokesTrainSize,
        kStrokesTestSize},
       {},
       draw_strokes},
      {{"patches", "coloured textures, drawn by the program", "", {32, 32, 3}, kPatchesTrainSize, kPatchesTestSize},
       {},
       draw_patches},
  };
  return list;
}

const Loader* find_loader(std::string_view name) {
  const auto found =
      std::ranges::find_if(loaders(), [&](const Loader& loader) { return same_name(loader.source.name, name); });
  return found == loaders().end() ? nullptr : &*found;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// The parts of a SPEC: "mnist:train" and "[5000:]".
struct Spec {
  std::string what;
  std::optional<std::string> range;
};

Spec split_spec(const std::string& spec) {
  const auto bracket = spec.rfind('[');
  if (!spec.ends_with(']') || bracket == std::string::npos || exists(spec)) return {spec, {}};
  return {spec.substr(0, bracket), spec.substr(bracket)};
}

/// A bound of a range; `absent` if it is left out.
std::optional<std::int64_t> parse_bound(std::string_view text, std::int64_t absent) {
  if (text.empty()) return absent;
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

/// Of a set of so many samples.
SampleRange parse_range(const std::string& spec, std::string_view range, std::int64_t size) {
  const std::string_view inner = range.substr(1, range.size() - 2);
  const auto colon = inner.find(':');
  if (colon != std::string_view::npos) {
    const auto begin = parse_bound(inner.substr(0, colon), 0);
    const auto end = parse_bound(inner.substr(colon + 1), size);
    if (begin && end) return {*begin, *end};
  }
  throw Error{
      {.where = spec, .expected = "a range such as [5000:], [:1000] or [100:200]", .received = std::string(range)}};
}

bool is_test_split(const std::string& where, std::string_view split, Split bare_name_means) {
  static const std::vector<std::string> known = {"train", "test"};
  if (split.empty()) return bare_name_means == Split::test;
  const std::string_view name = split.substr(1);
  if (same_name(name, known[0])) return false;
  if (same_name(name, known[1])) return true;
  const std::string near = nearest(name, known);
  throw Error{{.where = where,
               .expected = "a split of train or test",
               .received = fmt::format("\"{}\"", name),
               .hint = near.empty() ? "" : fmt::format("Did you mean \"{}\"?", near)}};
}

Error not_on_this_disk(const Loader& loader, const std::string& data_dir) {
  std::vector<std::string> looked, wanted;
  for (const fs::path& folder : data_directories(data_dir)) looked.push_back((folder / loader.source.folder).string());
  if (looked.empty()) looked.push_back("no folder: neither EVENKEEL_DATA nor HOME is set");
  return Error{{.where = loader.source.name,
                .received = fmt::format("not on this disk; looked in {}", join(looked)),
                .hint = fmt::format("`evenkeel data fetch {}` downloads it, or put the published files into one of "
                                    "these folders: {}. The data sets \"strokes\" and \"patches\" need no files.",
                                    loader.source.name, join(loader.files))}};
}

Error unknown_name(const std::string& name) {
  std::vector<std::string> known;
  for (const Loader& loader : loaders()) known.push_back(loader.source.name);
  const std::string near = nearest(name, known);
  return Error{{.where = "data",
                .received = fmt::format("\"{}\" is not a data set, an .npz file or a folder", name),
                .hint = fmt::format("Known data sets: {}.{}", join(known),
                                    near.empty() ? "" : fmt::format(" Did you mean \"{}\"?", near))}};
}

constexpr std::string_view kArrays = ".npz";

/// The parts of FILE.npz or FILE.npz:SPLIT; nothing if it is neither.
std::optional<std::pair<std::string, std::string>> npz_and_split(const std::string& what) {
  if (what.ends_with(kArrays)) return std::pair(what, std::string());
  const auto colon = what.rfind(':');
  if (colon == std::string::npos || !std::string_view(what).substr(0, colon).ends_with(kArrays) || exists(what))
    return {};
  return std::pair(what.substr(0, colon), what.substr(colon + 1));
}

Dataset load_npz(const std::string& file, const std::string& word, Split bare_name_means, const ArrayOptions& arrays) {
  const std::vector<std::string> splits = npz_splits(file, arrays.inputs);
  if (word.empty()) {
    const std::string meant = bare_name_means == Split::test ? "test" : "train";
    const bool has_it = std::ranges::find(splits, meant) != splits.end();
    return load_npz_dataset(file, arrays, has_it ? meant : "");
  }
  if (const auto split = split_named(word)) return load_npz_dataset(file, arrays, *split);
  const std::string near = nearest(word, splits);
  throw Error{{.where = file,
               .expected = splits.empty() ? "no split: the file has one set" : "a split of " + join(splits, " or "),
               .received = fmt::format("\"{}\"", word),
               .hint = near.empty() ? "" : fmt::format("Did you mean \"{}\"?", near)}};
}

Dataset load_whole(const std::string& what, Split bare_name_means, const std::string& data_dir,
                   const ArrayOptions& arrays) {
  // A known name is preferred to a folder of that name; "./mnist" is the folder.
  const auto colon = std::min(what.find(':'), what.size());
  const std::string name = what.substr(0, colon);
  if (const Loader* loader = find_loader(name)) {
    const bool test_split = is_test_split(what, std::string_view(what).substr(colon), bare_name_means);
    const auto folder = find_source(loader->source.name, data_dir);
    if (!folder) throw not_on_this_disk(*loader, data_dir);
    return loader->load(*folder, test_split);
  }
  if (const auto npz = npz_and_split(what)) return load_npz(npz->first, npz->second, bare_name_means, arrays);
  throw unknown_name(name);
}

/// A file other than .npz must be an image, if a sample without a label is accepted.
void check_single_image(const std::string& path, bool flat) {
  const formats::Source file{fs::path(path)};
  formats::Bytes first = formats::allocate_bytes(std::min<std::uint64_t>(file.size(), 512), path);
  file.read(0, first);
  const std::string kind = formats::kind_of_file(first);
  const bool is_image = kind == "PNG image" || kind == "JPEG image";
  if (is_image && flat) return;
  throw Error{{.where = path,
               .expected = "an .npz file, a folder of images or shards (.tar)",
               .received = formats::with_article(kind),
               .hint = is_image ? "A single image has no label: it is for `evenkeel predict`." : ""}};
}

}  // namespace

const std::vector<NamedSource>& named_sources() {
  static const std::vector<NamedSource> list = [] {
    std::vector<NamedSource> sources;
    for (const Loader& loader : loaders()) sources.push_back(loader.source);
    return sources;
  }();
  return list;
}

std::vector<fs::path> data_directories(const std::string& data_dir) {
  std::vector<fs::path> folders;
  if (!data_dir.empty()) folders.emplace_back(data_dir);
  if (const char* data = std::getenv("EVENKEEL_DATA"); data && *data) folders.emplace_back(data);
  if (const char* home = std::getenv("HOME"); home && *home) folders.push_back(fs::path(home) / ".cache" / "evenkeel");
  return folders;
}

fs::path index_cache() {
  const auto folders = data_directories({});
  return folders.empty() ? fs::path() : folders.back();
}

std::optional<fs::path> find_source(const std::string& name, const std::string& data_dir) {
  const Loader* loader = find_loader(name);
  if (!loader) throw unknown_name(name);
  if (loader->source.folder.empty()) return fs::path();
  for (const fs::path& directory : data_directories(data_dir))
    if (is_folder(directory / loader->source.folder)) return directory / loader->source.folder;
  return {};
}

namespace {

/// The middle of each image, in the samples' shape.
Dataset cropped_as(const ImageOptions& images, const Dataset& whole) {
  const Shape& shape = *images.shape;
  const Shape own = whole.sample_shape();
  if (images.crop_other_sizes_only && own[0] == shape[0] && own[1] == shape[1]) return whole;
  return cropped(whole, images.shorter_side, shape[0], shape[1]);
}

}  // namespace

Dataset load_dataset(const std::string& spec, Split bare_name_means, const std::string& data_dir,
                     const ImageOptions& images, const ArrayOptions& arrays) {
  if (const auto files = find_images(spec, images.flat)) return load_images(*files, images);
  const Spec parts = split_spec(spec);
  Dataset whole = load_whole(parts.what, bare_name_means, data_dir, arrays);
  if (whole.sample_shape().rank() == 3) {
    if (images.crop && images.shape)
      whole = cropped_as(images, whole);
    else if (images.resize_to)
      whole = resized(whole, (*images.resize_to)[0], (*images.resize_to)[1]);
    else if (images.resize && images.shape)
      whole = resized(whole, (*images.shape)[0], (*images.shape)[1]);
  }
  if (!parts.range) return whole;
  const SampleRange range = parse_range(spec, *parts.range, whole.size());
  return whole.range(range.begin, range.end);
}

std::optional<ImageFiles> find_images(const std::string& spec, bool flat) {
  const Spec parts = split_spec(spec);
  const std::string& what = parts.what;
  if (find_loader(what.substr(0, what.find(':'))) || npz_and_split(what) || what.empty()) return {};
  const bool shards = names_shards(what);
  if (!shards && !formats::exists(what)) return {};
  const bool folder = !shards && formats::is_folder(what);
  if (!shards && !folder) check_single_image(what, flat);
  ImageFiles files = shards   ? list_shards(what, flat, index_cache())
                     : folder ? list_image_folder(what, flat)
                              : list_images({what});
  if (!parts.range) return files;
  const SampleRange range = parse_range(spec, *parts.range, std::ssize(files.files));
  return files.range(range.begin, range.end);
}

}  // namespace evenkeel
