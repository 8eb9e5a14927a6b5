#include "evenkeel/train/callbacks/terminate_on_nan.h"

#include <fmt/format.h>

#include "evenkeel/train/trainer.h"

namespace evenkeel {

void TerminateOnNaN::describe(Fields<TerminateOnNaN>& fields) {
  fields.add_switch("terminate_on_nan",
                    "end at a loss or gradient with NaN or infinite values, and name the layer it came from");
}

void TerminateOnNaN::on_gradients(const GradientsReady& ready, Trainer& trainer) const {
  if (trainer.gradients_are_finite(*ready.data)) return;
  trainer.stop(fmt::format("step {}: the first value that is not finite is {}", ready.step + 1,
                           trainer.first_non_finite(*ready.data)),
               true);
}

}  // namespace evenkeel
