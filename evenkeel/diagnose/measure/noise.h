#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/measured_network.h"

// Which noise of training comes before a normalization, and what it does to the variance of the normalization's input.

namespace evenkeel {

/// The rate of a Dropout, or of a variant that adds the same variance to an element; nothing for other layers, such as
/// a StochasticDepth, whose samples are dropped for another reason.
std::optional<double> dropout_rate(const Layer& layer);

/// The last noise on a way to a normalization.
struct NoiseInFront {
  int noise = 0;                   ///< the noise's layer, by index
  std::optional<int> linear = {};  ///< the linear layer between the two, if there is only that
  /// Whether all other layers in between pass on what they read; then the added variance has a closed form.
  bool has_closed_form = false;
};
/// Nothing if no noise reaches the normalization (layer, by index).
std::optional<NoiseInFront> noise_in_front(const Model& model, int normalization);

/// What noise does to the variance of a normalization's input.
struct NoiseShift {
  std::string noise;  ///< the last layer with noise before the normalization
  /// Var_test / Var_train, mean over the channels: 1 without a shift.
  double measured = 1;
  /// The same by the closed form, for this layer alone: it adds factor_variance * E[x^2] if the normalization reads it
  /// directly, and factor_variance * sum of w^2 E[x^2] after a layer with weights w, since masks are independent.
  /// Nothing if other layers are in between.
  std::optional<double> closed_form = {};
};
/// By normalization, in the order of the description; nothing if no noise reaches it. `off` and `on` are the statistics
/// of the data with noise off and on (MeasuredNetwork::statistics). Takes one pass of the data with noise off.
std::vector<std::optional<NoiseShift>> noise_shifts(MeasuredNetwork& network, const Dataset& data,
                                                    const std::vector<LayerStatistics>& off,
                                                    const std::vector<LayerStatistics>& on,
                                                    std::int64_t batch_size = 250);

}  // namespace evenkeel
