#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/version.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/onnx/fold.h"
#include "evenkeel/interchange/onnx/layer_writer.h"
#include "evenkeel/interchange/onnx/own_model.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/weights_misfit.h"

namespace evenkeel::interchange {
namespace {

// The newest that ONNX Runtime, OpenVINO and onnx2torch all read: it has LayerNormalization and HardSwish; what came
// later (Mish, Gelu, GroupNormalization) is written from its parts, as PyTorch's exporter does.
constexpr std::int64_t kOpset = 17, kIrVersion = 8;

/// "a, b, c and 7 more"
std::string some_of(std::vector<std::string> names) {
  constexpr std::size_t kMost = 6;
  const std::size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  return join(names) + (more > 0 ? fmt::format(" and {} more", more) : "");
}

/// A model on its way into a graph.
class OnnxExport {
 public:
  OnnxExport(const Model& model, const formats::SafetensorsFile& weights, bool training, const Record* foreign)
      : model_(model), weights_(weights), training_(training), foreign_(foreign), graph_(weights, foreign) {}

  /// `output_names`: those of the model's outputs where they have no foreign ones.
  void build(const std::vector<std::string>& output_names, const std::string& where) {
    add_inputs();
    shapes_ = compile(model_, {.batch_size = 1}).layer_outputs;
    const std::vector<int> outputs = model_.outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i) graph_.reserve_output(name_of_output(outputs[i], output_names[i]));
    for (int i = 0; i < model_.layers(); ++i) add_layer(i);
    require_all_supported(where);
    for (std::size_t i = 0; i < outputs.size(); ++i) add_output(outputs[i], output_names[i]);
    finish();
  }

  void write(const std::filesystem::path& out) { formats::write_onnx(out, graph_.model(), graph_.initializers()); }
  std::vector<std::string> notes() const {
    std::vector<std::string> sentences;
    for (const auto& [clause, layers] : notes_) sentences.push_back(fmt::format("{}: {}.", clause, some_of(layers)));
    return sentences;
  }

 private:
  const PortRecord* foreign_port(const std::vector<PortRecord> Record::*ports, const std::string& name) const {
    if (!foreign_) return nullptr;
    const auto found = std::ranges::find(foreign_->*ports, name, &PortRecord::name);
    return found == (foreign_->*ports).end() || found->foreign.empty() ? nullptr : &*found;
  }

  /// Images and what convolutions read have their channels first, as everyone's ONNX files do.
  Layout layout_of_input(int input, const Shape& sample) const {
    if (sample.rank() != 2) return sample.rank() > 2 ? Layout::channels_first : Layout::ours;
    for (const Model::Node& node : model_.nodes()) {
      const auto linear = node.layer.traits().linear;
      if (linear && linear->window && std::ranges::count(node.inputs, input) > 0) return Layout::channels_first;
    }
    return Layout::ours;
  }

  Layout layout_of_port(const PortRecord& port, const Shape& ours, Layout otherwise) const {
    if (foreign_->format != "onnx") return otherwise;
    if (port.axes.empty()) {
      if (port.foreign_shape.rank() <= 1) return otherwise;
      // One channel is in the same order wherever its axis is: only the shape tells.
      const bool moved = port.foreign_shape != ours && port.foreign_shape == channels_first(ours);
      return moved ? Layout::channels_first : Layout::ours;
    }
    const bool is_first = port.axes.back() == 0 && std::is_sorted(port.axes.begin(), port.axes.end() - 1);
    return is_first && port.seen_as.rank() == 0 ? Layout::channels_first : otherwise;
  }

  void add_inputs() {
    for (std::size_t i = 0; i < model_.inputs().size(); ++i) {
      const Model::Input& input = model_.inputs()[i];
      const PortRecord* port = foreign_port(&Record::inputs, input.name);
      GraphValue value{.name = port ? port->foreign : input.name, .ours = input.shape};
      value.layout = layout_of_input(-1 - static_cast<int>(i), input.shape);
      if (port) value.layout = layout_of_port(*port, value.ours, value.layout);
      graph_.add_input(value);
      inputs_.push_back(value);
      record_.inputs.push_back(port_of(input.name, value));
    }
  }

  static PortRecord port_of(const std::string& ours, const GraphValue& value) {
    PortRecord port{.name = ours, .foreign = value.name, .foreign_shape = value.sample(), .axes = {}, .seen_as = {}};
    if (value.layout != Layout::channels_first) return port;
    for (int i = 1; i < value.ours.rank(); ++i) port.axes.push_back(i);
    port.axes.push_back(0);
    return port;
  }

  void add_layer(int index) {
    const Model::Node& node = model_.nodes()[static_cast<std::size_t>(index)];
    const Shape& output = shapes_[static_cast<std::size_t>(index)];
    LayerSite site{
        .graph = graph_, .layer = node.layer, .inputs = {}, .output = output, .training = training_, .notes = notes_};
    for (const int input : node.inputs)
      site.inputs.push_back(input < 0 ? inputs_[static_cast<std::size_t>(-1 - input)]
                                      : values_[static_cast<std::size_t>(input)]);
    graph_.begin_layer(node.layer.name(), node.layer.type());
    try {
      const LayerWriter* writer = onnx_writer(node.layer.type());
      if (!writer) throw Error{{.kind = Error::unsupported, .received = "ONNX has nothing like it"}};
      values_.push_back(graph_.end_layer((*writer)(site)));
    } catch (const Error& error) {
      if (error.kind() != Error::unsupported) throw error.inside("layer \"" + node.layer.name() + '"');
      unsupported_.push_back(fmt::format("\"{}\" ({}): {}", node.layer.name(), node.layer.type(), error.what()));
      values_.push_back({.name = node.layer.name(), .ours = output});
    }
  }

  void require_all_supported(const std::string& where) const {
    if (unsupported_.empty()) return;
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = "layers that ONNX can express",
                 .received = join(unsupported_, "; ")}};
  }

  std::string name_of_output(int layer, const std::string& otherwise) const {
    const PortRecord* port = foreign_port(&Record::outputs, model_.name_of(layer));
    return port ? port->foreign : otherwise;
  }

  void add_output(int layer, const std::string& name) {
    GraphValue value = values_[static_cast<std::size_t>(layer)];
    const PortRecord* port = foreign_port(&Record::outputs, model_.name_of(layer));
    Layout layout = value.ours.rank() > 2 ? Layout::channels_first : value.layout;
    if (value.layout == Layout::flattened) layout = Layout::ours;
    if (port) layout = layout_of_port(*port, value.ours, layout);
    graph_.begin_part_of(model_.name_of(layer));
    value = graph_.in(value, layout);
    value.name = graph_.add_output(value, name_of_output(layer, name));
    record_.outputs.push_back(port_of(model_.name_of(layer), value));
  }

  /// What stands around the graph.
  void finish() {
    formats::onnx::ModelProto& proto = graph_.model();
    proto.set_ir_version(kIrVersion);
    proto.set_producer_name("evenkeel");
    proto.set_producer_version(kVersion);
    proto.add_opset_import()->set_version(kOpset);
    proto.mutable_opset_import(0)->set_domain("");
    graph_.graph().set_name(model_.name());
    record_.format = "onnx";
    record_.producer = fmt::format("evenkeel {}", kVersion);
    record_.version = fmt::format("opset {}", kOpset);
    record_.layers = graph_.layers();
    add_own_model(proto, graph_.initializers(), {.model = model_}, weights_, record_);
  }

  const Model& model_;
  const formats::SafetensorsFile& weights_;
  bool training_;
  const Record* foreign_;
  GraphBuilder graph_;
  std::vector<Shape> shapes_;
  std::vector<GraphValue> inputs_, values_;
  std::map<std::string, std::vector<std::string>> notes_;
  std::vector<std::string> unsupported_;
  Record record_;
};

std::vector<std::string> names_of_outputs(const Model& model) {
  std::vector<std::string> names;
  for (const int output : model.outputs()) names.push_back(model.name_of(output));
  return names;
}

/// What evaluation leaves out, in one sentence.
std::optional<std::string> note_on_noise(const Model& model) {
  std::vector<std::string> names;
  for (const Model::Node& node : model.nodes())
    if (node.layer.traits().noise) names.push_back('"' + node.layer.name() + '"');
  if (names.empty()) return {};
  return fmt::format("Left out, because evaluation does not use {}: {}.", names.size() == 1 ? "it" : "them",
                     some_of(names));
}

}  // namespace

std::vector<std::string> export_onnx(const Model& model, const formats::SafetensorsFile& weights,
                                     const std::filesystem::path& out, const ExportOptions& options,
                                     const Record* record) {
  if (options.training && options.fold)
    throw Error{{.where = "fold",
                 .expected = "evaluation mode",
                 .received = "training mode",
                 .hint = "Normalizations that are folded cannot be trained."}};
  if (auto misfit = weights_misfit("weights", weights, false, weights_of(model))) throw std::move(*misfit);
  std::optional<Folded> folded;
  if (options.fold) folded = fold_normalizations(model, weights);
  OnnxExport writing(folded ? folded->model : model, folded ? folded->weights : weights, options.training, record);
  writing.build(names_of_outputs(model), out.string());
  std::vector<std::string> notes = writing.notes();
  if (!options.training)
    if (const auto note = note_on_noise(model)) notes.push_back(*note);
  if (folded && !folded->kept.empty())
    notes.push_back(fmt::format("Not folded, because no linear layer stands right before: {}.", some_of(folded->kept)));
  writing.write(out);
  return notes;
}

}  // namespace evenkeel::interchange
