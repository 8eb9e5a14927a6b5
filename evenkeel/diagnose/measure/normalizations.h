#pragma once

#include <string>
#include <vector>

#include "evenkeel/nn/compile.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// A layer that keeps moving statistics: BatchNormalization, BatchNormalizationFromParts or BatchRenormalization.
struct Normalization {
  int layer = 0;     ///< index in the description
  std::string name;  ///< the layer's
  double epsilon = 0, momentum = 0;
  bool unbiased = false;  ///< its moving variance is that of n/(n-1)
  /// Below a half, momentum was meant to be the weight of the new value.
  bool has_inverted_momentum() const { return momentum < 0.5; }
};

/// In the order of the description; empty where the model has none.
std::vector<Normalization> normalizations(const Model& model);

/// The name of the value that a layer of one input reads; of a BatchNormalization along another axis than the last, the
/// input with that axis moved to the end, so that statistics of its last axis are the layer's.
std::string input_value(const Model& model, const CompiledModel& compiled, int layer);

/// The statistics of one normalization, per channel.
struct LayerStatistics {
  std::string layer;
  std::vector<double> mean;
  std::vector<double> variance;
  bool operator==(const LayerStatistics&) const = default;
};

/// Whether they are bit for bit as they were drawn: 0 and 1.
bool is_initial(const LayerStatistics& statistics);

/// Whether a tensor is one of the moving statistics of a normalization, by its name.
bool is_statistic(const std::string& tensor);

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
