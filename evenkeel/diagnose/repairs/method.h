#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// What a repair promises.
enum class RepairKind {
  exact,       ///< the outputs stay the same, up to rounding; needs no data
  statistics,  ///< moving statistics are set, weights do not change
  training,    ///< weights must adapt: done with training after it; without training, only advice
};
std::string name_of(RepairKind kind);  ///< "exact", "statistics", "needs training"

/// Which values of a network may be NaN or infinite when a method begins, because it repairs them.
enum class Tolerates { nothing, moving_statistics, everything };

/// What a method that needs training may gain, and how that is measured.
enum class Gain {
  none,
  variance_shift,  ///< full-data statistics against the moving ones
  small_batches,   ///< full-data statistics against those of batches of training's size
};

/// One change of a layer, or the reason why there is none.
struct RepairNote {
  std::string layer;
  std::string text;
  bool operator==(const RepairNote&) const = default;
};

struct RepairLog {
  std::vector<RepairNote> changes = {};
  std::vector<RepairNote> left = {};  ///< layers that the method is for but cannot repair
};

/// What a method may use besides the network.
struct RepairContext {
  const Dataset& data;  ///< for statistics
  const NetworkOptions& network;
  std::int64_t batch_size = 250;
  std::int64_t memory_bytes = std::int64_t{1} << 30;  ///< ReestimateOptions
};

/// A way to repair a network. One file each; methods.cpp lists them.
struct RepairMethod {
  std::string name;  ///< "re-estimate"
  RepairKind kind = RepairKind::exact;
  std::string what;  ///< in half a sentence, for help
  bool changes_architecture = true;
  bool needs_normalization = true;
  Tolerates tolerates = Tolerates::nothing;
  Gain gain = Gain::none;
  /// Changes the draft. Without changes in the log there was nothing to repair. Throws Error if something should be
  /// repaired and cannot be.
  std::function<RepairLog(Draft&, const RepairContext&)> apply;
};

/// Throws Error if a method found its defect but could repair none of it. `expected`: what it can repair.
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
