#pragma once

#include <string_view>

#include "evenkeel/config/fields.h"
#include "evenkeel/train/callback.h"

namespace evenkeel {

/// Ends training before an update with a loss or a gradient that is not finite. History::reason then says in which
/// step, and which line and layer computed the first such value. The weights stay as they were before that step.
struct TerminateOnNaN {
  using Options = TerminateOnNaN;
  static constexpr std::string_view kSetting = "terminate_on_nan";
  static void describe(Fields<TerminateOnNaN>&);

  void on_gradients(const GradientsReady& ready, Trainer& trainer) const;
};

}  // namespace evenkeel
