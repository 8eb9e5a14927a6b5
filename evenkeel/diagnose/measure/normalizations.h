#pragma once

#include <string>
#include <vector>

#include "evenkeel/nn/normalizations.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// The statistics of one normalization, per channel.
struct LayerStatistics {
  std::string layer;
  std::vector<double> mean;
  std::vector<double> variance;
  bool operator==(const LayerStatistics&) const = default;
};

/// Whether they are exactly their initial values, 0 and 1.
bool is_initial(const LayerStatistics& statistics);

/// The values as a vector of that type.
Tensor as_tensor(const std::vector<double>& values, DType dtype);

/// A network's present moving statistics, by normalization.
std::vector<LayerStatistics> moving_statistics(const Network& network);
/// Replaces them, rounded to the network's precision. Throws Error if a layer has none or sizes differ.
void set_moving_statistics(Network& network, const std::vector<LayerStatistics>& statistics);

/// Restores a network's moving statistics exactly at the end of the object's life.
class KeptStatistics {
 public:
  explicit KeptStatistics(Network& network) : network_(network), statistics_(moving_statistics(network)) {}
  ~KeptStatistics() { set_moving_statistics(network_, statistics_); }
  KeptStatistics(const KeptStatistics&) = delete;
  KeptStatistics& operator=(const KeptStatistics&) = delete;

 private:
  Network& network_;
  std::vector<LayerStatistics> statistics_;
};

}  // namespace evenkeel
