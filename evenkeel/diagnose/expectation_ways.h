#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// One thing that another program may have done otherwise with the same weights and data.
struct OtherWay {
  std::string name;    ///< "channels-reversed"; the same for the same change
  std::string family;  ///< "channels": two of a family exclude each other
  std::string says;    ///< "their data are divided by 255": a clause
  InputCorrection input = {};
  std::function<void(Draft&)> change = {};  ///< of model and weights
  std::int64_t batch_size = 0;              ///< of batch statistics; 0: moving ones
};

/// All that is thought of, the simpler first: preparations of the samples (input_hypotheses), layouts of the weights
/// (weight_layouts), epsilon of all normalizations, padding of strided windows, and, where the model has statistics of
/// batches, those of batches of these sizes and of usual ones up to 512 and all samples.
std::vector<OtherWay> other_ways(Network& network, const InputSummary& data, std::int64_t samples,
                                 const std::vector<std::int64_t>& batch_sizes);

/// The epsilons that frameworks and exporters use.
const std::vector<double>& usual_epsilons();
/// The layers whose traits have an epsilon.
std::vector<int> layers_with_epsilon(const Model& model);

}  // namespace evenkeel
