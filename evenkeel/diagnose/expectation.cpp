#include "evenkeel/diagnose/expectation.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/assignment.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "evenkeel/train/evaluate.h"

namespace evenkeel {
namespace {

constexpr double kEqual = 1e-4, kExplained = 1e-3;
constexpr double kMaybePrecision = 0.02;    ///< below it, precision or a constant may be all
constexpr std::int64_t kLook = 2048;        ///< samples for what is tried
constexpr std::int64_t kRowsToOrder = 256;  ///< samples that decide which column is which
constexpr double kSameNorm = 1.25;          ///< two norms of noise, at most so many times each other

/// [rows, columns]
struct Matrix {
  std::vector<double> values;
  std::size_t columns = 1;

  std::size_t rows() const { return values.size() / columns; }
  double at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

Matrix matrix_of(TensorView view) {
  const auto from = view.as<float>();
  return {{from.begin(), from.end()}, static_cast<std::size_t>(view.shape.back())};
}

double difference(const Matrix& a, const Matrix& expected) {
  double apart = 0, norm = 0;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    apart += (a.values[i] - expected.values[i]) * (a.values[i] - expected.values[i]);
    norm += expected.values[i] * expected.values[i];
  }
  return std::sqrt(apart / std::max(norm, 1e-30));
}

/// Logits from scores: of a softmax up to a constant in each row, which is taken out.
Matrix unsquashed(Matrix scores, bool sigmoid) {
  for (double& s : scores.values) s = std::log(std::max(s, 1e-30)) - (sigmoid ? std::log(std::max(1 - s, 1e-30)) : 0);
  return scores;
}
Matrix centred(Matrix m) {
  for (std::size_t row = 0; row < m.rows(); ++row) {
    const auto values = std::span(m.values).subspan(row * m.columns, m.columns);
    double mean = 0;
    for (const double v : values) mean += v / static_cast<double>(m.columns);
    for (double& v : values) v -= mean;
  }
  return m;
}

/// The columns of `a` in the order that suits the expected ones best: [0] is the column expected first.
std::vector<std::int64_t> best_order(const Matrix& a, const Matrix& expected) {
  const std::size_t k = a.columns, rows = std::min<std::size_t>(a.rows(), kRowsToOrder);
  std::vector<double> costs(k * k);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < k; ++j) {
        const double apart = expected.at(row, i) - a.at(row, j);
        costs[i * k + j] += apart * apart;
      }
  return cheapest_assignment(costs, static_cast<std::int64_t>(k));
}

Matrix reordered(const Matrix& a, const std::vector<std::int64_t>& order) {
  Matrix result = a;
  for (std::size_t row = 0; row < a.rows(); ++row)
    for (std::size_t i = 0; i < a.columns; ++i)
      result.values[row * a.columns + i] = a.at(row, static_cast<std::size_t>(order[i]));
  return result;
}

std::string order_text(const std::vector<std::int64_t>& order) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), 20); ++i)
    text += (i ? ", " : "") + std::to_string(order[i]);
  return '[' + text + (order.size() > 20 ? ", ...]" : "]");
}

/// What was tried, and how near it comes.
struct Trial {
  std::string says;
  double remaining = 0;
};

class Comparison {
 public:
  Comparison(Network& network, const Dataset& data, const std::vector<std::int64_t>& batch_sizes, Matrix expected)
      : network_(network),
        data_(data),
        look_(data.range(0, std::min(kLook, data.size()))),
        expected_(std::move(expected)),
        sigmoid_(network.options().loss && scores_of(*network.options().loss) == Scores::sigmoid),
        batch_sizes_(batch_sizes) {
    for (const std::int64_t size : {std::int64_t{32}, data.size()})
      if (size <= look_.size()) batch_sizes_.push_back(size);
    std::erase_if(batch_sizes_, [&](std::int64_t size) { return size < 1 || size > look_.size(); });
    std::ranges::sort(batch_sizes_);
    batch_sizes_.erase(std::unique(batch_sizes_.begin(), batch_sizes_.end()), batch_sizes_.end());
  }

  /// What explains the difference, or the nearest of what was tried.
  Trial explain() {
    if (tried("", look_, kEvaluation, kScoredAtOnce)) return best_;
    for (const std::int64_t size : batch_sizes_)
      if (tried("training mode without dropout: batch statistics, " + batches_text(size), look_,
                {.statistics = Statistics::batch, .update_statistics = false, .dropout = false}, size))
        return best_;
    for (const InputHypothesis& hypothesis : input_hypotheses(data_))
      if (tried("their data are " + hypothesis.correction, corrected(look_, hypothesis), kEvaluation, kScoredAtOnce))
        return best_;
    return best_;
  }

  /// Where a difference is as large as dropout makes it.
  std::optional<Trial> explain_by_dropout() {
    if (is_dropouts(kEvaluation, kScoredAtOnce)) return Trial{"likely dropout that was on", best_.remaining};
    for (const std::int64_t size : batch_sizes_)
      if (is_dropouts({.statistics = Statistics::batch, .update_statistics = false, .dropout = false}, size))
        return Trial{"likely training mode: batch statistics, " + batches_text(size) + ", and dropout on",
                     best_.remaining};
    return {};
  }

 private:
  static constexpr LayerMode kEvaluation{
      .statistics = Statistics::moving, .update_statistics = false, .dropout = false};

  static std::string batches_text(std::int64_t size) { return "in batches of " + std::to_string(size); }

  Predictions predicted(const Dataset& data, LayerMode mode, std::int64_t batch_size) {
    const std::vector<LayerMode> modes(static_cast<std::size_t>(network_.model().layers()), mode);
    return predict(network_, data, {.batch_size = batch_size, .layer_modes = modes});
  }

  bool is_dropouts(LayerMode mode, std::int64_t batch_size) {
    const Predictions quiet = predicted(look_, mode, batch_size);
    mode.dropout = true;
    const Predictions noisy = predicted(look_, mode, batch_size);
    for (const Tensor Predictions::*form : {&Predictions::outputs, &Predictions::scores}) {
      const double theirs = difference(matrix_of(quiet.*form), expected_);
      const double ours = difference(matrix_of(quiet.*form), matrix_of(noisy.*form));
      if (ours > kEqual && std::max(theirs / ours, ours / theirs) <= kSameNorm) return true;
    }
    return false;
  }

  /// Tries one way of computing in all forms and orders; true once one of them explains the difference.
  bool tried(const std::string& says, const Dataset& data, LayerMode mode, std::int64_t batch_size) {
    const Predictions ours = predicted(data, mode, batch_size);
    const Matrix outputs = matrix_of(ours.outputs), scores = matrix_of(ours.scores);
    const Matrix logits = unsquashed(scores, sigmoid_);
    const char* squash = sigmoid_ ? "sigmoid" : "softmax";
    return matched(says, outputs, expected_) ||
           matched(and_also(says, "they are scores: " + std::string(squash) + " of the outputs"), scores, expected_) ||
           matched(and_also(says, "they are logits: what goes into the " + std::string(squash)),
                   sigmoid_ ? logits : centred(logits), sigmoid_ ? expected_ : centred(expected_));
  }

  bool matched(const std::string& says, const Matrix& ours, const Matrix& theirs) {
    if (kept(says, difference(ours, theirs))) return true;
    if (ours.columns == 1) return false;
    const std::vector<std::int64_t> order = best_order(ours, theirs);
    return kept(and_also(says, "their outputs come in another order: " + order_text(order) + " of these"),
                difference(reordered(ours, order), theirs));
  }

  bool kept(const std::string& says, double remaining) {
    if (!says.empty() && (best_.says.empty() || remaining < best_.remaining)) best_ = {says, remaining};
    return !says.empty() && remaining <= kExplained;
  }

  static std::string and_also(const std::string& a, const std::string& b) { return a.empty() ? b : a + "; and " + b; }

  Network& network_;
  const Dataset& data_;
  Dataset look_;
  Matrix expected_;
  bool sigmoid_;
  std::vector<std::int64_t> batch_sizes_;
  Trial best_;
};

}  // namespace

Expectation explain_difference(Network& network, const Dataset& data, TensorView expected,
                               const std::vector<std::int64_t>& batch_sizes) {
  network.check(data, false);
  if (expected.shape != Shape{data.size(), network.outputs()})
    throw Error{{.where = "expected outputs",
                 .expected = to_string(Shape{data.size(), network.outputs()}) + ", one row per sample",
                 .received = to_string(expected.shape)}};
  const Matrix all = matrix_of(converted(expected, DType::float32));
  Expectation result{.samples = data.size()};
  result.difference = difference(matrix_of(predict(network, data, {.batch_size = kScoredAtOnce}).outputs), all);
  result.remaining = result.difference;
  result.equal = result.difference <= kEqual;
  if (result.equal) {
    result.explanation = "equal";
    return result;
  }
  const std::int64_t looked = std::min(kLook, data.size());
  Comparison comparison(network, data, batch_sizes, matrix_of(converted(expected.rows(0, looked), DType::float32)));
  Trial found = comparison.explain();
  if (found.remaining <= kExplained) {
    result.explanation = std::move(found.says);
    result.remaining = found.remaining;
  } else if (const auto dropout = comparison.explain_by_dropout()) {
    result.explanation = dropout->says;
  } else if (result.difference <= kMaybePrecision) {
    result.explanation =
        "no mode, preparation or order explains it: so small a difference may come from precision, or another epsilon";
  } else {
    result.explanation = "nothing that was tried explains it; the nearest, with a difference of " +
                         figure(found.remaining) + ": " + found.says;
  }
  return result;
}

}  // namespace evenkeel
