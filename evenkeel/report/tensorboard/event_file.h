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

/// What TensorBoard shows under one tag, at one step. The part of a tag before the first '/' is its group.
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

/// The bins of a histogram that are not empty, and one empty bucket for each gap between them.
EventValue::Buckets buckets_of(const kernels::Histogram& histogram);
/// An image of uint8 [height, width, channels].
EventValue::Image image_of(TensorView pixels);

/// Writes a new event file in the format of TensorFlow, events.out.tfevents.SECONDS.HOST.PROCESS.N, which TensorBoard
/// finds in a run folder while it grows.
class EventFile {
 public:
  /// Makes the folder if it does not exist. Makes TensorBoard forget the events of `step` and later ones that it has
  /// read. Throws Error if the file cannot be written.
  EventFile(const std::filesystem::path& folder, std::uint64_t step);

  /// Appends the values under this step, all with the present time. Throws Error (full disk); then earlier events stay
  /// valid.
  void write(std::uint64_t step, const std::vector<EventValue>& values);

 private:
  formats::RecordWriter records_;
};

/// Removes the events of `step` and later ones from the event files in a folder, so that a resumed run writes none
/// twice. A last record that is cut short (its writer was killed) is removed as well; so is a file that is left without
/// values. Each file is replaced as a whole or not at all. Throws Error if one is damaged in another way.
void drop_events_from(const std::filesystem::path& folder, std::uint64_t step);

}  // namespace evenkeel
