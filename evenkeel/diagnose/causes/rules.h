#pragma once

#include "evenkeel/diagnose/causes/rule.h"

// All rules, one file each. For a new one add its file, a line here, a line in rules.cpp, and its codes in codes.cpp.

namespace evenkeel {

std::unique_ptr<Rule> bad_numbers();  ///< NaN, infinite, negative or extreme values in the weights
std::unique_ptr<Rule> single_output_softmax();
std::unique_ptr<Rule> normalization_of_one_value();  ///< one value in a sample, a batch, or the last batch of an epoch
std::unique_ptr<Rule> nothing_to_normalize();
std::unique_ptr<Rule> last_dropout();             ///< dropout on the outputs themselves
std::unique_ptr<Rule> wrong_axis();               ///< another axis of the same length
std::unique_ptr<Rule> frozen_statistics();        ///< statistics of layers that are not trained
std::unique_ptr<Rule> frozen_but_moving();        ///< statistics of such layers that still change
std::unique_ptr<Rule> frozen_in_training();       ///< statistics that training uses too, but not those of the weights
std::unique_ptr<Rule> statistics_without_data();  ///< never updated, momentum inverted
std::unique_ptr<Rule> moving_statistics();        ///< statistics that do not fit the data, and why
std::unique_ptr<Rule> lagging_by_record();        ///< lagging, if samples are too few to measure it
std::unique_ptr<Rule> missing_classes();          ///< classes that one of two sets lacks
std::unique_ptr<Rule>
input_mismatch();  ///< data prepared differently; says which findings on statistics follow from it
std::unique_ptr<Rule>
unusual_samples_rule();                  ///< samples of another size, and findings on statistics that follow from them
std::unique_ptr<Rule> weight_layout();   ///< weights in the layout of another program
std::unique_ptr<Rule> class_order();     ///< classes in another order than the outputs
std::unique_ptr<Rule> double_softmax();  ///< a softmax of a softmax
std::unique_ptr<Rule> activation_before_loss();  ///< an activation that bends logits, or cuts them off
std::unique_ptr<Rule>
swapped_vectors();  ///< vectors of a normalization in the wrong slots, or statistics stored as something else
std::unique_ptr<Rule> averaged_too_briefly();  ///< averages that still contain the initial weights
std::unique_ptr<Rule> unshuffled();            ///< sorted data that were not shuffled
std::unique_ptr<Rule> averaged_weights();     ///< averages of the weights with the statistics of the weights themselves
std::unique_ptr<Rule> small_batch();          ///< batches too small for their own statistics
std::unique_ptr<Rule> batch_dependence();     ///< scores in training mode that depend on their batch
std::unique_ptr<Rule> evaluation_by_batch();  ///< scores in evaluation that do
std::unique_ptr<Rule> dead_channels();
std::unique_ptr<Rule> constant_output();        ///< of channels, and of the network
std::unique_ptr<Rule> saturation();             ///< of sigmoid and tanh
std::unique_ptr<Rule> gradient_depth();         ///< vanishing and exploding, while nothing is learnt
std::unique_ptr<Rule> not_loaded();             ///< layers at their initial values
std::unique_ptr<Rule> overfitting();            ///< by training and validation data
std::unique_ptr<Rule> past_its_best();          ///< by the record of the run
std::unique_ptr<Rule> record_differs();         ///< metrics.csv against what the weights do now
std::unique_ptr<Rule> lost_classes();           ///< classes without one correct sample
std::unique_ptr<Rule> near_guessing();          ///< no better than guessing, and whether statistics are to blame
std::unique_ptr<Rule> redundant_bias();         ///< before a normalization
std::unique_ptr<Rule> decayed_normalization();  ///< weight decay of gamma and beta
std::unique_ptr<Rule> folding_hazard();         ///< what exporting and quantizing may break

/// All of them, in the order in which they judge.
std::vector<std::unique_ptr<Rule>> make_rules();

}  // namespace evenkeel
