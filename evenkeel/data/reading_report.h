#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"

namespace evenkeel {

/// What was found while reading image files, by kind. Names are relative to the folder, and UTF-8.
struct ReadingReport {
  using Counts = std::map<std::string, std::int64_t>;
  struct Skipped {
    std::string name;
    std::string reason;  ///< a few words, to be counted: "GIF image", "cut short", "another size"
    Error error;
  };

  std::int64_t files = 0;   ///< all except litter
  std::int64_t read = 0;    ///< files that became samples
  Counts kinds = {};        ///< of the read files, as stored: "RGB", "palette + alpha"
  Counts sizes = {};        ///< "480 x 640": height and width, with the orientation applied
  Counts converted = {};    ///< what was done to the pixels: "gray to RGB", "alpha over white"
  std::int64_t turned = 0;  ///< number turned by their Exif orientation
  std::int64_t resized = 0;
  int bits_in_use = 0;                ///< of all 16-bit images together; 0: there are none
  bool low_bits_unused = false;       ///< the bits in use are the upper ones
  std::vector<Skipped> skipped = {};  ///< files and folders that did not become samples, in their order
  Counts passed_over = {};            ///< litter and files beside the classes
  std::vector<std::string> empty_classes = {};

  /// Whether there is anything to report besides the images that were read.
  bool is_remarkable() const;
  /// How many were skipped for each reason.
  Counts reasons() const;
};

/// "2 GIF image (a.gif, b.gif), 1 cut short (c.jpg)": by reason, the most frequent first, with the first of the names.
std::string text_of_skipped(const ReadingReport& report);
/// For people: a title of at most 11 letters and a text for each item.
std::vector<std::pair<std::string, std::string>> text_of(const ReadingReport& report);

}  // namespace evenkeel
