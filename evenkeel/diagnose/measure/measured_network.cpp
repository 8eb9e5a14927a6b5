#include "evenkeel/diagnose/measure/measured_network.h"

#include "evenkeel/nn/initializer_range.h"

namespace evenkeel {

std::optional<InitialRange> range_of(const WeightInfo& weight) {
  const std::optional<double> bound = largest_drawn(weight.initializer, weight.shape);
  if (!bound) return {};
  return InitialRange{*bound, weight.initializer.kind != Initializer::Kind::glorot_uniform};
}

std::vector<LayerStatistics> moving_statistics(const MeasuredNetwork& network) {
  const auto values = [&](const std::string& tensor) {
    const Tensor in_double = converted(network.weight(tensor), DType::float64);
    return std::vector<double>(in_double.as<double>().begin(), in_double.as<double>().end());
  };
  std::vector<LayerStatistics> all;
  for (const Normalization& n : normalizations(network.model()))
    all.push_back({n.name, values(n.mean), values(n.variance)});
  return all;
}

std::vector<StatisticsGap> statistics_gap(MeasuredNetwork& network, const Dataset& data,
                                          const ReestimateOptions& options) {
  const Reestimated measured = network.statistics(data, options);
  const std::vector<Normalization> layers = normalizations(network.model());
  std::vector<StatisticsGap> gaps;
  for (std::size_t i = 0; i < layers.size(); ++i)
    gaps.push_back(gap_between(measured.before[i], measured.after[i], layers[i].epsilon, data.size()));
  return gaps;
}

}  // namespace evenkeel
