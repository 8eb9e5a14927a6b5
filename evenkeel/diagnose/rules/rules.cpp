#include "evenkeel/diagnose/rules/rules.h"

namespace evenkeel {

std::vector<std::unique_ptr<Rule>> make_rules() {
  std::vector<std::unique_ptr<Rule>> rules;
  for (const auto make :
       {bad_numbers, moving_statistics, averaged_weights, input_mismatch, class_order, double_softmax})
    rules.push_back(make());
  return rules;
}

}  // namespace evenkeel
