#pragma once

#include <onnx.pb.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/formats/onnx/streamed_model.h"
#include "evenkeel/formats/safetensors.h"
#include "evenkeel/interchange/record.h"

namespace evenkeel::interchange {

/// How the numbers of a sample are laid out in the graph: as ours; with the channels before all other axes, as ONNX's
/// convolutions read them; or as a row of images whose channels came first, which is our row in another order.
enum class Layout { ours, channels_first, flattened };

/// A value of the graph.
struct GraphValue {
  std::string name;
  Shape ours;  ///< of one sample, in our layout
  Layout layout = Layout::ours;
  Shape images = {};  ///< Layout::flattened: our shape of the images

  Shape sample() const;  ///< of one sample, as it is in the graph
  int rank() const { return ours.rank() + 1; }
  /// The axis of the channels, with the batch as axis 0.
  int channel_axis() const { return layout == Layout::channels_first ? 1 : rank() - 1; }
};

/// The same shape with its last axis first.
Shape channels_first(const Shape& sample);
/// Whether the numbers of a sample are in the same order with the channels first and last.
bool is_order_free(const Shape& sample);

/// What a node is given beside its inputs.
class NodeMaker {
 public:
  NodeMaker(formats::onnx::NodeProto& node, std::string output) : node_(&node), output_(std::move(output)) {}
  NodeMaker& with(const std::string& name, std::int64_t value);
  NodeMaker& with(const std::string& name, const std::vector<std::int64_t>& values);
  NodeMaker& with_real(const std::string& name, double value);
  NodeMaker& with_text(const std::string& name, const std::string& value);
  /// One more output, which nothing in the graph reads.
  NodeMaker& and_output(const std::string& name);
  const std::string& output() const { return output_; }

 private:
  formats::onnx::AttributeProto& attribute(const std::string& name, formats::onnx::AttributeProto::AttributeType type);

  formats::onnx::NodeProto* node_;
  std::string output_;
};

/// An ONNX graph that grows layer by layer: nodes, initializers with where they come from, and changes of layout, which
/// are inserted where a value is read in another layout than it has.
class GraphBuilder {
 public:
  /// `foreign` gives names, or is nullptr. The weights must outlive the builder.
  GraphBuilder(const formats::SafetensorsFile& weights, const Record* foreign);

  formats::onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  formats::onnx::ModelProto& model() { return model_; }
  const std::vector<formats::StreamedTensor>& initializers() const { return initializers_; }
  /// Layers and tensors that were written so far, and their names in the file.
  std::vector<LayerRecord>& layers() { return layers_; }

  /// From here on nodes and tensors are those of this layer of ours.
  void begin_layer(const std::string& layer, std::string_view type);
  /// The same for nodes that are added after all layers.
  void begin_part_of(const std::string& layer);
  /// Gives the layer's last value, if a node of the layer makes it, the layer's name.
  GraphValue end_layer(GraphValue value);

  /// A node of the layer. Without a suffix it is the main one, which has the layer's name.
  NodeMaker node(const std::string& op, const std::vector<std::string>& inputs, const std::string& suffix = "");
  /// The name of the layer in the graph, and of a part of it.
  std::string name_of(const std::string& suffix) const;

  /// The layer's tensor "kernel" as an initializer "<layer>.weight". `to` says its shape there and the order of axes;
  /// its names are filled in.
  std::string tensor(const std::string& ours, const std::string& foreign, TensorRecord to);
  /// Numbers that are not one of our tensors.
  std::string numbers(const std::string& suffix, const Shape& shape, const std::vector<double>& values);
  std::string whole_numbers(const std::string& suffix, const std::vector<std::int64_t>& values);
  std::string truth(const std::string& suffix, bool value);

  /// The value in another layout. Layout::flattened cannot be asked for.
  GraphValue in(const GraphValue& value, Layout layout);
  /// A batch of samples of this shape as the "shape" of a Reshape.
  NodeMaker reshape(const std::string& input, const Shape& sample, const std::string& suffix);

  /// Declares an input of the graph, or an output that is `value` under another name.
  void add_input(const GraphValue& value);
  /// A name is kept free for an output by reserve_output, which comes before the layers.
  void reserve_output(const std::string& name);
  /// Returns the output's name, which is another one where `name` is taken.
  std::string add_output(const GraphValue& value, const std::string& name);

 private:
  std::string unique(const std::string& name, std::set<std::string>& taken) const;
  void add_initializer(const std::string& name, Tensor tensor);
  void rename(const std::string& from, const std::string& to);
  std::string output_name(const std::string& wanted);
  /// The name that a value has now.
  std::string current(std::string name) const;
  bool is_made_here(const std::string& value) const;
  GraphValue transposed(const GraphValue& value, Layout layout);

  const formats::SafetensorsFile& weights_;
  const Record* foreign_;
  formats::onnx::ModelProto model_;
  std::vector<formats::StreamedTensor> initializers_;
  std::vector<LayerRecord> layers_;
  std::set<std::string> values_, nodes_;  ///< names that are taken
  std::set<std::string> reserved_;        ///< of the values', those that outputs will have
  std::map<std::pair<std::string, Layout>, GraphValue> in_layout_;
  std::map<std::string, std::string> renamed_;
  std::string layer_;                  ///< ours
  std::string layer_name_;             ///< in the graph
  int first_node_ = 0;                 ///< of the layer
  const LayerRecord* from_ = nullptr;  ///< the layer in the foreign record
};

}  // namespace evenkeel::interchange
