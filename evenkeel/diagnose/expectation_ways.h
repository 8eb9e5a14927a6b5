#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// Something that another program may have done differently with the same weights and data.
struct OtherWay {
  std::string name;    ///< "channels-reversed"; the same for the same change
  std::string family;  ///< "channels"; two ways of a family exclude each other
  std::string says;    ///< a clause: "their data are divided by 255"
  InputCorrection input = {};
  std::function<const Dataset&()> data = {};  ///< the samples made anew, before other corrections
  std::function<void(Draft&)> change = {};    ///< of model and weights
  std::int64_t batch_size = 0;                ///< for batch statistics; 0: moving statistics
};

/// All ways that are tried, simpler ones first: preparations of the samples (input_hypotheses), layouts of the weights
/// (weight_layouts), epsilon of all normalizations, padding of strided windows, conversion_ways. If the model uses
/// batch statistics, also batches of the given and of usual sizes, up to 512 and all samples.
std::vector<OtherWay> other_ways(Network& network, const InputSummary& data, std::int64_t samples,
                                 const std::vector<std::int64_t>& batch_sizes);

/// The epsilons that frameworks and exporters use.
const std::vector<double>& usual_epsilons();
/// The layers whose traits have an epsilon.
std::vector<int> layers_with_epsilon(const Model& model);

}  // namespace evenkeel
