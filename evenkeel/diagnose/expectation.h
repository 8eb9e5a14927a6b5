#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/train/network.h"

namespace evenkeel {

/// The comparison of this network's outputs with those that another program computed from the same weights and data.
struct Expectation {
  bool equal = false;
  std::string explanation = {};  ///< a clause: what explains the difference, or that nothing does
  /// Norm of the difference divided by the norm of the expected outputs (L2, over all samples and outputs): as it is,
  /// and with the explanation applied. Equal if nothing explains it.
  double difference = 0, remaining = 0;
  std::int64_t samples = 0;
};

/// The same samples made from their files in another way.
struct OtherData {
  std::string says;               ///< a clause: "their images were resized ..."
  std::function<Dataset()> load;  ///< called at most once
};

/// Compares with `expected` [N, K], float32, for the samples of `data` in order. Within 1e-4 they are equal. Otherwise
/// it looks for an explanation within 1e-3, simpler ones first: softmax or logits instead of outputs, another order of
/// outputs; then each of these with one or two other ways (other_ways): batch statistics, data prepared differently,
/// weights in another layout, another epsilon (also layer by layer), another padding, or `others`. Dropout that was on
/// is recognised only by the size of the difference. Trials use the first 2,048 samples. Throws Error if data, model
/// and `expected` do not fit.
Expectation explain_difference(Network& network, const Dataset& data, TensorView expected,
                               const std::vector<std::int64_t>& batch_sizes = {},
                               const std::vector<OtherData>& others = {});

}  // namespace evenkeel
