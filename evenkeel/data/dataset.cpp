#include "evenkeel/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/data/class_names.h"
#include "evenkeel/data/fingerprint.h"
#include "evenkeel/formats/deflate.h"

namespace evenkeel {
namespace {

std::int64_t size_of(const Dataset::Parts& parts) { return parts.source ? parts.source->size() : parts.x.shape()[0]; }

/// Samples in memory.
class MemoryReader final : public SampleSource::Reader {
 public:
  explicit MemoryReader(TensorView x) : x_(x), shape_(x.shape.without_first()) {}
  TensorView read(std::int64_t sample) override { return x_.rows(sample, sample + 1).reshaped(shape_); }

 private:
  TensorView x_;
  Shape shape_;
};

/// A range of streamed ones.
class RangeReader final : public SampleSource::Reader {
 public:
  RangeReader(const SampleSource& source, std::int64_t begin) : reader_(source.reader()), begin_(begin) {}
  TensorView read(std::int64_t sample) override { return reader_->read(begin_ + sample); }

 private:
  std::unique_ptr<SampleSource::Reader> reader_;
  std::int64_t begin_;
};

bool is_empty(const Tensor& tensor) { return tensor.shape().size() == 0; }

void check_finite(const Dataset::Parts& parts, const Tensor& tensor, const char* what) {
  if (tensor.dtype() != DType::float32) return;
  const auto values = tensor.as<float>();
  const auto bad = std::find_if_not(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  if (bad == values.end()) return;
  const std::int64_t position = bad - values.begin();
  throw Error{{.where = parts.name,
               .expected = fmt::format("finite numbers in {}", what),
               .received = fmt::format("{} in sample {}", Number{*bad}, position / tensor.shape().row_size()),
               .hint = "Remove the sample or fill the gap in it."}};
}

void check_samples(const Dataset::Parts& parts, const Tensor& samples) {
  const Shape& shape = samples.shape();
  if (shape.rank() < 2)
    throw Error{{.where = parts.name, .expected = "samples [N, ...]", .received = to_string(shape)}};
  if (shape.size() == 0)
    throw Error{{.where = parts.name, .expected = "at least one sample", .received = to_string(shape)}};
  if (samples.dtype() != DType::uint8 && samples.dtype() != DType::float32)
    throw Error{{.where = parts.name,
                 .expected = "samples of uint8 or float32",
                 .received = std::string(name_of(samples.dtype()))}};
}

/// Of a model with several inputs.
void check_more_inputs(const Dataset::Parts& parts) {
  const std::size_t inputs = 1 + parts.more.size();
  if (parts.input_names.size() != inputs && !(inputs == 1 && parts.input_names.empty()))
    throw Error{{.where = parts.name,
                 .expected = fmt::format("names of {} inputs", inputs),
                 .received = std::to_string(parts.input_names.size())}};
  for (std::size_t i = 1; i < inputs; ++i) {
    const Tensor& samples = parts.more[i - 1];
    check_samples(parts, samples);
    if (samples.shape()[0] != size_of(parts))
      throw Error{{.where = parts.name,
                   .expected = fmt::format("as many samples of {} as of {} ({})", parts.input_names[i],
                                           parts.input_names[0], size_of(parts)),
                   .received = std::to_string(samples.shape()[0])}};
    check_finite(parts, samples, parts.input_names[i].c_str());
  }
}

/// Without class names the largest label decides how many classes there are, and so how much memory they need.
constexpr std::int64_t kMostUnnamedClasses = std::int64_t{1} << 20;

/// The number of classes.
std::int64_t check_labels(const Dataset::Parts& parts) {
  const auto labels = parts.y.as<std::int32_t>();
  const auto [least, most] = std::minmax_element(labels.begin(), labels.end());
  const std::int64_t named = std::ssize(parts.class_names);
  const std::int64_t classes = named > 0 ? named : std::min(std::int64_t{*most} + 1, kMostUnnamedClasses);
  const auto wrong = *least < 0 ? least : most;
  if (*least < 0 || *most >= classes)
    throw Error{{.where = parts.name,
                 .expected = fmt::format("labels from 0 to {}", (named > 0 ? named : kMostUnnamedClasses) - 1),
                 .received = fmt::format("{} in sample {}", *wrong, wrong - labels.begin()),
                 .hint = named > 0 ? "" : "Number the classes 0, 1, 2, ..."}};
  return classes;
}

/// The number of classes or target columns.
std::int64_t check_targets(const Dataset::Parts& parts) {
  if (is_empty(parts.y)) return 0;
  const Shape& shape = parts.y.shape();
  const bool labels = parts.y.dtype() == DType::int32 && shape.rank() == 1;
  const bool targets = parts.y.dtype() == DType::float32 && shape.rank() == 2;
  if (!labels && !targets)
    throw Error{{.where = parts.name,
                 .expected = "int32 labels [N] or float32 targets [N, K]",
                 .received = fmt::format("{} {}", name_of(parts.y.dtype()), to_string(shape))}};
  if (shape[0] != size_of(parts))
    throw Error{{.where = parts.name,
                 .expected = fmt::format("as many {} as samples ({})", labels ? "labels" : "targets", size_of(parts)),
                 .received = std::to_string(shape[0])}};
  return labels ? check_labels(parts) : shape[1];
}

}  // namespace

SampleRange resolved_range(const std::string& name, std::int64_t size, std::int64_t begin, std::int64_t end) {
  const std::int64_t first = begin < 0 ? begin + size : begin;
  const std::int64_t last = end < 0 ? end + size : end;
  if (first < 0 || last > size || first >= last)
    throw Error{{.where = name,
                 .expected = fmt::format("a range of at least one of the samples 0 to {}", size - 1),
                 .received = fmt::format("[{}:{}]", begin, end)}};
  return {first, last};
}

std::string ranged_name(const std::string& name, SampleRange range, std::int64_t size) {
  if (range.begin == 0 && range.end == size) return name;
  return fmt::format("{}[{}:{}]", name, range.begin > 0 ? std::to_string(range.begin) : "",
                     range.end < size ? std::to_string(range.end) : "");
}

Dataset::Dataset(Parts parts) {
  parts.name = printable(parts.name);
  parts.class_names = checked_class_names(parts.class_names, parts.name);
  if (!parts.source) check_samples(parts, parts.x);
  if (parts.source && parts.source->size() < 1)
    throw Error{{.where = parts.name, .expected = "at least one sample", .received = "none"}};
  check_more_inputs(parts);
  classes_ = check_targets(parts);
  check_finite(parts, parts.x, "x");
  check_finite(parts, parts.y, "y");
  name_ = parts.name;
  end_ = size_of(parts);
  parts_ = std::make_shared<const Parts>(std::move(parts));
}

const Dataset::Parts& Dataset::parts() const {
  static const Parts none;
  return parts_ ? *parts_ : none;
}

Shape Dataset::sample_shape() const {
  return parts().source ? parts().source->shape() : parts().x.shape().without_first();
}

DType Dataset::sample_dtype() const { return parts().source ? parts().source->dtype() : parts().x.dtype(); }

bool Dataset::is_streamed() const { return parts().source != nullptr; }

TensorView Dataset::x() const {
  if (is_streamed())
    throw Error{{.kind = Error::unsupported,
                 .where = "data \"" + name_ + '"',
                 .expected = "samples in memory",
                 .received = "a stream",
                 .hint = "Without --stream they are read into memory."}};
  return parts().x.view().rows(begin_, end_);
}

std::unique_ptr<SampleSource::Reader> Dataset::reader() const {
  if (is_streamed()) return std::make_unique<RangeReader>(*parts().source, begin_);
  return std::make_unique<MemoryReader>(x());
}

Tensor Dataset::gathered_x(std::span<const std::uint32_t> rows) const {
  Tensor x(sample_shape().batched(std::ssize(rows)), sample_dtype());
  const Threads threads = is_streamed() ? Threads::bound() : Threads(1);
  threads.parallel(std::ssize(rows), 1, [&](std::int64_t begin, std::int64_t end, int) {
    const auto from = reader();
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const TensorView sample = from->read(rows[i]);
      std::copy_n(sample.data, sample.bytes(), x.data() + i * sample.bytes());
    }
  });
  return x;
}

void Dataset::expect(std::span<const std::int64_t> samples) const {
  if (!is_streamed()) return;
  std::vector<std::int64_t> in_source(samples.begin(), samples.end());
  for (std::int64_t& sample : in_source) sample += begin_;
  parts().source->expect(in_source);
}

std::string Dataset::place_of(std::int64_t sample) const {
  return is_streamed() ? parts().source->place_of(begin_ + sample) : std::string();
}

SampleSource::Budget Dataset::budget() const {
  return is_streamed() ? parts().source->budget() : SampleSource::Budget{};
}

ReadingOrder Dataset::reading_order() const {
  if (!is_streamed()) return {};
  ReadingOrder all = parts().source->order(), own{.window = all.window};
  for (const std::int64_t end : all.shard_ends) {
    if (end > begin_) own.shard_ends.push_back(std::min(end, end_) - begin_);
    if (end >= end_) break;
  }
  return own;
}

std::size_t Dataset::inputs() const { return 1 + parts().more.size(); }

TensorView Dataset::input(std::size_t i) const {
  return i == 0 ? x() : parts().more.at(i - 1).view().rows(begin_, end_);
}

Shape Dataset::sample_shape_of(std::size_t input) const {
  return input == 0 ? sample_shape() : parts().more.at(input - 1).shape().without_first();
}

const std::vector<std::string>& Dataset::input_names() const { return parts().input_names; }

TensorView Dataset::y() const {
  if (relabelled_) return relabelled_->y.view().rows(begin_ - relabelled_->first, end_ - relabelled_->first);
  return has_targets() ? parts().y.view().rows(begin_, end_) : parts().y.view();
}

bool Dataset::has_targets() const { return !is_empty(parts().y); }

bool Dataset::has_labels() const { return has_targets() && parts().y.dtype() == DType::int32; }

std::int64_t Dataset::classes() const { return classes_; }

const std::vector<std::string>& Dataset::class_names() const {
  return relabelled_ ? relabelled_->class_names : parts().class_names;
}

bool Dataset::has_sample_names() const { return is_streamed() || !parts().sample_names.empty(); }

std::string Dataset::sample_name(std::int64_t i) const {
  if (is_streamed()) return parts().source->name_of(begin_ + i);
  return parts().sample_names.at(static_cast<std::size_t>(begin_ + i));
}

std::shared_ptr<const ReadingReport> Dataset::reading() const { return parts().reading; }

Dataset Dataset::range(std::int64_t begin, std::int64_t end) const {
  const SampleRange range = resolved_range(name_, size(), begin, end);
  Dataset part = *this;
  part.begin_ = begin_ + range.begin;
  part.end_ = begin_ + range.end;
  part.name_ = ranged_name(parts().name, {part.begin_, part.end_}, size_of(parts()));
  return part;
}

Dataset Dataset::relabelled(const std::vector<std::int32_t>& to, std::vector<std::string> class_names) const {
  const auto labels = y().as<std::int32_t>();
  Tensor mapped({size()}, DType::int32);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    if (label >= to.size() || to[label] < 0 || to[label] >= std::ssize(class_names))
      throw Error{{.where = name_,
                   .expected = fmt::format("labels of {} classes", class_names.size()),
                   .received = fmt::format("label {} in sample {}", label, i)}};
    mapped.as<std::int32_t>()[i] = to[label];
  }
  Dataset result = *this;
  result.classes_ = std::ssize(class_names);
  result.relabelled_ =
      std::make_shared<const Relabelled>(Relabelled{std::move(mapped), std::move(class_names), begin_});
  return result;
}

Dataset Dataset::with_x(Tensor x) const {
  Parts changed{.name = name_, .x = std::move(x), .y = {}, .class_names = class_names()};
  changed.input_names = input_names();
  for (std::size_t i = 1; i < inputs(); ++i) changed.more.push_back(Tensor::copy_of(input(i)));
  if (has_targets()) changed.y = Tensor::copy_of(y());
  return Dataset(std::move(changed));
}

std::string Dataset::fingerprint() const {
  std::string text;
  if (is_streamed()) {
    text = fmt::format("{} {} {}", parts().source->fingerprint(), begin_, end_);
    return fmt::format("{:08x}",
                       formats::crc32({y().data, y().bytes()}, formats::crc32(std::as_bytes(std::span(text)))));
  }
  for (std::size_t i = 0; i < inputs(); ++i) {
    RunningFingerprint running;
    running.add(input(i));
    text += running.text(input(i).shape, input(i).dtype, i == 0 ? y() : Tensor().view());
  }
  return inputs() == 1 ? text : fmt::format("{:08x}", formats::crc32(std::as_bytes(std::span(text))));
}

}  // namespace evenkeel
