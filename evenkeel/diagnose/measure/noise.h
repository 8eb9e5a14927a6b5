#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"

// Where noise of training stands in front of a normalization, and what it does to the variance that this reads.

namespace evenkeel {

/// The rate of a Dropout, or of its kin that adds as much variance to an element; nothing for other layers.
std::optional<double> dropout_rate(const Layer& layer);

/// The last noise on a way to a normalization.
struct NoiseInFront {
  int noise = 0;                   ///< layer, by index
  std::optional<int> linear = {};  ///< the linear layer between the two, where that is the whole way
  /// Whether nothing else lies between but layers that hand on what they read: then the added variance has a closed
  /// form.
  bool has_closed_form = false;
};
/// Nothing where no noise reaches the normalization (layer, by index).
std::optional<NoiseInFront> noise_in_front(const Model& model, int normalization);

/// What noise does to the variance of what a normalization reads.
struct NoiseShift {
  std::string noise;  ///< the last layer that makes it
  /// Var_test / Var_train, mean over the channels: 1 without a shift.
  double measured = 1;
  /// The same by the closed form, of this layer alone: it adds factor_variance * E[x^2] where the normalization reads
  /// it directly, factor_variance * sum of w^2 E[x^2] behind a layer with weights w, since masks are independent.
  /// Nothing where other layers lie between.
  std::optional<double> closed_form = {};
};
/// By normalization, in the order of the description; nothing where no noise reaches it. `off` and `on` are the
/// statistics of the data with noise off and on (measure_statistics); one pass of the data with noise off.
std::vector<std::optional<NoiseShift>> noise_shifts(Network& network, const Dataset& data,
                                                    const std::vector<LayerStatistics>& off,
                                                    const std::vector<LayerStatistics>& on,
                                                    std::int64_t batch_size = 250);

}  // namespace evenkeel
