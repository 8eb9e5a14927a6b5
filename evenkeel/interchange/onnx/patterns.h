#pragma once

#include "evenkeel/interchange/onnx/graph.h"
#include "evenkeel/interchange/record.h"

namespace evenkeel::interchange::onnx {

/// Finds what several nodes of the graph compute together, and puts one node of the domain "evenkeel" in their place
/// (Graph::replace). Constants are folded and shapes known by then. Says in `record.recognised` what was found where.
///
/// The operators of that domain, which import.cpp makes layers of:
///     Swish(x), HardSwish(x), HardSigmoid(x) = relu6(x + 3) / 6, Mish(x), Softplus(x), Softsign(x)
///     Gelu(x), text approximate: "none" or "tanh"
///     LayerNormalization(x, scale, bias): number epsilon, integer axes: how many axes, the last ones, are normalized
///     BatchNormalization(x, scale, bias, mean, variance): number epsilon; channels are axis 1; in evaluation
///     GroupNormalization(x, scale, bias): number epsilon, integer num_groups; scale and bias [C], channels are axis 1
///     InstanceNormalization(x, scale, bias): number epsilon
///     RMSNormalization(x, scale): number epsilon; over the last axis
///     ChannelShuffle(x): integer groups; channels are axis 1
///     UpSampling(x): integers size, by how many times rows and columns are repeated; axes 2 and 3
///     Dropout(x), SpatialDropout(x) of whole channels, StochasticDepth(x) of whole samples: number rate
/// scale and bias are constants (any shape with as many elements as there are channels), or "" if there are none.
/// Constants of the file keep their names as inputs, so that the record knows their initializers.
void recognise(Graph& graph, Record& record);

}  // namespace evenkeel::interchange::onnx
