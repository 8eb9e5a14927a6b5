#include <fmt/format.h>

#include "evenkeel/base/text.h"
#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/interchange/onnx/converter.h"
#include "evenkeel/interchange/onnx/own_model.h"
#include "evenkeel/interchange/onnx/patterns.h"
#include "evenkeel/interchange/onnx/read_graph.h"
#include "evenkeel/interchange/onnx/simplify.h"
#include "evenkeel/nn/compile.h"

namespace evenkeel::interchange {
namespace {

/// Each layer has the tensors that it expects, in their shapes. A fault of ours if not.
void check_weights(const Imported& imported, const std::string& where) {
  std::size_t count = 0;
  for (const WeightInfo& weight : weights_of(imported.file.model)) {
    if (weight.name.starts_with("@")) continue;
    const Tensor* tensor = imported.weights.find(weight.name);
    if (!tensor || tensor->shape() != weight.shape)
      throw Error{{.kind = Error::internal,
                   .where = fmt::format("{}: tensor \"{}\"", where, weight.name),
                   .expected = to_string(weight.shape),
                   .received = tensor ? to_string(tensor->shape()) : "none"}};
    ++count;
  }
  if (count != imported.weights.tensors.size())
    throw Error{{.kind = Error::internal, .where = where, .received = "tensors that no layer has"}};
}

}  // namespace

Imported import_onnx(const std::filesystem::path& path, const ImportOptions& options) {
  const std::string where = path.string();
  Record record;
  record.format = "onnx";
  record.file = where;
  onnx::Graph graph;
  {
    const formats::Source source(path);
    formats::OnnxDataFiles files(path.parent_path());
    const auto model = formats::read_onnx_model(source);
    if (auto own = import_own_model(*model, where)) return std::move(*own);
    record.producer = printable(shortened(model->producer_name() + ' ' + model->producer_version(), 200));
    if (model->producer_name().empty() || model->producer_version().empty())
      record.producer = printable(shortened(model->producer_name() + model->producer_version(), 200));
    graph = onnx::read_graph(*model, where, options, files);
  }
  record.version = fmt::format("opset {}", graph.opset);
  try {
    onnx::simplify(graph);
    onnx::recognise(graph, record);
    onnx::prepare(graph);
  } catch (const Error& error) {
    throw error.inside(where);
  }
  onnx::Converter converter(graph, record, where, onnx::Names::allowed(path.stem().string()));
  Imported imported = converter.convert();
  onnx::note_losses(graph, record, converter.is_training_form());
  imported.record = std::move(record);
  check_weights(imported, where);
  return imported;
}

}  // namespace evenkeel::interchange
