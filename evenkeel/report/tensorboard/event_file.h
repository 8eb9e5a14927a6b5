#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "evenkeel/formats/tfrecord.h"
#include "evenkeel/kernels/probe/histogram.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// What TensorBoard shows under one tag, at one step. A tag's part before the first '/' is the group it stands in.
struct EventValue {
  struct Buckets {
    double min = 0, max = 0, count = 0, sum = 0, sum_of_squares = 0;
    std::vector<double> limits;  ///< right edges; the first bucket begins at min
    std::vector<double> counts;
  };
  struct Image {
    std::int64_t height = 0, width = 0, channels = 0;
    formats::Bytes png;
  };
  struct Text {
    std::string markdown;
  };

  std::string tag;
  std::variant<double, Buckets, Image, Text> value;
};

/// A histogram's bins that count something, and one empty bucket for each gap between them.
EventValue::Buckets buckets_of(const kernels::Histogram& histogram);
/// Of uint8 [height, width, channels].
EventValue::Image image_of(TensorView pixels);

/// Writes a new file of TensorFlow's events, `events.out.tfevents.<seconds>.<host>.<process>.<n>`, which TensorBoard
/// finds in a run's folder while it grows.
class EventFile {
 public:
  /// Makes the folder where it does not exist. Tells TensorBoard to forget what it has seen of `step` and later ones.
  /// Throws Error where the file cannot be written.
  EventFile(const std::filesystem::path& folder, std::uint64_t step);

  /// Appends the values under this step, all with the present time. Throws Error (full disk); what was there before
  /// stays whole.
  void write(std::uint64_t step, const std::vector<EventValue>& values);

 private:
  formats::RecordWriter records_;
};

/// Removes the events of `step` and later ones from the event files in a folder, so that a run resumed there writes
/// none twice. A last record that is cut short (its writer was killed) goes as well; a file left without values is
/// removed. Each file is replaced as a whole or not at all. Throws Error where one is damaged otherwise.
void drop_events_from(const std::filesystem::path& folder, std::uint64_t step);

}  // namespace evenkeel
