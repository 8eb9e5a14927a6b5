#include "evenkeel/interchange/onnx/graph_builder.h"

#include <algorithm>
#include <numeric>

#include "evenkeel/base/error.h"
#include "evenkeel/interchange/layout.h"

namespace evenkeel::interchange {
namespace {

using formats::onnx::AttributeProto;
using formats::onnx::TensorProto;

void describe_port(formats::onnx::ValueInfoProto& port, const GraphValue& value, const std::string& name) {
  port.set_name(name);
  auto& type = *port.mutable_type()->mutable_tensor_type();
  type.set_elem_type(TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("N");
  for (const std::int64_t size : value.sample().sizes()) type.mutable_shape()->add_dim()->set_dim_value(size);
}

/// "a" of "a, b, c"
std::string first_of(const std::string& names) { return names.substr(0, names.find(", ")); }

}  // namespace

Shape channels_first(const Shape& sample) {
  std::vector<std::int64_t> sizes(sample.sizes().begin(), sample.sizes().end());
  if (!sizes.empty()) std::rotate(sizes.begin(), sizes.end() - 1, sizes.end());
  return Shape(sizes);
}

bool is_order_free(const Shape& sample) {
  return sample.rank() < 2 || sample.back() == 1 || sample.back() == sample.size();
}

Shape GraphValue::sample() const {
  return layout == Layout::channels_first ? evenkeel::interchange::channels_first(ours) : ours;
}

AttributeProto& NodeMaker::attribute(const std::string& name, AttributeProto::AttributeType type) {
  AttributeProto& attribute = *node_->add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

NodeMaker& NodeMaker::with(const std::string& name, std::int64_t value) {
  attribute(name, AttributeProto::INT).set_i(value);
  return *this;
}

NodeMaker& NodeMaker::with(const std::string& name, const std::vector<std::int64_t>& values) {
  AttributeProto& list = attribute(name, AttributeProto::INTS);
  for (const std::int64_t value : values) list.add_ints(value);
  return *this;
}

NodeMaker& NodeMaker::with_real(const std::string& name, double value) {
  attribute(name, AttributeProto::FLOAT).set_f(static_cast<float>(value));
  return *this;
}

NodeMaker& NodeMaker::with_text(const std::string& name, const std::string& value) {
  attribute(name, AttributeProto::STRING).set_s(value);
  return *this;
}

NodeMaker& NodeMaker::and_output(const std::string& name) {
  node_->add_output(name);
  return *this;
}

GraphBuilder::GraphBuilder(const formats::SafetensorsFile& weights, const Record* foreign)
    : weights_(weights), foreign_(foreign) {}

std::string GraphBuilder::unique(const std::string& name, std::set<std::string>& taken) const {
  std::string free = name;
  for (int i = 1; !taken.insert(free).second; ++i) free = name + "_" + std::to_string(i);
  return free;
}

void GraphBuilder::begin_layer(const std::string& layer, std::string_view type) {
  layer_ = layer;
  begin_part_of(layer);
  layers_.push_back({.name = layer, .foreign = layer_name_, .type = std::string(type), .tensors = {}});
}

void GraphBuilder::begin_part_of(const std::string& layer) {
  from_ = foreign_ ? foreign_->find(layer) : nullptr;
  layer_name_ = from_ && !from_->foreign.empty() ? first_of(from_->foreign) : layer;
  first_node_ = graph().node_size();
}

bool GraphBuilder::is_made_here(const std::string& value) const {
  for (int i = first_node_; i < model_.graph().node_size(); ++i)
    if (model_.graph().node(i).output(0) == value) return true;
  return false;
}

GraphValue GraphBuilder::end_layer(GraphValue value) {
  if (first_node_ == graph().node_size()) layers_.pop_back();  // nothing of it is in the file
  for (int i = first_node_; i < model_.graph().node_size(); ++i)
    if (model_.graph().node(i).name() == layer_name_) layers_.back().type = model_.graph().node(i).op_type();
  if (!is_made_here(value.name) || value.name == layer_name_ || reserved_.contains(layer_name_)) return value;
  const std::string name = unique(layer_name_, values_);
  rename(value.name, name);
  value.name = name;
  return value;
}

std::string GraphBuilder::name_of(const std::string& suffix) const {
  return suffix.empty() ? layer_name_ : layer_name_ + '/' + suffix;
}

NodeMaker GraphBuilder::node(const std::string& op, const std::vector<std::string>& inputs, const std::string& suffix) {
  auto& node = *graph().add_node();
  for (const std::string& input : inputs) node.add_input(input);
  const std::string output = unique(name_of(suffix.empty() ? "output" : suffix), values_);
  node.add_output(output);
  node.set_name(unique(name_of(suffix), nodes_));
  node.set_op_type(op);
  return NodeMaker(node, output);
}

std::string GraphBuilder::tensor(const std::string& ours, const std::string& foreign, TensorRecord to) {
  to.name = layer_ + '/' + ours;
  std::string wanted = layer_name_ + '.' + foreign;
  if (from_ && foreign_->format == "onnx")  // other formats name and order tensors in another way
    for (const TensorRecord& known : from_->tensors)
      if (known.name == to.name && !known.foreign.empty()) wanted = known.foreign;
  to.foreign = unique(wanted, values_);
  const Tensor* values = weights_.find(to.name);
  if (!values) throw Error{{.where = to.name, .expected = "a tensor of this name", .received = "none"}};
  initializers_.push_back(
      {.name = to.foreign, .shape = to.foreign_shape, .dtype = DType::float32, .elements = [values, to] {
         return converted(to_foreign(*values, to), DType::float32);
       }});
  layers_.back().tensors.push_back(to);
  return to.foreign;
}

void GraphBuilder::add_initializer(const std::string& name, Tensor tensor) {
  const auto held = std::make_shared<const Tensor>(std::move(tensor));
  initializers_.push_back(
      {.name = name, .shape = held->shape(), .dtype = held->dtype(), .elements = [held] { return held->clone(); }});
}

std::string GraphBuilder::numbers(const std::string& suffix, const Shape& shape, const std::vector<double>& values) {
  const std::string name = unique(layer_name_ + '.' + suffix, values_);
  add_initializer(name, converted(Tensor::of<double>(shape, values), DType::float32));
  return name;
}

std::string GraphBuilder::whole_numbers(const std::string& suffix, const std::vector<std::int64_t>& values) {
  const std::string name = unique(layer_name_ + '.' + suffix, values_);
  add_initializer(name, Tensor::of<std::int64_t>({std::ssize(values)}, values));
  return name;
}

std::string GraphBuilder::truth(const std::string& suffix, bool value) {
  const std::string name = unique(layer_name_ + '.' + suffix, values_);
  const std::uint8_t byte = value ? 1 : 0;
  add_initializer(name, Tensor::of<std::uint8_t>(Shape(), std::span(&byte, 1)));
  return name;
}

NodeMaker GraphBuilder::reshape(const std::string& input, const Shape& sample, const std::string& suffix) {
  std::vector<std::int64_t> sizes = {0};  // as many samples as there are
  sizes.insert(sizes.end(), sample.sizes().begin(), sample.sizes().end());
  return node("Reshape", {input, whole_numbers(suffix.empty() ? "shape" : suffix + "_shape", sizes)}, suffix);
}

GraphValue GraphBuilder::transposed(const GraphValue& value, Layout layout) {
  GraphValue result = value;
  result.layout = layout;
  if (is_order_free(value.ours)) {
    result.name = reshape(value.name, result.sample(), "reshaped").output();
    return result;
  }
  const bool to_first = layout == Layout::channels_first;
  std::vector<std::int64_t> order(static_cast<std::size_t>(value.rank()));
  std::iota(order.begin(), order.end(), 0);
  if (to_first)
    std::rotate(order.begin() + 1, order.end() - 1, order.end());
  else
    std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  result.name =
      node("Transpose", {value.name}, to_first ? "channels_first" : "channels_last").with("perm", order).output();
  return result;
}

GraphValue GraphBuilder::in(const GraphValue& value, Layout layout) {
  if (value.layout == layout) return value;
  if (value.ours.rank() < 2 && value.layout != Layout::flattened) return value;
  const auto known = in_layout_.find({value.name, layout});
  if (known != in_layout_.end()) return known->second;
  GraphValue result;
  if (value.layout == Layout::flattened) {
    const GraphValue images{.name = reshape(value.name, channels_first(value.images), "images").output(),
                            .ours = value.images,
                            .layout = Layout::channels_first};
    const std::string back = in(images, Layout::ours).name;
    result = {.name = node("Flatten", {back}, "flattened").with("axis", 1).output(), .ours = value.ours};
  } else {
    result = transposed(value, layout);
  }
  in_layout_[{value.name, layout}] = result;
  return result;
}

void GraphBuilder::rename(const std::string& from, const std::string& to) {
  for (auto& node : *graph().mutable_node()) {
    for (std::string& input : *node.mutable_input())
      if (input == from) input = to;
    for (std::string& output : *node.mutable_output())
      if (output == from) output = to;
  }
  renamed_[from] = to;
}

std::string GraphBuilder::current(std::string name) const {
  for (auto found = renamed_.find(name); found != renamed_.end(); found = renamed_.find(name)) name = found->second;
  return name;
}

void GraphBuilder::add_input(const GraphValue& value) {
  values_.insert(value.name);
  describe_port(*graph().add_input(), value, value.name);
}

void GraphBuilder::reserve_output(const std::string& name) {
  if (values_.insert(name).second) reserved_.insert(name);
}

std::string GraphBuilder::output_name(const std::string& wanted) {
  return reserved_.erase(wanted) > 0 ? wanted : unique(wanted, values_);
}

std::string GraphBuilder::add_output(const GraphValue& given, const std::string& name) {
  GraphValue value = given;
  value.name = current(value.name);
  const auto is_port = [&](const auto& ports) {
    return std::ranges::any_of(ports, [&](const auto& port) { return port.name() == value.name; });
  };
  if (is_port(graph().input()) || is_port(graph().output())) {  // a port has one name
    const std::string output = value.name == name ? unique(name + "_output", values_) : output_name(name);
    auto& node = *graph().add_node();
    node.add_input(value.name);
    node.add_output(output);
    node.set_name(unique(name, nodes_));
    node.set_op_type("Identity");
    describe_port(*graph().add_output(), value, output);
    return output;
  }
  std::string output = name;
  if (value.name != name) {
    output = output_name(name);
    rename(value.name, output);
  }
  describe_port(*graph().add_output(), value, output);
  return output;
}

}  // namespace evenkeel::interchange
