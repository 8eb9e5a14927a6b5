#pragma once

#include <string>
#include <vector>

#include "evenkeel/interchange/keras/file.h"

namespace evenkeel::interchange::keras {

/// Numbers and lists as plain JSON, without what Keras wraps around arrays and tuples.
Json plain(const Json& value);
/// The class of a serialized object: "Conv2D", of "Custom>Adam" the "Adam"; empty if there is none.
std::string class_of(const Json& object);

/// The output of a layer, as another reads it.
struct Output {
  std::string layer = {};
  std::size_t index = 0;  ///< of a model's outputs
};

/// What a layer is called with.
struct Argument {
  std::string name = {};  ///< empty: by position
  bool is_output = false;
  Output output = {};
  Json constant = {};
};
struct Call {
  std::vector<Argument> arguments = {};
  /// The outputs among the arguments, in their order.
  std::vector<Output> outputs() const;
  /// A keyword's constant; null where there is none.
  Json keyword(const std::string& name) const;
};

/// A layer as a file describes it, or a model with its layers.
struct Node {
  std::string type = {}, name = {};
  std::string module = {};  ///< "keras.src.ops.numpy" of an operation
  Json config = {};
  std::vector<Call> calls = {};  ///< by Keras: the times it is used

  // Of a model:
  bool is_model = false;
  std::vector<Node> layers = {};
  std::vector<std::string> inputs = {};  ///< its InputLayers
  std::vector<Output> outputs = {};
  std::vector<std::string> output_names = {};  ///< where Keras has given names

  /// Whether it is no layer but a function of arrays: x + y. An .h5 file does not say so: there it is one if it has no
  /// module and is called with a number, as no layer is.
  bool is_operation() const;
};

/// The model that a config describes. A Sequential becomes a graph. Throws Error for what is no such config.
Node graph_of(const Json& config, const std::string& where);

}  // namespace evenkeel::interchange::keras
