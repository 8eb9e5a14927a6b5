#include "evenkeel/diagnose/measure/normalizations.h"

#include <algorithm>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

std::vector<double> in_double(TensorView view) {
  const Tensor values = converted(view, DType::float64);
  return {values.as<double>().begin(), values.as<double>().end()};
}

}  // namespace

bool is_initial(const LayerStatistics& statistics) {
  return std::ranges::all_of(statistics.mean, [](double m) { return m == 0; }) &&
         std::ranges::all_of(statistics.variance, [](double v) { return v == 1; });
}

Tensor as_tensor(const std::vector<double>& values, DType dtype) {
  return converted(Tensor::of<double>({std::ssize(values)}, values), dtype);
}

std::vector<LayerStatistics> moving_statistics(const Network& network) {
  std::vector<LayerStatistics> all;
  for (const Normalization& n : normalizations(network.model()))
    all.push_back({n.name, in_double(network.weight(n.mean)), in_double(network.weight(n.variance))});
  return all;
}

void set_moving_statistics(Network& network, const std::vector<LayerStatistics>& statistics) {
  const DType real = network.options().compute.real;
  const std::vector<Normalization> all = normalizations(network.model());
  for (const LayerStatistics& of : statistics) {
    const auto found = std::ranges::find(all, of.layer, &Normalization::name);
    if (found == all.end())
      throw Error{{.where = "layer \"" + of.layer + '"', .expected = "a normalization", .received = "none"}};
    network.set_weight(found->mean, as_tensor(of.mean, real));
    network.set_weight(found->variance, as_tensor(of.variance, real));
  }
}

}  // namespace evenkeel
