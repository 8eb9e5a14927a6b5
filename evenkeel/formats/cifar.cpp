#include "evenkeel/formats/cifar.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/source.h"

namespace evenkeel::formats {
namespace {

constexpr std::int64_t kPlane = kCifarSide * kCifarSide;
constexpr std::int64_t kPixelBytes = kPlane * kCifarChannels;

std::int64_t label_bytes(const CifarFormat& format) { return format.coarse_classes > 0 ? 2 : 1; }
std::int64_t record_bytes(const CifarFormat& format) { return label_bytes(format) + kPixelBytes; }

std::int64_t count_records(const Source& source, const CifarFormat& format) {
  const auto size = static_cast<std::int64_t>(source.size());
  if (size == 0 || size % record_bytes(format) != 0)
    throw Error{{.where = source.name(),
                 .expected = fmt::format("one or more CIFAR records of {} bytes", record_bytes(format)),
                 .received = fmt::format("{} bytes", size),
                 .hint = "The file is cut short, or is not a CIFAR binary file."}};
  return size / record_bytes(format);
}

void check_label(std::byte label, int classes, const Source& source, std::int64_t record) {
  if (std::to_integer<int>(label) < classes) return;
  throw Error{{.where = source.name(),
               .expected = fmt::format("labels from 0 to {}", classes - 1),
               .received = fmt::format("{} in record {}", std::to_integer<int>(label), record),
               .hint = "The file is damaged, or it belongs to another data set."}};
}

void interleave(const std::byte* planes, std::byte* pixels) {
  for (std::int64_t i = 0; i < kPlane; ++i)
    for (std::int64_t c = 0; c < kCifarChannels; ++c) pixels[i * kCifarChannels + c] = planes[c * kPlane + i];
}

CifarRecords make_records(std::int64_t n) {
  return {.images = Tensor({n, kCifarSide, kCifarSide, kCifarChannels}, DType::uint8),
          .labels = Tensor({n}, DType::int32)};
}

/// Fills the rows of `records` from `row` on, a few at a time, so that a training set is in memory only once.
void fill(CifarRecords& records, std::int64_t row, const Source& source, const CifarFormat& format) {
  constexpr std::int64_t kAtOnce = 64;
  const std::int64_t count = count_records(source, format), size = record_bytes(format);
  const std::int64_t labels = label_bytes(format);
  Bytes buffer(static_cast<std::size_t>(std::min(count, kAtOnce) * size));
  for (std::int64_t begin = 0; begin < count; begin += kAtOnce) {
    const std::int64_t end = std::min(count, begin + kAtOnce);
    source.read(static_cast<std::uint64_t>(begin * size),
                std::span(buffer).first(static_cast<std::size_t>((end - begin) * size)));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::byte* record = buffer.data() + (i - begin) * size;
      if (labels > 1) check_label(record[0], format.coarse_classes, source, i);
      const std::byte label = record[labels - 1];
      check_label(label, format.classes, source, i);
      records.labels.as<std::int32_t>()[static_cast<std::size_t>(row + i)] = std::to_integer<std::int32_t>(label);
      interleave(record + labels, records.images.data() + (row + i) * kPixelBytes);
    }
  }
}

}  // namespace

CifarRecords read_cifar(std::span<const std::filesystem::path> files, const CifarFormat& format) {
  std::vector<Source> sources;
  std::int64_t total = 0;
  for (const auto& file : files) total += count_records(sources.emplace_back(file), format);
  CifarRecords records = make_records(total);
  std::int64_t row = 0;
  for (const Source& source : sources) {
    fill(records, row, source, format);
    row += count_records(source, format);
  }
  return records;
}

CifarRecords decode_cifar(BytesView bytes, const CifarFormat& format, const std::string& name) {
  const Source source(bytes, name);
  CifarRecords records = make_records(count_records(source, format));
  fill(records, 0, source, format);
  return records;
}

}  // namespace evenkeel::formats
