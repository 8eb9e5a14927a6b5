#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {

std::vector<std::unique_ptr<Rule>> make_rules() {
  std::vector<std::unique_ptr<Rule>> rules;
  for (const auto make :
       {bad_numbers, single_output_softmax, normalization_of_one_value, nothing_to_normalize, last_dropout, wrong_axis,
        frozen_statistics, frozen_but_moving, frozen_in_training, statistics_without_data, moving_statistics,
        lagging_by_record, unusual_samples_rule, averaged_weights, averaged_too_briefly, missing_classes,
        input_mismatch, weight_layout, swapped_vectors, class_order, double_softmax, activation_before_loss,
        small_batch, batch_dependence, evaluation_by_batch, dead_channels, constant_output, saturation, gradient_depth,
        not_loaded, unshuffled, overfitting, past_its_best, redundant_bias, decayed_normalization, folding_hazard,
        record_differs, lost_classes,
        // Last, because findings of other rules may explain it.
        near_guessing})
    rules.push_back(make());
  return rules;
}

}  // namespace evenkeel
