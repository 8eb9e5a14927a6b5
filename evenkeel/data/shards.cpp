#include "evenkeel/data/shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/tar_members.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNames = 1'000'000;

bool is_tar(const fs::path& path) { return path.extension() == ".tar"; }

/// The .tar files of a folder, sorted; nothing if it has a folder, which is a class of images.
std::vector<fs::path> archives_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code problem;
  for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end; entry.increment(problem)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) return {};
    if (is_tar(entry->path()) && !entry->path().filename().string().starts_with('.')) found.push_back(entry->path());
  }
  std::ranges::sort(found);
  return found;
}

/// "000000..000099"
std::optional<std::vector<std::string>> numbers_of(const std::string& inside) {
  const std::size_t dots = inside.find("..");
  if (dots == std::string::npos) return {};
  const std::string_view first = std::string_view(inside).substr(0, dots),
                         last = std::string_view(inside).substr(dots + 2);
  const auto number = [](std::string_view text) -> std::optional<std::uint32_t> {
    std::uint32_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return {};
    return value;
  };
  const auto low = number(first), high = number(last);
  if (!low || !high || *low > *high || *high - *low >= kMostNames) return {};
  std::vector<std::string> numbers;
  for (std::uint64_t i = *low; i <= *high; ++i) numbers.push_back(fmt::format("{:0{}}", i, first.size()));
  return numbers;
}

std::vector<fs::path> paths_of(const std::string& spec) {
  if (formats::exists(spec)) return formats::is_folder(spec) ? archives_in(spec) : std::vector{fs::path(spec)};
  std::vector<fs::path> paths;
  std::vector<std::string> missing;
  for (const std::string& name : expanded_braces(spec)) {
    paths.emplace_back(name);
    if (!formats::exists(name)) missing.push_back(printable(name));
  }
  if (missing.empty()) return paths;
  const std::size_t count = missing.size();
  missing.resize(std::min<std::size_t>(count, 3));
  throw Error{{.where = printable(spec),
               .expected = fmt::format("{} shards", paths.size()),
               .received = fmt::format("{} of them missing: {}{}", count, join(missing), count > 3 ? ", ..." : "")}};
}

/// The folder of all shards; empty if they are in several.
fs::path folder_of(const std::vector<fs::path>& paths) {
  const fs::path folder = paths.front().parent_path();
  return std::ranges::all_of(paths, [&](const fs::path& path) { return path.parent_path() == folder; }) ? folder
                                                                                                        : fs::path();
}

std::uint64_t size_of_file(const fs::path& path) { return formats::Source(path).size(); }

/// The index's shards that the paths name, checked against the files.
ShardIndex chosen(ShardIndex index, const std::vector<fs::path>& paths, const fs::path& where, bool is_whole) {
  std::map<std::string, ShardIndex::Shard*> by_name;
  for (ShardIndex::Shard& shard : index.shards) by_name[shard.file] = &shard;
  const auto refuse = [&](const std::string& file, const std::string& expected, const std::string& received) {
    return Error{
        {.where = printable((where.parent_path() / file).string()),
         .expected = expected + ", as " + printable(where.filename().string()) + " says",
         .received = received,
         .hint = "Was it copied whole? Pack the images again, or remove the index to use the shards as they are."}};
  };
  std::vector<ShardIndex::Shard> shards;
  for (const fs::path& path : paths) {
    const auto found = by_name.find(path.filename().string());
    if (found == by_name.end() || !found->second)
      throw refuse(path.filename().string(), fmt::format("one of {} shards", index.shards.size()), "another file");
    const std::uint64_t bytes = size_of_file(path);
    if (bytes != found->second->bytes)
      throw refuse(found->first, fmt::format("{} bytes", found->second->bytes), std::to_string(bytes));
    shards.push_back(std::move(*std::exchange(found->second, nullptr)));
  }
  for (const auto& [name, left] : by_name)
    if (is_whole && left) throw refuse(name, "a shard", "no file");
  index.shards = std::move(shards);
  return index;
}

ShardIndex scanned(const std::vector<fs::path>& paths, bool flat) {
  ShardIndex index;
  index.shards.resize(paths.size());
  Threads::bound().parallel(std::ssize(paths), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i)
      index.shards[i] = scanned_shard(formats::Source(paths[i]), 0, !flat);
  });
  for (const ShardIndex::Shard& shard : index.shards)
    for (const ShardIndex::Sample& sample : shard.samples) {
      if (sample.label < 0) continue;
      const auto label = static_cast<std::size_t>(sample.label);
      if (label >= index.per_class.size()) index.per_class.resize(label + 1);
      ++index.per_class[label];
    }
  return index;
}

/// Where the index of shards that have none is kept: a function of their names, sizes and times.
fs::path cached_index(const fs::path& cache, const std::vector<fs::path>& paths) {
  if (cache.empty()) return {};
  std::string text;
  for (const fs::path& path : paths) {
    std::error_code problem;
    const fs::path absolute = fs::weakly_canonical(path, problem);
    const auto time = fs::last_write_time(path, problem).time_since_epoch().count();
    if (problem) return {};
    text += fmt::format("{} {} {}\n", absolute.string(), size_of_file(path), time);
  }
  const auto bytes = formats::view_of(text);
  return cache / "shards" / fmt::format("{:08x}{:08x}.json", formats::crc32c(bytes), formats::crc32(bytes));
}

/// Nobody needs it: what goes wrong here only costs time.
std::optional<ShardIndex> read_cached(const fs::path& path, const std::vector<fs::path>& paths) {
  try {
    if (path.empty() || !formats::exists(path)) return {};
    return chosen(read_shard_index(path), paths, path, true);
  } catch (const Error&) {
    return {};
  }
}

void write_cached(const fs::path& path, const ShardIndex& index) {
  try {
    if (path.empty()) return;
    formats::make_folder(path.parent_path());
    formats::write_file_atomically(path, text_of(index));
  } catch (const Error&) {
  }
}

ShardIndex index_of(const std::string& spec, const std::vector<fs::path>& paths, bool flat, const fs::path& cache) {
  const fs::path folder = folder_of(paths);
  if (!folder.empty() || paths.front().parent_path().empty()) {
    const fs::path beside = folder / kShardIndex;
    if (formats::exists(beside))
      return chosen(read_shard_index(beside), paths, beside, formats::exists(spec) && formats::is_folder(spec));
  }
  const fs::path kept = cached_index(cache, paths);
  if (auto index = read_cached(kept, paths)) {
    const bool labelled = std::ranges::all_of(index->shards, [](const ShardIndex::Shard& shard) {
      return std::ranges::all_of(shard.samples, [](const ShardIndex::Sample& s) { return s.label >= 0; });
    });
    if (labelled || flat) return std::move(*index);
  }
  ShardIndex index = scanned(paths, flat);
  write_cached(kept, index);
  return index;
}

void add_samples(ImageFiles& files, const ShardIndex& index) {
  files.files.reserve(static_cast<std::size_t>(index.samples()));
  for (std::size_t shard = 0; shard < index.shards.size(); ++shard)
    for (const ShardIndex::Sample& sample : index.shards[shard].samples)
      files.files.push_back({.label = std::max(sample.label, 0),
                             .shard = static_cast<std::int32_t>(shard),
                             .crc32c = sample.crc32c,
                             .bytes = sample.bytes,
                             .offset = sample.offset});
  for (std::size_t label = 0; label < index.per_class.size() && !index.class_names.empty(); ++label)
    if (index.per_class[label] == 0) files.found.empty_classes.push_back(index.class_names[label]);
}

}  // namespace

std::vector<std::string> expanded_braces(const std::string& pattern) {
  std::vector<std::string> names = {""};
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t open = std::min(pattern.find('{', at), pattern.size());
    for (std::string& name : names) name += pattern.substr(at, open - at);
    if (open == pattern.size()) break;
    const std::size_t close = pattern.find('}', open);
    const std::string inside = close == std::string::npos ? "" : pattern.substr(open + 1, close - open - 1);
    auto parts = numbers_of(inside);
    if (!parts && inside.find(',') != std::string::npos) {
      parts.emplace();
      for (const std::string_view part : split(inside, ',')) parts->emplace_back(part);
    }
    if (!parts || parts->size() * names.size() > kMostNames)
      throw Error{
          {.where = printable(pattern),
           .expected = fmt::format("braces such as {{000000..000099}} or {{a,b}}, of at most {} names", kMostNames),
           .received = '{' + printable(inside) + '}'}};
    std::vector<std::string> more;
    for (const std::string& name : names)
      for (const std::string& part : *parts) more.push_back(name + part);
    names = std::move(more);
    at = close + 1;
  }
  return names;
}

bool names_shards(const std::string& spec) {
  if (spec.empty()) return false;
  if (formats::exists(spec)) return formats::is_folder(spec) ? !archives_in(spec).empty() : is_tar(spec);
  return is_tar(spec) && spec.find('{') != std::string::npos;
}

ImageFiles list_shards(const std::string& spec, bool flat, const fs::path& cache) {
  const std::vector<fs::path> paths = paths_of(spec);
  ShardIndex index = index_of(spec, paths, flat, cache);
  ImageFiles files{.title = spec, .folder = {}, .files = {}};
  add_samples(files, index);
  if (files.files.empty())
    throw Error{{.where = printable(spec),
                 .expected = "shards with the members KEY.jpg (or .png) and KEY.cls",
                 .received = "no image in them"}};
  const bool has_labels = !index.per_class.empty();
  files.labelled =
      has_labels && std::ranges::none_of(index.shards, [](const ShardIndex::Shard& shard) {
        return std::ranges::any_of(shard.samples, [](const ShardIndex::Sample& sample) { return sample.label < 0; });
      });
  if (!files.labelled && !flat)
    throw Error{{.where = printable(spec),
                 .expected = "a label for each image",
                 .received = has_labels ? "images without one" : "none",
                 .hint = "Only to predict no labels are needed."}};
  files.class_names = std::move(index.class_names);
  files.shards = std::make_shared<const Shards>(paths);
  return files;
}

std::shared_ptr<const formats::Source> Shards::opened(std::int32_t shard) const {
  const std::lock_guard lock(mutex_);
  Open& place = open_[static_cast<std::size_t>(shard) % open_.size()];
  if (place.shard != shard) place = {shard, std::make_shared<const formats::Source>(path(shard))};
  return place.archive;
}

formats::Bytes Shards::read(const ImageFiles::File& member) const {
  const auto archive = opened(member.shard);
  if (member.offset > archive->size() || member.bytes > archive->size() - member.offset)
    throw Error{{.where = printable(path(member.shard).string()),
                 .expected = fmt::format("a member of {} bytes at byte {}", member.bytes, member.offset),
                 .received = fmt::format("a shard of {} bytes", archive->size()),
                 .hint = "Was it changed while it was read?"}};
  formats::Bytes bytes(member.bytes);
  archive->read(member.offset, bytes);
  if (member.crc32c != 0 && formats::crc32c(bytes) != member.crc32c)
    throw Error{{.where = printable((path(member.shard).parent_path() / "").string()) + name_of(member),
                 .expected = fmt::format("the checksum {:08x} of the index", member.crc32c),
                 .received = fmt::format("{:08x}", formats::crc32c(bytes)),
                 .hint = "The shard is damaged, or the index is of another one."}};
  return bytes;
}

void Shards::expect(const ImageFiles::File& member) const { opened(member.shard)->expect(member.offset, member.bytes); }

std::string Shards::name_of(const ImageFiles::File& member) const {
  const std::string file = printable(path(member.shard).filename().string());
  try {
    const std::string name = formats::tar_name_before(*opened(member.shard), member.offset);
    return name.empty() ? file : file + ", member " + printable(name);
  } catch (const Error&) {
    return file;
  }
}

}  // namespace evenkeel
