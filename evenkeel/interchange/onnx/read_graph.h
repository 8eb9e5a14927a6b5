#pragma once

#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/onnx/graph.h"

namespace evenkeel::interchange::onnx {

/// The opsets that are understood. The newest is that of onnx 1.23.
inline constexpr std::int64_t kOldestOpset = 9, kNewestOpset = 28;

/// The graph of a message, whose tensors are moved out of it one by one. Functions of the model are put in place of the
/// nodes that call them, and nodes stand in an order in which each reads what is there. The first size of each input is
/// the batch; other open sizes come from the options. Throws Error for another opset, a cycle, a value that two nodes
/// make or none, a damaged tensor, and a size that nobody gives.
Graph read_graph(formats::onnx::ModelProto& model, const std::string& where, const ImportOptions& options,
                 formats::OnnxDataFiles& files);

/// Puts the model's own functions in place of the nodes that call them.
void inline_functions(formats::onnx::ModelProto& model, const std::string& where);

/// An attribute as plain data; nothing for a graph and other kinds that no operator of ours has. A number is the
/// decimal that the file's float was written from: 1e-5.
std::optional<Attribute> attribute_of(formats::onnx::AttributeProto& attribute, const std::string& where,
                                      formats::OnnxDataFiles& files);

/// Whether images of this input have their channels first in the file. Its readers tell: convolutions, poolings and the
/// like want them first; a Transpose of the input into that order, a matrix product and the like want what there is.
bool is_channels_first(const Graph& graph, const std::string& input);

}  // namespace evenkeel::interchange::onnx
