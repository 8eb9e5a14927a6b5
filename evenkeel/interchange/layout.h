#pragma once

#include "evenkeel/interchange/record.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::interchange {

/// A foreign tensor in our layout, and back, by its record (TensorRecord says how). Throws Error if the sizes do not
/// fit the record. `ours` is our shape.
Tensor to_ours(TensorView foreign, const TensorRecord& record, const Shape& ours);
Tensor to_foreign(TensorView ours, const TensorRecord& record);

/// Samples [N, ...] of an input or output in our layout, and back.
Tensor to_ours(TensorView foreign, const PortRecord& port, const Shape& ours);
Tensor to_foreign(TensorView ours, const PortRecord& port);

}  // namespace evenkeel::interchange
