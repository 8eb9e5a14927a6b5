#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {

std::vector<std::unique_ptr<Rule>> make_rules() {
  std::vector<std::unique_ptr<Rule>> rules;
  for (const auto make :
       {bad_numbers,           wrong_axis,       frozen_statistics, frozen_but_moving, statistics_without_data,
        moving_statistics,     averaged_weights, input_mismatch,    class_order,       double_softmax,
        small_batch,           batch_dependence, dead_channels,     constant_output,   saturation,
        gradient_depth,        not_loaded,       overfitting,       past_its_best,     redundant_bias,
        decayed_normalization, folding_hazard})
    rules.push_back(make());
  return rules;
}

}  // namespace evenkeel
