#pragma once

#include <string>

#include "evenkeel/studies/run_study.h"

// What studies measure during training.

namespace evenkeel {

/// The first `limit` samples; all if there are no more, or the limit is 0.
Dataset at_most(const Dataset& data, std::int64_t limit);

/// Adds `<what>_loss` and `<what>_accuracy` at x.
void add_metrics(StudyRun& run, const std::string& what, double x, const Metrics& metrics);

/// A data set with the name of its figures, `<what>_loss` and `<what>_accuracy`, in evaluation.
struct Evaluated {
  const char* what;  ///< "test"
  const Dataset& data;
};
Figures evaluate_all(Trainer& trainer, const std::vector<Evaluated>& sets);

/// "loss 0.4100  accuracy 0.9812"
std::string to_text(const Metrics& metrics);

/// A profile over layers, made of each item's `layer` and `value(item)`.
template <class Items, class F>
Profile profile_of(const std::string& name, const Items& items, F&& value) {
  Profile profile{.name = name, .layers = {}, .values = {}};
  for (const auto& item : items) {
    profile.layers.push_back(item.layer);
    profile.values.push_back(value(item));
  }
  return profile;
}

/// Var_test / Var_train at the input of each normalization: the variance with dropout off, divided by that with dropout
/// on.
Profile variance_ratios(Trainer& trainer, const Dataset& data);

/// One of the kinds of network that a study trains.
template <class Kind>
struct DescribedKind {
  Kind kind;
  const char* name;
  const char* description;
};

/// A variant of each kind; `model(kind)` makes its network.
template <class Kinds, class F>
std::vector<StudyVariant> variants_of(const Kinds& kinds, F&& model) {
  std::vector<StudyVariant> variants;
  for (const auto& k : kinds) variants.push_back(make_variant(k.name, k.description, model(k.kind)));
  return variants;
}

/// The variants of all values of the sweep; `make(value)` returns those of one value. Without a sweep, those of `make`
/// without a value.
std::vector<StudyVariant> over_sweep(const std::optional<StudySweep>& sweep,
                                     const std::function<std::vector<StudyVariant>(std::optional<double>)>& make);

/// The scaling that gives the data's elements mean 0 and standard deviation 1.
Rescaling standardizing(const Dataset& data);

}  // namespace evenkeel
