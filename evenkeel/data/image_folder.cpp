#include "evenkeel/data/image_folder.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// Samples in memory, with room for one of each file.
struct SamplesInMemory {
  Tensor x = {};
  std::vector<std::int32_t> labels = {};
  std::vector<std::string> names = {};

  void add(const ImageFiles& files, const ImageFiles::File& file, TensorView sample) {
    std::copy_n(sample.data, sample.bytes(), x.data() + labels.size() * sample.bytes());
    labels.push_back(file.label);
    names.push_back(files.name_of(file));
  }
};

}  // namespace

Dataset load_images(const ImageFiles& files, const ImageOptions& options) {
  SamplesInMemory samples;
  const ImageSink sink{
      .begin =
          [&](const SampleKind& kind) {
            samples = {.x = Tensor(kind.shape.batched(std::ssize(files.files)), kind.dtype)};
          },
      .take = [&](const ImageFiles::File& file, TensorView sample) { samples.add(files, file, sample); }};
  auto report = std::make_shared<const ReadingReport>(read_images(files, options, sink));
  check_reading(files.title, options, *report);
  const std::int64_t n = std::ssize(samples.labels);
  if (n < std::ssize(files.files)) samples.x = Tensor::copy_of(samples.x.view().rows(0, n));
  return Dataset({.name = printable(files.title),
                  .x = std::move(samples.x),
                  .y = files.labelled ? Tensor::of<std::int32_t>({n}, samples.labels) : Tensor(),
                  .class_names = files.class_names,
                  .sample_names = std::move(samples.names),
                  .reading = std::move(report)});
}

Dataset load_image_folder(const std::filesystem::path& folder, const ImageOptions& options) {
  return load_images(list_image_folder(folder, options.flat), options);
}

Dataset load_images(const std::vector<std::filesystem::path>& files, const ImageOptions& options) {
  return load_images(list_images(files), options);
}

}  // namespace evenkeel
