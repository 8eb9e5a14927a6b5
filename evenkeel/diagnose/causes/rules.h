#pragma once

#include "evenkeel/diagnose/causes/rule.h"

// The rules there are, a file each. A new one: its file, a line here, a line in rules.cpp, its codes in codes.cpp.

namespace evenkeel {

std::unique_ptr<Rule> bad_numbers();  ///< numbers in the weights that cannot be right
std::unique_ptr<Rule> single_output_softmax();
std::unique_ptr<Rule> normalization_of_one_value();  ///< in a sample, a batch, or the last batch of an epoch
std::unique_ptr<Rule> nothing_to_normalize();
std::unique_ptr<Rule> last_dropout();             ///< on the outputs themselves
std::unique_ptr<Rule> wrong_axis();               ///< where several have one length
std::unique_ptr<Rule> frozen_statistics();        ///< those of layers that are not trained
std::unique_ptr<Rule> frozen_but_moving();        ///< those that are not at rest all the same
std::unique_ptr<Rule> statistics_without_data();  ///< never updated, momentum inverted
std::unique_ptr<Rule> moving_statistics();        ///< statistics that do not fit the data, and why
std::unique_ptr<Rule> lagging_by_record();        ///< where samples are too few to measure
std::unique_ptr<Rule> missing_classes();          ///< that one of two sets lacks
std::unique_ptr<Rule> input_mismatch();        ///< data prepared otherwise; says what of the statistics follows from it
std::unique_ptr<Rule> unusual_samples_rule();  ///< of another size; what of the statistics follows from them
std::unique_ptr<Rule> weight_layout();         ///< weights laid out for another program
std::unique_ptr<Rule> class_order();           ///< classes in another order than the outputs
std::unique_ptr<Rule> double_softmax();        ///< a softmax of a softmax
std::unique_ptr<Rule> activation_before_loss();  ///< that bends logits, or cuts them off
std::unique_ptr<Rule> swapped_vectors();         ///< of a normalization, or statistics stored as something else
std::unique_ptr<Rule> averaged_too_briefly();    ///< averages that are still the first weights
std::unique_ptr<Rule> unshuffled();              ///< sorted data in their order
std::unique_ptr<Rule> averaged_weights();  ///< averages of the weights with the statistics of the weights themselves
std::unique_ptr<Rule> small_batch();       ///< batches too small for their own statistics
std::unique_ptr<Rule> batch_dependence();  ///< scores in training mode that depend on their batch
std::unique_ptr<Rule> dead_channels();
std::unique_ptr<Rule> constant_output();        ///< of channels, and of the network
std::unique_ptr<Rule> saturation();             ///< of sigmoid and tanh
std::unique_ptr<Rule> gradient_depth();         ///< vanishing and exploding, while nothing is learnt
std::unique_ptr<Rule> not_loaded();             ///< layers at their initial values
std::unique_ptr<Rule> overfitting();            ///< by training and validation data
std::unique_ptr<Rule> past_its_best();          ///< by the record of the run
std::unique_ptr<Rule> record_differs();         ///< metrics.csv against what the weights do now
std::unique_ptr<Rule> lost_classes();           ///< no sample of which is right
std::unique_ptr<Rule> near_guessing();          ///< no better than guessing, and whether statistics are to blame
std::unique_ptr<Rule> redundant_bias();         ///< before a normalization
std::unique_ptr<Rule> decayed_normalization();  ///< weight decay of gamma and beta
std::unique_ptr<Rule> folding_hazard();         ///< what exporting and quantizing may break

/// All of them, in the order in which they judge.
std::vector<std::unique_ptr<Rule>> make_rules();

}  // namespace evenkeel
