#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// What a repair promises.
enum class RepairKind {
  exact,       ///< the outputs stay what they are, but for rounding; needs no data
  statistics,  ///< moving statistics are set, weights stay
  training,    ///< weights must follow: done with training after it, else advice
};
std::string name_of(RepairKind kind);  ///< "exact", "statistics", "needs training"

/// What of a network may be no finite number when a method begins: what it mends.
enum class Tolerates { nothing, moving_statistics, everything };

/// What a method that needs training promises, and the figures that show it.
enum class Gain {
  none,
  variance_shift,  ///< full-data statistics against the moving ones
  small_batches,   ///< full-data statistics against those of batches as small as training has them
};

/// One thing that was done to a layer, or was not and why.
struct RepairNote {
  std::string layer;
  std::string text;
  bool operator==(const RepairNote&) const = default;
};

struct RepairLog {
  std::vector<RepairNote> changes = {};
  std::vector<RepairNote> left = {};  ///< layers that the method is for and cannot mend
};

/// What a method may use beside the network.
struct RepairContext {
  const Dataset& data;  ///< for statistics
  const NetworkOptions& network;
  std::int64_t batch_size = 250;
  std::int64_t memory_bytes = std::int64_t{1} << 30;  ///< ReestimateOptions
};

/// A way to mend a network. One file each; methods.cpp lists them.
struct RepairMethod {
  std::string name;  ///< "re-estimate"
  RepairKind kind = RepairKind::exact;
  std::string what;  ///< in half a sentence, for help
  bool changes_architecture = true;
  bool needs_normalization = true;
  Tolerates tolerates = Tolerates::nothing;
  Gain gain = Gain::none;
  /// Changes the draft. No changes in the log: there is nothing to mend. Throws Error where there is and it cannot be.
  std::function<RepairLog(Draft&, const RepairContext&)> apply;
};

/// Throws Error where a method found what it is for and could mend none of it. `expected`: what it can mend.
void require_some_change(const RepairLog& log, const std::string& method, const std::string& expected,
                         const std::string& hint = {});

// The methods; docs/doctor/repairs.md says what each is for.
RepairMethod reestimate_method();
RepairMethod restore_variance_method();
RepairMethod invert_momentum_method();
RepairMethod fold_method();
RepairMethod drop_bias_method();
RepairMethod affine_method();
RepairMethod remove_channels_method();
RepairMethod uout_method();
RepairMethod dropout_last_method();
RepairMethod group_normalization_method();
RepairMethod batch_renormalization_method();

}  // namespace evenkeel
