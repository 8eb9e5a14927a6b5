#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/interchange/onnx/converter.h"

namespace evenkeel::interchange::onnx {
namespace {

constexpr const char* kExportAgain =
    "export again with torch.onnx.export(model.train(), x, \"model.onnx\", dynamo=True, optimize=False), or with "
    "torch.onnx.export(model, x, \"model.onnx\", dynamo=False, training=torch.onnx.TrainingMode.TRAINING, "
    "do_constant_folding=False).";

std::int64_t count_if(const Graph& graph, bool (*f)(const Graph&, const Node&)) {
  return std::ranges::count_if(graph.nodes(), [&](const Node& node) { return f(graph, node); });
}

bool is_batch_normalization(const Graph&, const Node& node) { return node.op == "BatchNormalization"; }

bool lacks_momentum(const Graph& graph, const Node& node) {
  return is_batch_normalization(graph, node) && !node.has("momentum");
}

bool is_normalization(const Graph&, const Node& node) { return node.op.ends_with("Normalization"); }

/// A convolution into which an exporter has folded the normalization after it: the module of the normalization stands
/// in its name, or its weights have lost theirs.
bool is_folded(const Graph&, const Node& node) {
  return node.is("Conv") && (node.call.find("batch_norm") != std::string::npos ||
                             node.input(1).starts_with("onnx::Conv_") || node.input(2).ends_with(".weight_bias"));
}

void note_normalizations(const Graph& graph, Record& record) {
  const std::int64_t convolutions = count_if(graph, [](const Graph&, const Node& node) { return node.is("Conv"); });
  const std::int64_t folded = count_if(graph, is_folded), all = count_if(graph, is_normalization);
  if (folded > 0 && all == 0)
    record.lost.push_back(fmt::format(
        "The file was exported in evaluation mode: there is no normalization left to examine, because {} of {} "
        "convolutions have theirs folded into them. To examine them, {}",
        folded, convolutions, kExportAgain));
  else if (folded > 0)
    record.lost.push_back(
        fmt::format("{} of {} convolutions have the normalization after them folded into them. To examine these, {}",
                    folded, convolutions, kExportAgain));
  else if (all == 0 && convolutions > 0)
    record.lost.push_back(fmt::format(
        "There is no normalization in the file. If the network has some, it was exported in evaluation mode, and they "
        "are folded into its {} convolutions: {}",
        convolutions, kExportAgain));
}

void note_batch_statistics(const Graph& graph, Record& record) {
  const std::int64_t count = count_if(graph, is_batch_normalization), without = count_if(graph, lacks_momentum);
  if (count == 0) return;
  if (without > 0)
    record.lost.push_back(
        fmt::format("The momentum of {} of {} batch normalizations: ONNX's default 0.9 is assumed.", without, count));
  const bool counted = std::ranges::any_of(record.layers, [](const LayerRecord& layer) { return layer.updates >= 0; });
  if (!counted) record.lost.push_back("How often the moving statistics of the batch normalizations were updated.");
  if (record.producer.starts_with("pytorch"))
    record.lost.push_back(
        "Which variance the moving one follows: PyTorch's follows the unbiased variance of the batch (n/(n-1)), ONNX's "
        "operator, and so this model, the biased one.");
}

}  // namespace

void note_losses(const Graph& graph, Record& record, bool training_form) {
  note_normalizations(graph, record);
  note_batch_statistics(graph, record);
  const bool dropout = std::ranges::any_of(graph.nodes(), [](const Node& node) { return node.is("Dropout"); });
  if (!dropout && !training_form)
    record.lost.push_back("Layers of dropout, if the network has some: exporters leave them out in evaluation mode.");
  if (!training_form && count_if(graph, is_batch_normalization) > 0)
    record.lost.push_back(
        "Which batch normalizations were in evaluation mode in training (frozen): all are taken as trained.");
  record.lost.push_back("Which weights are trained: all are, here.");
}

}  // namespace evenkeel::interchange::onnx
