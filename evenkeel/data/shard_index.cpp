#include "evenkeel/data/shard_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/class_names.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/formats/tar_members.h"

namespace evenkeel {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "evenkeel shards";
constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kMostLabel = (std::int64_t{1} << 20) - 1;  ///< as of a data set in memory
constexpr std::uint64_t kMostImageBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostLabelBytes = 64;

Error bad_index(const std::string& where, const std::string& expected, const std::string& received) {
  return Error{{.where = where,
                .expected = expected,
                .received = received,
                .hint = "Without the index the shards are read by the headers of their members."}};
}

const Json& array_of(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array())
    throw bad_index(where, fmt::format("an array \"{}\"", key), found == object.end() ? "none" : "another value");
  return *found;
}

std::int64_t number_at(const Json& array, std::size_t i, const char* key, std::int64_t low, std::int64_t high,
                       const std::string& where) {
  const Json& value = array[i];
  if (value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX))
    if (const auto number = value.get<std::int64_t>(); number >= low && number <= high) return number;
  throw bad_index(where, fmt::format("whole numbers from {} to {} in \"{}\"", low, high, key),
                  fmt::format("another value for sample {}", i));
}

ShardIndex::Shard shard_of(const Json& json, std::int64_t classes, const std::string& where) {
  ShardIndex::Shard shard;
  const auto file = json.is_object() ? json.find("file") : json.end();
  if (!json.is_object() || file == json.end() || !file->is_string())
    throw bad_index(where, "shards with \"file\", \"bytes\", \"offsets\"", "another value");
  shard.file = file->get<std::string>();
  if (shard.file.empty() || shard.file.find('/') != std::string::npos || shard.file == "..")
    throw bad_index(where, "names of files beside the index", '"' + printable(shard.file) + '"');
  const std::string place = where + ", shard " + printable(shard.file);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::int64_t bytes = formats::whole_number(json, "bytes", 0, kMost, place);
  shard.bytes = static_cast<std::uint64_t>(bytes);
  const Json &offsets = array_of(json, "offsets", place), &sizes = array_of(json, "sizes", place),
             &labels = array_of(json, "labels", place), &sums = array_of(json, "crc32c", place);
  const std::size_t n = offsets.size();
  if (sizes.size() != n || labels.size() != n || sums.size() != n)
    throw bad_index(place, fmt::format("{} sizes, labels and checksums, one per offset", n),
                    fmt::format("{}, {} and {}", sizes.size(), labels.size(), sums.size()));
  shard.samples.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t offset = number_at(offsets, i, "offsets", 0, bytes, place);
    const std::int64_t most = std::min<std::int64_t>(bytes - offset, kMostImageBytes);
    shard.samples.push_back({.offset = static_cast<std::uint64_t>(offset),
                             .bytes = static_cast<std::uint32_t>(number_at(sizes, i, "sizes", 1, most, place)),
                             .label = static_cast<std::int32_t>(number_at(labels, i, "labels", -1, classes - 1, place)),
                             .crc32c = static_cast<std::uint32_t>(
                                 number_at(sums, i, "crc32c", 0, std::numeric_limits<std::uint32_t>::max(), place))});
  }
  return shard;
}

std::vector<ChannelStatistics> channels_of(const Json& json, const std::string& where) {
  std::vector<ChannelStatistics> channels;
  for (const Json& one : array_of(json, "channels", where)) {
    if (!one.is_object() || !one.contains("mean") || !one.contains("variance") || !one["mean"].is_number() ||
        !one["variance"].is_number() || channels.size() == 4)
      throw bad_index(where, "\"mean\" and \"variance\" of at most 4 channels", "another value");
    channels.push_back({.mean = one["mean"].get<double>(), .variance = one["variance"].get<double>()});
  }
  return channels;
}

/// The parts of a member's name: "a.b/17.seg.png" is the key "a.b/17" and the ending "seg.png".
std::pair<std::string, std::string> key_and_ending(const std::string& name) {
  const std::size_t base = name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1;
  const std::size_t dot = std::min(name.find('.', base), name.size());
  std::string ending = dot < name.size() ? name.substr(dot + 1) : "";
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return {name.substr(0, dot), std::move(ending)};
}

/// What was found of a sample so far.
struct Found {
  std::size_t order = 0;
  std::optional<formats::TarMember> image = {};
  std::optional<std::int32_t> label = {};
};

std::int32_t label_in(const formats::Source& archive, const formats::TarMember& member, std::int64_t classes) {
  const std::string where = archive.name() + ", member " + printable(member.name);
  const std::int64_t most = classes > 0 ? classes - 1 : kMostLabel;
  const auto refuse = [&](const std::string& received) {
    return Error{{.where = where, .expected = fmt::format("a label from 0 to {}", most), .received = received}};
  };
  if (member.bytes > kMostLabelBytes) throw refuse(fmt::format("{} bytes", member.bytes));
  std::string text(member.bytes, '\0');
  archive.read(member.offset, std::as_writable_bytes(std::span(text)));
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  std::int64_t label = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), label);
  if (problem != std::errc() || end != text.data() + text.size() || text.empty())
    throw refuse('"' + printable(text) + '"');
  if (label < 0 || label > most) throw refuse(std::to_string(label));
  return static_cast<std::int32_t>(label);
}

}  // namespace

std::int64_t ShardIndex::samples() const {
  std::int64_t n = 0;
  for (const Shard& shard : shards) n += std::ssize(shard.samples);
  return n;
}

ShardIndex read_shard_index(const std::filesystem::path& path) {
  const std::string where = printable(path.string());
  const Json json = formats::read_json(path);
  if (!json.is_object() || !json.contains("format") || json["format"] != kFormat)
    throw bad_index(where, fmt::format("JSON with \"format\": \"{}\"", kFormat), "another file");
  formats::whole_number(json, "version", 1, kVersion, where);
  ShardIndex index;
  for (const Json& name : array_of(json, "class_names", where)) {
    if (!name.is_string()) throw bad_index(where, "texts in \"class_names\"", "another value");
    index.class_names.push_back(name.get<std::string>());
  }
  index.class_names = checked_class_names(index.class_names, where);
  const Json& counts = array_of(json, "samples_per_class", where);
  for (std::size_t i = 0; i < counts.size(); ++i)
    index.per_class.push_back(
        number_at(counts, i, "samples_per_class", 0, std::numeric_limits<std::uint32_t>::max(), where));
  if (!index.class_names.empty() && index.per_class.size() != index.class_names.size())
    throw bad_index(where, fmt::format("{} numbers in \"samples_per_class\"", index.class_names.size()),
                    std::to_string(index.per_class.size()));
  index.channels = channels_of(json, where);
  if (const auto sizes = json.find("images"); sizes != json.end() && sizes->is_object())
    for (const auto& [size, count] : sizes->items())
      if (count.is_number_integer()) index.sizes.emplace_back(size, count.get<std::int64_t>());
  for (const Json& shard : array_of(json, "shards", where))
    index.shards.push_back(shard_of(shard, std::ssize(index.per_class), where));
  std::vector<std::int64_t> per_class(index.per_class.size());
  for (const ShardIndex::Shard& shard : index.shards)
    for (const ShardIndex::Sample& sample : shard.samples)
      if (sample.label >= 0) ++per_class[static_cast<std::size_t>(sample.label)];
  if (per_class != index.per_class) throw bad_index(where, "\"samples_per_class\" as its labels say", "other numbers");
  return index;
}

std::string text_of(const ShardIndex& index) {
  Json json{{"format", kFormat},
            {"version", kVersion},
            {"samples", index.samples()},
            {"class_names", index.class_names},
            {"samples_per_class", index.per_class}};
  Json channels = Json::array(), images = Json::object(), shards = Json::array();
  for (const ChannelStatistics& c : index.channels) channels.push_back({{"mean", c.mean}, {"variance", c.variance}});
  for (const auto& [size, count] : index.sizes) images[size] = count;
  for (const ShardIndex::Shard& shard : index.shards) {
    Json offsets = Json::array(), sizes = Json::array(), labels = Json::array(), sums = Json::array();
    for (const ShardIndex::Sample& sample : shard.samples) {
      offsets.push_back(sample.offset);
      sizes.push_back(sample.bytes);
      labels.push_back(sample.label);
      sums.push_back(sample.crc32c);
    }
    shards.push_back({{"file", shard.file},
                      {"bytes", shard.bytes},
                      {"offsets", std::move(offsets)},
                      {"sizes", std::move(sizes)},
                      {"labels", std::move(labels)},
                      {"crc32c", std::move(sums)}});
  }
  json["channels"] = std::move(channels);
  json["images"] = std::move(images);
  json["shards"] = std::move(shards);
  return formats::json_text(json) + '\n';
}

ShardIndex::Shard scanned_shard(const formats::Source& archive, std::int64_t classes, bool needs_labels) {
  std::unordered_map<std::string, Found> keys;
  formats::TarMembers members(archive);
  const auto twice = [&](const formats::TarMember& member) {
    return Error{{.where = archive.name() + ", member " + printable(member.name),
                  .expected = "one image and one label for each key",
                  .received = "a key that occurs twice"}};
  };
  while (const auto member = members.next()) {
    auto [key, ending] = key_and_ending(member->name);
    const bool is_image = ending == "jpg" || ending == "jpeg" || ending == "png";
    if (!is_image && ending != "cls") continue;
    Found& found = keys.try_emplace(std::move(key), Found{.order = keys.size()}).first->second;
    if (is_image ? found.image.has_value() : found.label.has_value()) throw twice(*member);
    if (!is_image) {
      found.label = label_in(archive, *member, classes);
      continue;
    }
    if (member->bytes == 0 || member->bytes > kMostImageBytes)
      throw Error{{.where = archive.name() + ", member " + printable(member->name),
                   .expected = fmt::format("an image of 1 to {} bytes", kMostImageBytes),
                   .received = std::to_string(member->bytes)}};
    found.image = *member;
  }
  std::vector<const std::pair<const std::string, Found>*> in_order(keys.size());
  for (const auto& one : keys) in_order[one.second.order] = &one;
  ShardIndex::Shard shard{.file = std::filesystem::path(archive.name()).filename().string(), .bytes = archive.size()};
  for (const auto* one : in_order) {
    const auto& [key, found] = *one;
    if (!found.image) continue;  // a label of something else than an image
    if (!found.label && needs_labels)
      throw Error{{.where = archive.name() + ", member " + printable(found.image->name),
                   .expected = fmt::format("a label beside it, {}.cls", printable(key)),
                   .received = "none",
                   .hint = "Only to predict no labels are needed."}};
    shard.samples.push_back({.offset = found.image->offset,
                             .bytes = static_cast<std::uint32_t>(found.image->bytes),
                             .label = found.label.value_or(-1)});
  }
  return shard;
}

}  // namespace evenkeel
