#pragma once

#include "evenkeel/train/callback.h"

namespace evenkeel {

/// Ends training before an update with a loss or a gradient that is not finite, and says in History::reason which step
/// it was and which line and layer computed the first such value. The weights stay as they were before that step.
struct TerminateOnNaN {
  void on_gradients(const GradientsReady& ready, Trainer& trainer) const;
};

}  // namespace evenkeel
