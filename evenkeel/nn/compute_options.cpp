#include "evenkeel/nn/compute_options.h"

#include "evenkeel/config/fields.h"

namespace evenkeel {

void ComputeOptions::describe(Fields<ComputeOptions>& fields) {
  fields.add("precision", &ComputeOptions::precision,
             "of activations and their gradients: float32, the default, or bfloat16");
}

}  // namespace evenkeel
