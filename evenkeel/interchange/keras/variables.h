#pragma once

#include <map>
#include <string>
#include <vector>

#include "evenkeel/interchange/keras/graph.h"

namespace evenkeel::interchange::keras {

/// Where a file has the variables of the layers of one model.
class Variables {
 public:
  /// Of the whole file's model.
  explicit Variables(const File& file);

  /// Goes on to the next of the model's layers; the others are asked of the same one. Layers come in the order of the
  /// config: a .keras file counts those of a class.
  void next(const Node& layer);
  /// The layer's variables, in Keras's order; `names` are those that are wanted: "kernel", "moving_mean".
  std::vector<const formats::Hdf5Object*> all(const Node& layer, const std::vector<std::string>& names);
  /// Of a layer that is a model.
  Variables inside(const Node& model);

 private:
  /// A weight of a nested model in an .h5 file: all of them are in one list.
  struct Named {
    std::string layer, variable;
    const formats::Hdf5Object* object;
    bool taken = false;
  };

  std::vector<const formats::Hdf5Object*> listed(const Node& layer);
  std::vector<const formats::Hdf5Object*> taken(const Node& layer, const std::vector<std::string>& names);

  const File* file_;
  std::string folder_;                ///< "layers" of a .keras file, of a nested model "layers/sequential/layers"
  std::map<std::string, int> count_;  ///< layers of a class so far
  std::string place_;                 ///< of the current layer
  std::shared_ptr<std::vector<Named>> pool_ = {};
};

}  // namespace evenkeel::interchange::keras
