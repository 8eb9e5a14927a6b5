#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"

namespace evenkeel {

/// What a pass over files of images met, by kind. Names are relative to the folder, and UTF-8.
struct ReadingReport {
  using Counts = std::map<std::string, std::int64_t>;
  struct Skipped {
    std::string name;
    std::string reason;  ///< of few words, to be counted: "GIF image", "cut short", "another size"
    Error error;
  };

  std::int64_t files = 0;   ///< those that are no litter
  std::int64_t read = 0;    ///< that became samples
  Counts kinds = {};        ///< of what was read, as stored: "RGB", "palette + alpha"
  Counts sizes = {};        ///< "480 x 640": height and width as seen
  Counts converted = {};    ///< what was done to the pixels: "gray to RGB", "alpha over white"
  std::int64_t turned = 0;  ///< by their Exif orientation
  std::int64_t resized = 0;
  int bits_in_use = 0;                ///< of 16-bit images, all together; 0: there are none
  bool low_bits_unused = false;       ///< the bits in use are the upper ones
  std::vector<Skipped> skipped = {};  ///< files and folders that became no samples, in their order
  Counts passed_over = {};            ///< litter and files beside the classes
  std::vector<std::string> empty_classes = {};

  /// Whether there is more to say than that images were read.
  bool is_remarkable() const;
  /// How many were skipped for each reason.
  Counts reasons() const;
};

/// "2 GIF image (a.gif, b.gif), 1 cut short (c.jpg)": by reason, the most frequent first, with the first of the names.
std::string text_of_skipped(const ReadingReport& report);
/// For people: a title of at most 11 letters and a text for each thing that there is to say.
std::vector<std::pair<std::string, std::string>> text_of(const ReadingReport& report);

}  // namespace evenkeel
