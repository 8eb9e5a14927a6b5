#include "evenkeel/data/pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/data/batches.h"
#include "evenkeel/data/image_fitting.h"
#include "evenkeel/data/image_moments.h"
#include "evenkeel/data/image_reading.h"
#include "evenkeel/data/staging.h"
#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/image_header.h"
#include "evenkeel/formats/tar_members.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSetName = "shards";  ///< the folder of the staging folder that becomes `out`

/// A file that was read.
struct Checked {
  formats::Bytes bytes = {};
  FittedImage image = {};
  PixelSums sums = {};
};

/// Names of members that no other has.
class Keys {
 public:
  std::string key_of(const ImageFiles& files, const ImageFiles::File& file) {
    std::string name = file.name;
    if (files.is_in_shard(file)) name = fmt::format("{:09}", used_.size());
    name.erase(0, name.find_first_not_of('/') == std::string::npos ? 0 : name.find_first_not_of('/'));
    const std::size_t base = name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1;
    if (const std::size_t dot = name.rfind('.'); dot != std::string::npos && dot > base) name.resize(dot);
    std::replace(name.begin() + static_cast<std::ptrdiff_t>(base), name.end(), '.', '_');
    std::string key = name;
    for (int n = 2; !used_.insert(key).second; ++n) key = fmt::format("{}-{}", name, n);
    return key;
  }

 private:
  std::unordered_set<std::string> used_;
};

/// Writes shards one after the other.
class ShardWriter {
 public:
  ShardWriter(const ImageFiles& files, fs::path folder, std::int64_t shard_bytes)
      : files_(files), folder_(std::move(folder)), shard_bytes_(static_cast<std::uint64_t>(shard_bytes)) {}

  void add(const ImageFiles::File& file, formats::BytesView bytes) {
    constexpr std::uint64_t kLabel = 4 * formats::kTarBlock;  // the label's member, and what names may take
    if (tar_ && !shards_.back().samples.empty() && tar_->size_with(bytes.size()) + kLabel > shard_bytes_) finish();
    if (!tar_) {
      shards_.push_back({.file = fmt::format("shard-{:06}.tar", shards_.size())});
      tar_ = std::make_unique<formats::TarWriter>(folder_ / shards_.back().file);
    }
    const std::string key = keys_.key_of(files_, file);
    const std::uint64_t offset = tar_->add(key + (formats::is_png(bytes) ? ".png" : ".jpg"), bytes);
    if (files_.labelled) tar_->add(key + ".cls", formats::view_of(std::to_string(file.label)));
    shards_.back().samples.push_back({.offset = offset,
                                      .bytes = static_cast<std::uint32_t>(bytes.size()),
                                      .label = files_.labelled ? file.label : -1,
                                      .crc32c = formats::crc32c(bytes)});
  }
  std::vector<ShardIndex::Shard> finished() {
    finish();
    return std::move(shards_);
  }

 private:
  void finish() {
    if (tar_) shards_.back().bytes = tar_->commit();
    tar_.reset();
  }

  const ImageFiles& files_;
  fs::path folder_;
  std::uint64_t shard_bytes_;
  std::vector<ShardIndex::Shard> shards_;
  std::unique_ptr<formats::TarWriter> tar_;
  Keys keys_;
};

Checked checked(const ImageFiles& files, const ImageFitter& fitter, const ImageFiles::File& file) {
  Checked result;
  try {
    result.bytes = files.read(file);
  } catch (const Error& error) {
    result.image.skipped = {files.name_of(file), "cannot be opened", error};
    return result;
  }
  result.image = fitter.fitted(file, result.bytes);
  if (const auto& sample = result.image.sample) result.sums = pixel_sums(*sample);
  result.image.sample.reset();
  return result;
}

void check_target(const fs::path& out) {
  std::error_code ignored;
  if (!formats::exists(out) || (formats::is_folder(out) && fs::is_empty(out, ignored))) return;
  throw Error{{.where = printable(out.string()),
               .expected = "a folder that is empty, or not there yet",
               .received = formats::is_folder(out) ? "one with files" : "a file",
               .hint = "Choose another --out, or remove it."}};
}

/// The order in which samples are written.
std::vector<std::uint32_t> order_of(const ImageFiles& files, const PackOptions& options) {
  const std::int64_t n = std::ssize(files.files);
  if (options.shuffle) return epoch_order(n, options.seed, 0);
  std::vector<std::uint32_t> order(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  return order;
}

/// How many of the files from `begin` on may be in memory at once.
std::int64_t in_memory_at_once(const ImageFiles& files, const std::vector<std::uint32_t>& order, std::size_t begin) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{8} << 20;
  const std::size_t most = 64 * static_cast<std::size_t>(Threads::bound().count());
  std::uint64_t bytes = 0;
  std::size_t count = 0;
  while (begin + count < order.size() && count < most && (count == 0 || bytes < kMostBytes))
    bytes += files.stored_bytes(files.files[order[begin + count++]]);
  return static_cast<std::int64_t>(count);
}

}  // namespace

Packed pack_images(const ImageFiles& files, const fs::path& out, const PackOptions& options) {
  check_target(out);
  const std::vector<std::uint32_t> order = order_of(files, options);
  const ImageOptions images{.skip_bad = options.skip_bad};
  const SampleKind kind = expected_kind(files, images, std::ssize(files.files) > 0 ? 64 : 0);
  const ImageFitter fitter(files, images, kind, true);
  Packed packed{.index = {.class_names = files.class_names}, .report = files.found};
  packed.report.files = std::ssize(files.files);
  packed.index.per_class.resize(static_cast<std::size_t>(files.classes()));
  StagingFolder staging(out);
  const ScratchFolder folder(staging / kSetName);
  ShardWriter writer(files, folder.path(), options.shard_bytes);
  ImageMoments moments;
  std::map<std::string, std::int64_t> sizes;
  for (std::size_t begin = 0; begin < order.size();) {
    const std::int64_t count = in_memory_at_once(files, order, begin);
    std::vector<Checked> some(static_cast<std::size_t>(count));
    Threads::bound().parallel(count, 1, [&](std::int64_t from, std::int64_t to, int) {
      for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i)
        some[i] = checked(files, fitter, files.files[order[begin + i]]);
    });
    for (std::size_t i = 0; i < some.size(); ++i) {
      const ImageFiles::File& file = files.files[order[begin + i]];
      FittedImage& image = some[i].image;
      if (image.skipped) {
        packed.report.skipped.push_back(std::move(*image.skipped));
        if (!options.skip_bad) check_reading(files.title, images, packed.report);
        continue;
      }
      ++packed.report.read;
      ++packed.report.kinds[formats::kind_of_image(*image.header)];
      ++sizes[size_text(image.size.first, image.size.second)];
      moments.add(some[i].sums);
      if (files.labelled) ++packed.index.per_class[static_cast<std::size_t>(file.label)];
      writer.add(file, some[i].bytes);
    }
    begin += static_cast<std::size_t>(count);
    if (options.progress && !options.progress(static_cast<std::int64_t>(begin), std::ssize(order))) {
      packed.stopped = true;
      return packed;
    }
  }
  check_reading(files.title, images, packed.report);
  packed.report.sizes = sizes;
  packed.index.sizes.assign(sizes.begin(), sizes.end());
  packed.index.channels = moments.result(kind.shape[2]);
  packed.index.shards = writer.finished();
  formats::write_file_atomically(folder.path() / kShardIndex, text_of(packed.index));
  staging.place(folder.path());
  staging.remove();
  return packed;
}

}  // namespace evenkeel
