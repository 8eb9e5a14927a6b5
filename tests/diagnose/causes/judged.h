#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "evenkeel/diagnose/causes/rules.h"
#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"

namespace evenkeel {

/// What one rule says of a network; nothing where it cannot judge.
inline std::vector<Finding> judged_on(std::unique_ptr<Rule> (*make)(), Network& network, Subject subject) {
  Evidence evidence(network, std::move(subject));
  std::vector<Finding> findings;
  const std::unique_ptr<Rule> rule = make();
  if (why_not(*rule, evidence).empty()) rule->judge(evidence, findings);
  return findings;
}
/// The same with training data and test data.
inline std::vector<Finding> judged(std::unique_ptr<Rule> (*make)(), Network& network, Records records = {}) {
  return judged_on(make, network,
                   {.data = small_data().test, .train_data = small_data().train, .records = std::move(records)});
}

/// Every architecture that a defect is planted in: with convolutions, and without.
inline std::vector<Sequential> small_models() { return {small_convnet(), small_mlp()}; }

/// Code, severity and layers: "dead-channels warning activation".
inline std::string summary_of(const Finding& finding) {
  std::string text = finding.code + ' ' + std::string(name_of(finding.severity));
  for (const std::string& layer : finding.layers) text += ' ' + layer;
  return text;
}
inline std::vector<std::string> summaries_of(const std::vector<Finding>& findings) {
  std::vector<std::string> all;
  std::ranges::transform(findings, std::back_inserter(all), summary_of);
  return all;
}

using Summaries = std::vector<std::string>;

}  // namespace evenkeel
