#include "evenkeel/data/description.h"

#include <utility>

#include "evenkeel/base/text.h"
#include "evenkeel/data/fingerprint.h"
#include "evenkeel/data/labels.h"
#include "evenkeel/tensor/statistics.h"

namespace evenkeel {
namespace {

/// What is kept of images after they were read.
struct Gone {
  SampleKind kind = {};
  RunningStatistics values = {};
  RunningFingerprint fingerprint = {};
  std::vector<double> sizes = {};  ///< of samples: the root mean squares of their values
  std::vector<std::int32_t> labels = {};
};

void add_unusual(DatasetDescription& d, std::vector<UnusualSample> unusual) {
  if (!unusual.empty()) d.remarks.push_back(describe(unusual, d.samples) + '.');
  d.unusual = std::move(unusual);
}

Tensor labels_of(const ImageFiles& files, const Gone& gone) {
  return files.labelled ? Tensor::of<std::int32_t>({std::ssize(gone.labels)}, gone.labels) : Tensor();
}

DatasetDescription described(const ImageFiles& files, const Gone& gone, ReadingReport report) {
  DatasetDescription d{
      .name = printable(files.title),
      .samples = std::ssize(gone.labels),
      .channels = gone.kind.shape[2],
      .dtype = gone.kind.dtype,
      .targets = files.labelled ? DatasetDescription::Targets::labels : DatasetDescription::Targets::none,
      .classes = files.classes(),
      .class_names = files.class_names};
  d.statistics = statistics_of(gone.values.result());
  if (files.labelled) d.statistics.per_class = samples_per_class(gone.labels, d.classes);
  if (gone.kind.shape.size() > 0) {
    d.sample_shape = gone.kind.shape;
    d.fingerprint = gone.fingerprint.text(gone.kind.shape.batched(d.samples), gone.kind.dtype, labels_of(files, gone));
  }
  d.reading = std::make_shared<const ReadingReport>(std::move(report));
  add_unusual(d, unusual_samples(gone.sizes, d.dtype == DType::float32));
  return d;
}

}  // namespace

DatasetDescription describe(const Dataset& dataset) {
  using Targets = DatasetDescription::Targets;
  DatasetDescription d{.name = dataset.name(),
                       .samples = dataset.size(),
                       .sample_shape = dataset.sample_shape(),
                       .channels = dataset.sample_shape().back(),
                       .dtype = dataset.sample_dtype(),
                       .targets = dataset.has_labels()    ? Targets::labels
                                  : dataset.has_targets() ? Targets::values
                                                          : Targets::none,
                       .classes = dataset.classes(),
                       .class_names = dataset.class_names(),
                       .statistics = dataset_statistics(dataset),
                       .fingerprint = dataset.fingerprint(),
                       .reading = dataset.reading()};
  add_unusual(d, unusual_samples(dataset));
  if (const std::string mapping = proposed_mapping(dataset); !mapping.empty()) d.remarks.push_back(mapping);
  if (is_sorted_by_class(dataset))
    d.remarks.emplace_back("The samples are sorted by class: a part of them lacks classes.");
  return d;
}

DatasetDescription describe(const ImageFiles& files, const ImageOptions& options) {
  Gone gone;
  const ImageSink sink{.begin = [&](const SampleKind& kind) { gone = {.kind = kind}; },
                       .take =
                           [&](const ImageFiles::File& file, TensorView sample) {
                             // All have one shape, or there is no common shape.
                             const bool is_first = gone.labels.empty();
                             if (is_first) gone.kind.shape = sample.shape;
                             if (sample.shape != gone.kind.shape) gone.kind.shape = {0, 0, sample.shape[2]};
                             gone.values.add(sample);
                             gone.fingerprint.add(sample);
                             gone.sizes.push_back(size_of_sample(sample));
                             gone.labels.push_back(file.label);
                           }};
  ReadingReport report = read_images(files, options, sink, OtherSizes::kept);
  if (report.read == 0) check_reading(files.title, options, report);
  return described(files, gone, std::move(report));
}

}  // namespace evenkeel
