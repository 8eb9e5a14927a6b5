#include "evenkeel/interchange/onnx/graph.h"

#include <algorithm>
#include <stdexcept>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel::interchange::onnx {
namespace {

const std::string kNoValue;
const std::vector<Node*> kNobody;

template <class T>
T typed_attribute(const Node& node, const std::string& name, T fallback, const char* expected) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return fallback;
  if (const T* value = std::get_if<T>(&found->second)) return *value;
  throw Error{{.where = node.where(),
               .expected = "attribute \"" + printable(name) + "\": " + expected,
               .received = "another type"}};
}

bool contains(std::span<Node* const> nodes, const Node* one) { return std::ranges::find(nodes, one) != nodes.end(); }

}  // namespace

const std::string& Node::input(std::size_t i) const { return i < inputs.size() ? inputs[i] : kNoValue; }
const std::string& Node::output(std::size_t i) const { return i < outputs.size() ? outputs[i] : kNoValue; }

std::int64_t Node::integer(const std::string& attribute, std::int64_t fallback) const {
  return typed_attribute(*this, attribute, fallback, "a whole number");
}

double Node::number(const std::string& attribute, double fallback) const {
  return typed_attribute(*this, attribute, fallback, "a number");
}

std::string Node::text(const std::string& attribute, const std::string& fallback) const {
  return typed_attribute(*this, attribute, fallback, "a text");
}

std::vector<std::int64_t> Node::integers(const std::string& attribute, std::vector<std::int64_t> fallback) const {
  return typed_attribute(*this, attribute, std::move(fallback), "whole numbers");
}

std::vector<double> Node::numbers(const std::string& attribute) const {
  return typed_attribute(*this, attribute, std::vector<double>(), "numbers");
}

std::string Node::where() const {
  return "node \"" + printable(shortened(title(), 100)) + "\" (" + printable(shortened(op, 60)) + ')';
}

Node& Graph::append(Node node) {
  nodes_.push_back(std::move(node));
  places_[&nodes_.back()] = std::prev(nodes_.end());
  enter(nodes_.back());
  return nodes_.back();
}

Node& Graph::insert_before(const Node& other, Node node) {
  const auto added = nodes_.insert(place_of(other), std::move(node));
  places_[&*added] = added;
  enter(*added);
  return *added;
}

Node& Graph::insert_after(const Node& other, Node node) {
  const auto added = nodes_.insert(std::next(place_of(other)), std::move(node));
  places_[&*added] = added;
  enter(*added);
  return *added;
}

Node* Graph::producer(const std::string& value) {
  const auto found = producers_.find(value);
  return found == producers_.end() ? nullptr : found->second;
}

const std::vector<Node*>& Graph::consumers(const std::string& value) const {
  const auto found = consumers_.find(value);
  return found == consumers_.end() ? kNobody : found->second;
}

Node* Graph::only_consumer(const std::string& value) {
  const std::vector<Node*>& readers = consumers(value);
  return readers.size() == 1 && !is_output(value) ? readers.front() : nullptr;
}

bool Graph::is_output(const std::string& value) const { return std::ranges::find(outputs, value) != outputs.end(); }

const Constant* Graph::constant_entry(const std::string& value) const {
  const auto found = constants_.find(value);
  return found == constants_.end() ? nullptr : &found->second;
}

const Tensor* Graph::constant(const std::string& value) const {
  const Constant* entry = constant_entry(value);
  return entry ? &entry->value : nullptr;
}

std::optional<double> Graph::scalar(const std::string& value) const {
  const Tensor* tensor = constant(value);
  if (!tensor || tensor->shape().size() == 0) return {};
  const Tensor numbers = converted(*tensor, DType::float64);
  const auto all = numbers.as<double>();
  if (std::ranges::any_of(all, [&](double x) { return x != all[0]; })) return {};
  return all[0];
}

void Graph::set_constant(const std::string& value, Constant constant) {
  shapes_.erase(value);
  constants_[value] = std::move(constant);
}

std::string Graph::add_constant(const std::string& like, Tensor value) {
  std::string name = free_name(like);
  set_constant(name, {.value = std::move(value)});
  return name;
}

const Sizes* Graph::shape(const std::string& value) const {
  if (const auto found = shapes_.find(value); found != shapes_.end()) return &found->second;
  const Constant* entry = constant_entry(value);
  if (!entry) return nullptr;
  const auto sizes = entry->value.shape().sizes();
  return &(shapes_[value] = Sizes(sizes.begin(), sizes.end()));
}

int Graph::rank(const std::string& value) const {
  const Sizes* sizes = shape(value);
  return sizes ? static_cast<int>(sizes->size()) : -1;
}

bool Graph::are_alone(std::span<Node* const> nodes, const std::string& output) const {
  for (const Node* node : nodes)
    for (const std::string& made : node->outputs) {
      if (made == output || made.empty()) continue;
      if (is_output(made)) return false;
      for (const Node* reader : consumers(made))
        if (!contains(nodes, reader)) return false;
    }
  return true;
}

Node& Graph::replace(std::span<Node* const> nodes, Node fresh) {
  if (nodes.empty()) throw std::logic_error("no nodes to replace");
  // The maker of the one value that others read comes after all that it depends on.
  const Node* maker = producer(fresh.output());
  auto last = nodes_.begin();
  if (maker && contains(nodes, maker))
    last = place_of(*maker);
  else
    for (auto place = nodes_.begin(); place != nodes_.end(); ++place)
      if (contains(nodes, &*place)) last = place;
  for (const Node* node : nodes) {
    if (!node->origins.empty())
      fresh.origins.insert(fresh.origins.end(), node->origins.begin(), node->origins.end());
    else
      fresh.origins.push_back(node->title());
  }
  if (fresh.name.empty()) fresh.name = last->name;
  if (fresh.call.empty()) fresh.module = last->module, fresh.call = last->call;
  const auto added = nodes_.insert(std::next(last), std::move(fresh));
  for (Node* node : nodes) {
    for (const std::string& made : node->outputs)
      if (std::ranges::find(added->outputs, made) == added->outputs.end()) shapes_.erase(made);
    leave(*node);
    nodes_.erase(place_of(*node));
    places_.erase(node);
  }
  places_[&*added] = added;
  enter(*added);
  return *added;
}

void Graph::bypass(Node& node, const std::string& value) {
  const std::string made = node.output();
  const std::vector<Node*> readers = consumers(made);
  for (Node* reader : readers)
    for (std::size_t i = 0; i < reader->inputs.size(); ++i)
      if (reader->inputs[i] == made) set_input(*reader, i, value);
  if (!is_output(made)) return remove(node);
  leave(node);
  node = Node{.op = "Identity",
              .domain = {},
              .name = node.name,
              .inputs = {value},
              .outputs = {made},
              .attributes = {},
              .origins = node.origins,
              .module = node.module,
              .call = node.call};
  enter(node);
}

void Graph::remove(Node& node) {
  leave(node);
  const auto place = place_of(node);
  places_.erase(&node);
  nodes_.erase(place);
}

void Graph::set_input(Node& node, std::size_t i, const std::string& value) {
  leave(node);
  node.inputs.at(i) = value;
  enter(node);
}

std::string Graph::free_name(const std::string& like) const {
  const auto is_taken = [&](const std::string& name) {
    return producers_.contains(name) || constants_.contains(name) || shapes_.contains(name) ||
           std::ranges::find(inputs, name, &Port::name) != inputs.end();
  };
  std::string name = like;
  for (int i = 1; is_taken(name); ++i) name = like + '_' + std::to_string(i);
  return name;
}

void Graph::enter(Node& node) {
  for (const std::string& made : node.outputs)
    if (!made.empty()) producers_[made] = &node;
  for (const std::string& read : node.inputs) {
    if (read.empty()) continue;
    std::vector<Node*>& readers = consumers_[read];
    if (std::ranges::find(readers, &node) == readers.end()) readers.push_back(&node);
  }
}

void Graph::leave(Node& node) {
  for (const std::string& made : node.outputs)
    if (const auto found = producers_.find(made); found != producers_.end() && found->second == &node)
      producers_.erase(found);
  for (const std::string& read : node.inputs)
    if (const auto found = consumers_.find(read); found != consumers_.end()) std::erase(found->second, &node);
}

std::list<Node>::iterator Graph::place_of(const Node& node) { return places_.at(&node); }

}  // namespace evenkeel::interchange::onnx
