#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/expectation.h"
#include "evenkeel/interchange/record.h"

// What the doctor says of a network, described once. text.h, json.h and page.h lay it out; they decide nothing.

namespace evenkeel {

/// How the user named model and data, for commands that can be pasted.
struct DoctorWords {
  std::string model = {}, weights = {};
  std::string data = {};                          ///< the data of statistics
  std::string validation = {};                    ///< the data of scores; empty: the same
  std::string flags = {};                         ///< other flags that were needed, ready to paste: " --loss mse"
  std::string repaired = "repaired.safetensors";  ///< the file that a repair is to write
  /// Of a network from another program's file.
  std::optional<interchange::Record> record = {};
  bool has_noise = true;       ///< whether the network has layers that are noise in training
  std::string framework = {};  ///< of a live network, which Python asks about: "torch", "keras"
};

struct DoctorDescription {
  /// One of the four cells.
  struct Cell {
    std::string_view key;  ///< "train_data_evaluation"
    std::string name;      ///< "training data, evaluation mode"
    FourCells::Cell scores;
  };
  /// A finding with what is known about its code.
  struct Entry {
    Finding finding;
    std::string_view title;
    Remedy remedy;        ///< the finding's own, or its code's
    std::string command;  ///< that repairs it; empty where nothing does by itself, or it would not help
    std::string promise;  ///< what the command would bring, measured; or why none is given; empty where none is known
    std::string documentation;
    /// The finding's layers as the network's own file names them; empty if it names them as we do.
    std::vector<std::string> foreign = {};
    /// Whether it follows from another finding in the list, and is shown with that.
    bool follows = false;
    std::string layers_text() const;             ///< with their names in the file where those say more
    std::vector<std::string> consequences = {};  ///< "stale-statistics in norm_1 and 2 more", direct or not
  };
  struct NormalizationEntry {
    StatisticsGap gap;
    std::optional<NoiseShift> shift = {};  ///< nothing if no noise reaches it
    std::optional<InputHistogram> histogram = {};
    bool is_distant = false;  ///< among the kMostShown whose statistics are farthest from the data's
    std::string verdict = {};
  };
  static constexpr std::size_t kMostShown = 12;

  std::string answer = {};  ///< one or two sentences
  std::vector<Cell> cells;
  std::string_view gap;
  /// Values that are replaced in the copy that everything but the cells of evaluation is measured on.
  std::int64_t replaced = 0;
  std::string verdict;
  std::vector<Entry> findings;
  Attribution chain;
  std::vector<NormalizationEntry> normalizations = {};
  bool has_noise = false;  ///< whether noise of training comes before any normalization
  std::vector<std::string> notes, checked;
  std::vector<std::pair<std::string, std::string>> unchecked;  ///< what, and why
  std::int64_t samples = 0;
  double passes = 0;
  std::optional<Expectation> expectation = {};
  std::string framework = {};     ///< of a live network: remedies are shown as its code
  std::string file = {};          ///< the file that the network came from; empty for one of ours
  std::vector<std::string> lost;  ///< what that file cannot tell, a sentence each

  /// "evaluation mode", or the same with "copy with 2 values replaced".
  std::string of_copy(const std::string& mode) const;
  /// A remedy's code: the framework's name and the lines; of a live network only its own framework's.
  std::vector<std::pair<std::string_view, std::string>> snippets_of(const Entry& entry) const;
  /// How many normalizations are distant.
  std::size_t shown() const;
  /// The findings that follow from none of the others.
  std::vector<const Entry*> roots() const;
};

DoctorDescription describe(const Diagnosis& diagnosis, const DoctorWords& words,
                           const std::optional<Expectation>& expectation = {});

}  // namespace evenkeel
