#include "evenkeel/report/tensorboard/event_file.h"

#include <events.pb.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/png.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;
using report::proto::Event;
using report::proto::Summary;

constexpr std::string_view kFilePrefix = "events.out.tfevents.";

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

fs::path new_path(const fs::path& folder) {
  static std::atomic<unsigned> counter = 0;
  char host[256] = "localhost";
  static_cast<void>(gethostname(host, sizeof host - 1));
  const auto seconds = static_cast<std::int64_t>(seconds_now());
  return folder / fmt::format("{}{:010}.{}.{}.{}", kFilePrefix, seconds, host, getpid(), counter++);
}

fs::path made(const fs::path& folder) {
  formats::make_folder(folder);
  return folder;
}

void set(Summary::Value& to, double value) { to.set_simple_value(static_cast<float>(value)); }

void set(Summary::Value& to, const EventValue::Buckets& buckets) {
  auto& histogram = *to.mutable_histo();
  histogram.set_min(buckets.min);
  histogram.set_max(buckets.max);
  histogram.set_num(buckets.count);
  histogram.set_sum(buckets.sum);
  histogram.set_sum_squares(buckets.sum_of_squares);
  histogram.mutable_bucket_limit()->Add(buckets.limits.begin(), buckets.limits.end());
  histogram.mutable_bucket()->Add(buckets.counts.begin(), buckets.counts.end());
}

void set(Summary::Value& to, const EventValue::Image& image) {
  to.mutable_image()->set_height(static_cast<std::int32_t>(image.height));
  to.mutable_image()->set_width(static_cast<std::int32_t>(image.width));
  to.mutable_image()->set_colorspace(static_cast<std::int32_t>(image.channels));
  to.mutable_image()->set_encoded_image_string(image.png.data(), image.png.size());
}

void set(Summary::Value& to, const EventValue::Text& text) {
  constexpr std::int32_t kString = 7;
  to.mutable_metadata()->mutable_plugin_data()->set_plugin_name("text");
  to.mutable_tensor()->set_dtype(kString);
  to.mutable_tensor()->mutable_tensor_shape();
  to.mutable_tensor()->add_string_val(text.markdown);
}

void append_event(formats::Bytes& records, const Event& event) {
  const std::string bytes = event.SerializeAsString();
  formats::append_record(records, formats::view_of(bytes));
}

Event event_at(std::uint64_t step) {
  Event event;
  event.set_wall_time(seconds_now());
  event.set_step(static_cast<std::int64_t>(step));
  return event;
}

/// The part of an event file that is kept.
struct Remainder {
  formats::Bytes records;
  bool is_whole = true;  ///< nothing was dropped
  bool has_values = false;
};

Remainder without_events_from(const fs::path& path, std::uint64_t step) {
  const formats::Source source(path);
  formats::RecordReader reader(source, formats::RecordReader::Cut::end_of_file);
  Remainder left;
  while (const auto record = reader.next()) {
    Event event;
    if (!event.ParseFromArray(record->data(), static_cast<int>(record->size())))
      throw Error{{.where = path.string(),
                   .expected = "events of TensorFlow",
                   .received = fmt::format("another record before byte {}", reader.offset())}};
    if (!event.has_file_version() && event.step() >= static_cast<std::int64_t>(step)) continue;
    left.has_values |= event.has_summary();
    formats::append_record(left.records, *record);
  }
  left.is_whole = left.records.size() == source.size();
  return left;
}

}  // namespace

EventValue::Buckets buckets_of(const kernels::Histogram& histogram) {
  EventValue::Buckets buckets{.min = histogram.min,
                              .max = histogram.max,
                              .count = static_cast<double>(histogram.finite),
                              .sum = histogram.sum,
                              .sum_of_squares = histogram.sum_of_squares,
                              .limits = {},
                              .counts = {}};
  for (int i = 0; i < kernels::Histogram::kBins; ++i) {
    const std::int64_t count = histogram.counts[static_cast<std::size_t>(i)];
    if (count == 0) continue;
    const double left = kernels::Histogram::edge(i);
    if (!buckets.limits.empty() && buckets.limits.back() != left) {
      buckets.limits.push_back(left);
      buckets.counts.push_back(0);
    }
    buckets.limits.push_back(kernels::Histogram::edge(i + 1));
    buckets.counts.push_back(static_cast<double>(count));
  }
  return buckets;
}

EventValue::Image image_of(TensorView pixels) {
  return {.height = pixels.shape[0],
          .width = pixels.shape[1],
          .channels = pixels.shape[2],
          .png = formats::encode_png(pixels)};
}

EventFile::EventFile(const fs::path& folder, std::uint64_t step) : records_(new_path(made(folder))) {
  formats::Bytes records;
  Event version = event_at(0);
  version.set_file_version("brain.Event:2");
  append_event(records, version);
  Event start = event_at(step);
  start.mutable_session_log()->set_status(report::proto::SessionLog::START);
  append_event(records, start);
  records_.write(records);
}

void EventFile::write(std::uint64_t step, const std::vector<EventValue>& values) {
  Event event = event_at(step);
  for (const EventValue& value : values) {
    Summary::Value& to = *event.mutable_summary()->add_value();
    to.set_tag(value.tag);
    std::visit([&](const auto& v) { set(to, v); }, value.value);
  }
  formats::Bytes records;
  append_event(records, event);
  records_.write(records);
}

void drop_events_from(const fs::path& folder, std::uint64_t step) try {
  if (!fs::is_directory(folder)) return;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with(kFilePrefix)) files.push_back(entry.path());
  for (const fs::path& file : files) {
    const Remainder left = without_events_from(file, step);
    if (!left.has_values)
      fs::remove(file);
    else if (!left.is_whole)
      formats::write_file_atomically(file, left.records);
  }
} catch (const fs::filesystem_error& error) {
  throw Error{{.kind = kind_of_failure(error.code()),
               .where = folder.string(),
               .expected = "event files that can be continued",
               .received = error.code().message()}};
}

}  // namespace evenkeel
