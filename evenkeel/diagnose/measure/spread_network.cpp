#include "evenkeel/diagnose/measure/spread_network.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/spread_moments.h"
#include "evenkeel/distributed/batch_part.h"
#include "evenkeel/distributed/messages.h"

namespace evenkeel {
namespace {

/// The whole batches that this process measures.
struct Share {
  Share(const Dataset& data, std::int64_t at_once, const Communicator& among)
      : batch_size(std::min(at_once, data.size())),
        part(part_of(data.size(), among.rank(), among.size(), batch_size)),
        // One without a batch measures the first one, which shows it the sizes of what it takes part in.
        samples(part.size > 0 ? data.range(part.first, part.first + part.size) : data.range(0, batch_size)) {}

  std::int64_t batch_size;
  BatchPart part;
  Dataset samples;

  bool counts() const { return part.size > 0; }
  /// As a number of values, of which each sample has as many.
  double count() const { return static_cast<double>(part.size); }
};

/// Says after each batch what all have measured until then, if they are equally fast.
std::function<void(std::int64_t)> for_all(const std::function<void(std::int64_t)>& after_batch, const Share& own) {
  if (!after_batch) return {};
  return [after_batch, of = own.samples.size(), total = own.part.total, done = std::int64_t{0},
          told = std::int64_t{0}](std::int64_t samples) mutable {
    done += samples;
    const std::int64_t now = total * done / of;
    after_batch(now - told);
    told = now;
  };
}

/// The rows of all processes, from each one's own.
template <class T>
std::vector<T> joined(Communicator& among, const std::vector<T>& own, const Share& share) {
  const std::int64_t each = std::ssize(own) / share.samples.size();
  std::vector<T> all(static_cast<std::size_t>(share.part.total * each));
  if (share.counts()) std::ranges::copy(own, all.begin() + share.part.first * each);
  among.sum(std::span<T>(all));  // of one number and zeros: exact
  return all;
}

LiveMoments moments_of(const Share& own, std::vector<double> mean, std::vector<double> variance) {
  for (double& v : variance) v *= own.count();
  return {.count = own.count(), .mean = std::move(mean), .m2 = std::move(variance)};
}

std::vector<double> variance_of(LiveMoments moments) {
  for (double& m2 : moments.m2) m2 /= moments.count;
  return std::move(moments.m2);
}

/// The least of all processes, channel by channel. NaN is less than any number.
std::vector<double> least(Communicator& among, std::vector<double> own, const Share& share) {
  if (!share.counts()) std::ranges::fill(own, INFINITY);
  const std::vector<double> all = numbers_of_all(among, own);
  std::ranges::fill(own, INFINITY);
  for (std::size_t i = 0; i < all.size(); ++i) {
    double& smallest = own[i % own.size()];
    if (!(all[i] >= smallest) && !std::isnan(smallest)) smallest = all[i];
  }
  return own;
}

std::vector<double> negative(std::vector<double> values) {
  for (double& v : values) v = -v;
  return values;
}

}  // namespace

SampleScores SpreadNetwork::divided(
    const Dataset& data, const Pass& pass, std::vector<float>* outputs,
    const std::function<SampleScores(const Dataset&, const Pass&, std::vector<float>*)>& score) {
  const Share own(data, pass.batch_size, among_);
  Pass part = pass;
  part.step += static_cast<std::uint64_t>(own.part.first / own.batch_size);
  part.after_batch = for_all(pass.after_batch, own);
  SampleScores scores = score(own.samples, part, outputs);
  scores.loss = joined(among_, scores.loss, own);
  scores.correct = joined(among_, scores.correct, own);
  if (outputs) *outputs = joined(among_, *outputs, own);
  return scores;
}

SampleScores SpreadNetwork::score(const Dataset& data, const Pass& pass, std::vector<float>* outputs) {
  return divided(data, pass, outputs, [&](const Dataset& samples, const Pass& part, std::vector<float>* own) {
    return network_.score(samples, part, own);
  });
}

SampleScores SpreadNetwork::score_with(const NamedTensors& weights, const Dataset& data, const Pass& pass) {
  return divided(data, pass, nullptr, [&](const Dataset& samples, const Pass& part, std::vector<float>*) {
    return network_.score_with(weights, samples, part);
  });
}

Reestimated SpreadNetwork::statistics(const Dataset& data, const ReestimateOptions& options) {
  ReestimateOptions divided = options;
  divided.among = &among_;
  return network_.statistics(data, divided);
}

LayerStatistics SpreadNetwork::input_moments(const Dataset& data, std::size_t normalization, std::int64_t batch_size) {
  const Share own(data, batch_size, among_);
  LayerStatistics found = network_.input_moments(own.samples, normalization, batch_size);
  LiveMoments all = merged(among_, moments_of(own, std::move(found.mean), std::move(found.variance)));
  found.mean = all.mean;
  found.variance = variance_of(std::move(all));
  return found;
}

std::vector<ChannelSignal> SpreadNetwork::channel_signals(const Dataset& data,
                                                          const std::vector<LayerStatistics>& statistics,
                                                          std::int64_t batch_size) {
  const Share own(data, batch_size, among_);
  std::vector<ChannelSignal> signals = network_.channel_signals(own.samples, statistics, batch_size);
  for (ChannelSignal& signal : signals) {
    LiveMoments all = merged(among_, moments_of(own, std::move(signal.mean), std::move(signal.variance)));
    signal.mean = all.mean;
    signal.variance = variance_of(std::move(all));
    signal.smallest = least(among_, std::move(signal.smallest), own);
    signal.largest = negative(least(among_, negative(std::move(signal.largest)), own));
  }
  return signals;
}

std::map<int, std::vector<double>> SpreadNetwork::input_squares(const Dataset& data,
                                                                const std::vector<LayerStatistics>& statistics,
                                                                const std::vector<int>& layers,
                                                                std::int64_t batch_size) {
  const Share own(data, batch_size, among_);
  std::map<int, std::vector<double>> squares = network_.input_squares(own.samples, statistics, layers, batch_size);
  const double share = own.count() / static_cast<double>(data.size());
  for (auto& [layer, means] : squares) {
    for (double& mean : means) mean = own.counts() ? mean * share : 0;
    among_.sum(means);
  }
  return squares;
}

std::vector<GradientNorm> SpreadNetwork::gradient_norms(const Dataset& batch) {
  std::vector<GradientNorm> norms = network_.gradient_norms(batch);
  // Another processor may round otherwise, and what is done next depends on them.
  std::vector<double> values;
  for (const GradientNorm& norm : norms) values.push_back(norm.norm);
  among_.broadcast(std::as_writable_bytes(std::span(values)));
  for (std::size_t i = 0; i < norms.size(); ++i) norms[i].norm = values[i];
  return norms;
}

std::unique_ptr<MeasuredNetwork> SpreadNetwork::as_model(const Model& other) const {
  std::unique_ptr<MeasuredNetwork> network = network_.as_model(other);
  if (!network) return nullptr;
  return std::make_unique<SpreadNetwork>(std::move(network), among_);
}

}  // namespace evenkeel
