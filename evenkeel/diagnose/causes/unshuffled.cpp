#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

/// The part of the targets' variance that is between batches: 1 / batch size in random order, nearly all in sorted
/// data.
constexpr double kSorted = 0.5;
constexpr std::int64_t kLeastInARow = 32, kLeastRows = 4;  ///< smaller batches are joined to rows of so many samples

/// The targets of a sample: numbers, or one-hot for its class.
class TargetRows {
 public:
  explicit TargetRows(const Dataset& data) : data_(data) {}
  std::int64_t columns() const { return data_.has_labels() ? data_.classes() : data_.y().shape.back(); }
  double at(std::int64_t sample, std::int64_t column) const {
    const auto i = static_cast<std::size_t>(sample);
    if (data_.has_labels()) return data_.y().as<std::int32_t>()[i] == column ? 1 : 0;
    return double{data_.y().as<float>()[i * static_cast<std::size_t>(columns()) + static_cast<std::size_t>(column)]};
  }

 private:
  const Dataset& data_;
};

/// The part of the targets' variance that is between rows of so many samples, in the order of the data.
double share_between(const Dataset& data, std::int64_t in_a_row) {
  const TargetRows targets(data);
  const std::int64_t rows = data.size() / in_a_row;
  double between = 0, total = 0;
  for (std::int64_t column = 0; column < targets.columns(); ++column) {
    double sum = 0, squares = 0, squares_of_means = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      double of_row = 0;
      for (std::int64_t i = row * in_a_row; i < (row + 1) * in_a_row; ++i) {
        const double t = targets.at(i, column);
        of_row += t;
        squares += t * t;
      }
      sum += of_row;
      squares_of_means += of_row * of_row / static_cast<double>(in_a_row);
    }
    const double mean_squared = sum * sum / static_cast<double>(rows * in_a_row);
    between += squares_of_means - mean_squared;
    total += squares - mean_squared;
  }
  return total > 0 ? between / total : 0;
}

class Unshuffled final : public Rule {
 public:
  std::string_view checks() const override { return "sorted training data that training did not shuffle"; }
  std::vector<Need> needs() const override { return {Need::shuffle_record, Need::train_data, Need::batch_size}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const Dataset& data = evidence.whole_train_data();
    const std::int64_t batch = *evidence.records().batch_size, in_a_row = std::max(batch, kLeastInARow);
    if (*evidence.records().shuffled || data.size() < kLeastRows * in_a_row) return;
    const double share = share_between(data, in_a_row);
    if (share < kSorted) return;
    Finding f{.code = "unshuffled",
              .severity = Severity::warning,
              .cause = "training took \"" + data.name() + "\" in its order, and that is sorted: in " +
                       std::to_string(in_a_row) +
                       " samples in a row nearly all targets are alike, so each step undoes "
                       "what other classes taught",
              .evidence = {{"part of the targets' variance that lies between batches", share, "",
                            "near " + figure(1 / static_cast<double>(in_a_row), 1)}},
              .certainty = Certainty::sure("from the record of the run and the order of its data")};
    // The scores after another order are not known, but it is known that the network guesses.
    if (evidence.train_training().mean_loss().value >= kLikeGuessing * evidence.chance_loss())
      f.severity = Severity::error;
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> unshuffled() { return std::make_unique<Unshuffled>(); }

}  // namespace evenkeel
