#include "evenkeel/data/streamed_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/data/image_fitting.h"
#include "evenkeel/data/sample_source.h"
#include "evenkeel/data/shards.h"
#include "evenkeel/data/stream_memory.h"
#include "evenkeel/formats/deflate.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kMegabyte = 1'000'000;
constexpr std::int64_t kLooks = 64;  ///< files whose kinds decide that of samples
/// What the program has before any image: measured 40 MB with oneDNN, OpenMP and their code.
constexpr std::int64_t kProgram = 64 * kMegabyte;

/// Memory for an image while it becomes a sample: the file, its pixels (with those of a decoder that needs all of them
/// at once, and in the samples' depth), and the sample.
std::int64_t bytes_to_decode(formats::BytesView file, const SampleKind& kind) {
  const auto header = formats::image_header(file);
  const std::int64_t pixels = header ? header->height * header->width : 0;
  const std::int64_t depth = kind.dtype == DType::float32 || (header && is_wide(*header)) ? 4 : 1;
  return std::ssize(file) + pixels * 4 * depth * 3 + kind.shape.size() * 8;
}

class StreamedImages final : public SampleSource {
 public:
  StreamedImages(ImageFiles files, const ImageOptions& images, SampleKind kind, const StreamOptions& options)
      : files_(std::move(files)),
        images_(images),
        kind_(std::move(kind)),
        fitter_(files_, images_, kind_, false),
        options_(options),
        decoding_(options.memory / 4) {
    options_.workers = options.workers > 0 ? options.workers : Threads::bound().count();
    const std::int64_t needed = kProgram + bytes_of_list();
    batches_ = options.memory - options.memory / 4 - needed;
    if (options.memory > 0 && batches_ <= 0)
      throw Error{{.where = "memory of the stream",
                   .expected = fmt::format("at least {} MB for the {} samples of {}", needed * 4 / 3 / kMegabyte + 1,
                                           with_commas(std::ssize(files_.files)), printable(files_.title)),
                   .received = fmt::format("{} MB", options.memory / kMegabyte)}};
  }

  std::int64_t size() const override { return std::ssize(files_.files); }
  Shape shape() const override { return kind_.shape; }
  DType dtype() const override { return kind_.dtype; }
  std::string place_of(std::int64_t sample) const override { return printable(files_.path_of(file(sample)).string()); }
  std::string name_of(std::int64_t sample) const override { return files_.name_of(file(sample)); }
  Budget budget() const override {
    return {.workers = options_.workers, .bytes = options_.memory > 0 ? batches_ : 0, .on_slow = options_.on_slow};
  }

  void expect(std::span<const std::int64_t> samples) const override {
    for (const std::int64_t sample : samples)
      if (files_.is_in_shard(file(sample))) files_.shards->expect(file(sample));
  }

  ReadingOrder order() const override {
    ReadingOrder order;
    if (!files_.shards) return order;
    order.window = options_.window > 0 ? options_.window : kShardWindow;
    for (std::size_t i = 1; i < files_.files.size(); ++i)
      if (files_.files[i].shard != files_.files[i - 1].shard) order.shard_ends.push_back(static_cast<std::int64_t>(i));
    order.shard_ends.push_back(size());
    return order;
  }

  std::string fingerprint() const override {
    // Once: it asks for the size of every file, which takes a network drive minutes.
    std::call_once(fingerprinted_, [this] { fingerprint_ = computed_fingerprint(); });
    return fingerprint_;
  }

  std::unique_ptr<Reader> reader() const override;

 private:
  class Decoder;

  std::string computed_fingerprint() const {
    std::uint32_t crc = 0;
    for (const ImageFiles::File& file : files_.files) {
      const std::string text =
          files_.is_in_shard(file)
              ? fmt::format("{} {} {}\n", files_.path_of(file).filename().string(), file.offset, file.bytes)
              : fmt::format("{} {}\n", file.name, files_.stored_bytes(file));
      crc = formats::crc32(formats::view_of(fmt::format("{} {}", file.label, text)), crc);
    }
    const std::string kind = fmt::format("{} {}", name_of_kind(), to_string(kind_.shape));
    return fmt::format("{:08x}", formats::crc32(formats::view_of(kind), crc));
  }
  const ImageFiles::File& file(std::int64_t sample) const { return files_.files[static_cast<std::size_t>(sample)]; }
  /// Of the files' names and places, their labels, and the order of an epoch.
  std::int64_t bytes_of_list() const {
    constexpr std::size_t kLabelAndOrder = 16;
    std::size_t bytes = files_.files.size() * (sizeof(ImageFiles::File) + kLabelAndOrder);
    for (const ImageFiles::File& one : files_.files) bytes += one.name.size() < 16 ? 0 : one.name.size() + 16;
    return static_cast<std::int64_t>(bytes);
  }
  std::string_view name_of_kind() const { return evenkeel::name_of(kind_.dtype); }

  ImageFiles files_;
  ImageOptions images_;
  SampleKind kind_;
  ImageFitter fitter_;
  StreamOptions options_;
  std::int64_t batches_ = 0;  ///< bytes for batches that are ready
  mutable SharedMemory decoding_;
  mutable std::once_flag fingerprinted_;
  mutable std::string fingerprint_;
};

class StreamedImages::Decoder final : public SampleSource::Reader {
 public:
  explicit Decoder(const StreamedImages& source) : source_(source) {}

  TensorView read(std::int64_t sample) override {
    const ImageFiles::File& file = source_.file(sample);
    const std::int64_t most = source_.options_.memory / 4;
    // Before it is read: a file alone may be too large.
    if (most > 0) check(file, static_cast<std::int64_t>(source_.files_.stored_bytes(file)), most);
    const formats::Bytes bytes = source_.files_.read(file);
    const std::int64_t needed = bytes_to_decode(bytes, source_.kind_);
    if (most > 0) check(file, needed, most);
    const SharedMemory::Part part(source_.decoding_, needed);
    FittedImage fitted = source_.fitter_.fitted(file, bytes);
    if (fitted.skipped) {
      Error::Parts parts = fitted.skipped->error.parts();
      parts.hint.append(parts.hint.empty() ? "" : " ").append("--skip-bad-images leaves it out.");
      throw Error(std::move(parts));
    }
    sample_ = std::move(*fitted.sample);
    return sample_;
  }

 private:
  void check(const ImageFiles::File& file, std::int64_t needed, std::int64_t most) const {
    if (needed <= most) return;
    throw Error{{.where = source_.files_.place_of(file),
                 .expected = fmt::format("an image that can be decoded in {} MB, a quarter of the stream's memory",
                                         most / kMegabyte),
                 .received = fmt::format("one that needs {} MB", needed / kMegabyte)}};
  }

  const StreamedImages& source_;
  Tensor sample_;
};

std::unique_ptr<SampleSource::Reader> StreamedImages::reader() const { return std::make_unique<Decoder>(*this); }

}  // namespace

Dataset stream_images(ImageFiles files, const ImageOptions& images, const StreamOptions& options) {
  SampleKind kind;
  ReadingReport report = files.found;
  if (images.skip_bad) {
    const ImageSurvey survey = options.survey ? *options.survey : survey_images(files, images, options.cache);
    kind = survey.kind;
    report = survey.report;
    check_reading(files.title, images, report);
    survey.leave_out_bad(files);
  } else {
    report.files = report.read = std::ssize(files.files);
    // Folders in the folder of a class, which are known without a pass over the files.
    if (!report.skipped.empty()) check_reading(files.title, images, report);
    kind = expected_kind(files, images, kLooks);
  }
  std::vector<std::int32_t> labels;
  if (files.labelled) {
    labels.reserve(files.files.size());
    for (const ImageFiles::File& file : files.files) labels.push_back(file.label);
  }
  Dataset::Parts parts{.name = printable(files.title),
                       .x = {},
                       .y = files.labelled ? Tensor::of<std::int32_t>({std::ssize(labels)}, labels) : Tensor(),
                       .class_names = files.class_names,
                       .reading = std::make_shared<const ReadingReport>(std::move(report))};
  parts.source = std::make_shared<const StreamedImages>(std::move(files), images, std::move(kind), options);
  return Dataset(std::move(parts));
}

}  // namespace evenkeel
