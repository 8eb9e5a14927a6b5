#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/onnx/freed_memory.h"
#include "evenkeel/interchange/onnx/graph.h"
#include "evenkeel/interchange/onnx/names.h"
#include "evenkeel/interchange/onnx/operands.h"
#include "evenkeel/interchange/onnx/view.h"

namespace evenkeel::interchange::onnx {

/// A tensor of a layer: one of the file's constants in another layout, or numbers that were computed.
struct Weight {
  std::string tensor;          ///< "kernel"
  Shape ours;                  ///< the shape that our layer expects
  std::string constant = {};   ///< the file's value; empty: `computed`
  Sizes seen = {};             ///< the constant seen in this shape (empty: its own)
  std::vector<int> axes = {};  ///< with its axes in this order (empty: as they are)
  Tensor computed = {};
};

/// The model in the making: what each value of the file is here, and functions that append layers.
class Converter {
 public:
  Converter(Graph& graph, Record& record, std::string where, std::string name);

  /// Makes layers of all nodes. Throws one Error of kind unsupported for all that cannot become layers.
  Imported convert();

  Graph& graph() { return graph_; }
  Record& record() { return record_; }
  /// Whether the file has layers in their training form, so that those without it were frozen.
  bool is_training_form() const { return training_form_; }

  /// What a value of the file is here. Throws Error of kind unsupported if it is a constant.
  const View& view(const Node& node, std::size_t i = 0) const;
  void set(const std::string& value, View view);
  /// A moving statistic that a training form yields: an output of the file, but not of the model.
  void set_state(const std::string& value, const std::string& layer) { states_[value] = layer; }

  /// The view with the file's axes in this order and (unless it is empty) our shape; appends Permute and Reshape layers
  /// where they are needed.
  View ordered(const Node& node, const View& view, const std::vector<int>& order, const Sizes& ours = {});
  /// The same with ours in its own order.
  View in_shape(const Node& node, const View& view, const Sizes& ours);
  /// An image [C, positions ...] of the file as [positions ..., C] here.
  View channels_last(const Node& node, const View& view);

  /// Appends a layer that a node of the file becomes, and returns its name. `inputs` are ours.
  std::string add(const Node& node, Layer layer, const std::vector<std::string>& inputs,
                  std::vector<Weight> weights = {});
  /// Appends one that only helps: it is not in the record.
  std::string help(const Node& node, Layer layer, const std::string& input, const std::string& suffix,
                   std::vector<Weight> weights = {});
  /// The numbers of a constant as float32, in the file's layout.
  Tensor numbers(const Node& node, const std::string& constant) const;

 private:
  struct Refused {
    const Node* node;
    std::string reason;
  };

  void add_inputs(std::string name);
  void convert_node(Node& node);
  void release(const Node& node);
  void set_outputs();
  PortRecord port_of(const std::string& name, const std::string& foreign, const View& view) const;
  std::string append(Layer layer, const std::string& name, const std::vector<std::string>& inputs,
                     std::vector<Weight> weights, LayerRecord* entry);
  Tensor laid_out(const Weight& weight, const std::string& layer, TensorRecord& entry);
  [[noreturn]] void fail_unsupported() const;

  Graph& graph_;
  Record& record_;
  std::string where_;
  Names names_;
  bool training_form_ = false;
  std::optional<Model> model_;
  formats::SafetensorsFile weights_;
  std::map<std::string, View> views_;
  std::map<std::string, View> ordered_;  ///< by layer, order and shape: layers that were appended for it
  std::map<std::string, std::string> states_;
  std::map<std::string, std::string> used_;  ///< initializers, and the tensor of ours that each became first
  std::map<std::string, std::size_t> uses_;  ///< nodes that still need a constant
  FreedMemory freed_;
  std::vector<Refused> refused_;
};

/// Makes layers of a node; nullptr for an operator that is not known.
using Operator = void (*)(Converter&, const Node&);
Operator find_operator(const Node& node);

// The operators by family; each adds its own to the list, whose keys are "Conv" or "evenkeel.Swish".
using Operators = std::map<std::string, Operator>;
void add_linear_operators(Operators& all);
void add_normalizations(Operators& all);
void add_activations(Operators& all);
void add_arithmetic(Operators& all);
void add_poolings(Operators& all);
void add_shape_operators(Operators& all);
void add_slices(Operators& all);
void add_resizing(Operators& all);
void add_own_operators(Operators& all);

/// y = scale * x + shift, whose numbers vary along whatever axes of the value. Empty tensors: 1 and 0. Constants of the
/// file by name where they are used as they are.
struct ScaleAndShift {
  Tensor scale = {}, shift = {};
  std::string scale_constant = {}, shift_constant = {};
};
View scaled(Converter& converter, const Node& node, const View& x, ScaleAndShift by);

/// Rewrites the graph before it is converted: padding into convolutions, additions into biases, scales and shifts
/// together.
void prepare(Graph& graph);

/// What the file cannot tell, after the conversion.
void note_losses(const Graph& graph, Record& record, bool training_form);

}  // namespace evenkeel::interchange::onnx
