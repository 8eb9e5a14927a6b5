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

/// Whether they are bit for bit their initial values, 0 and 1.
bool is_initial(const LayerStatistics& statistics);

/// A vector of that type.
Tensor as_tensor(const std::vector<double>& values, DType dtype);

/// The moving statistics that a network has now, by normalization.
std::vector<LayerStatistics> moving_statistics(const Network& network);
/// Puts others in their place, rounded to the network's precision. Throws Error where a layer has none or sizes differ.
void set_moving_statistics(Network& network, const std::vector<LayerStatistics>& statistics);

/// Puts a network's moving statistics, bit by bit as they were when it was made, back at its end.
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
