#pragma once

namespace evenkeel {

enum class Mode { train, evaluate };

/// Which statistics a normalization uses.
enum class Statistics { batch, moving, supplied };

/// How one layer behaves in a run. It can be set for each layer, at run time, without compiling again.
struct LayerMode {
  Statistics statistics = Statistics::batch;
  bool update_statistics = true;  ///< moving statistics follow the batch's
  bool dropout = true;
  bool operator==(const LayerMode&) const = default;

  static LayerMode of(Mode mode) {
    return mode == Mode::train ? LayerMode{} : LayerMode{Statistics::moving, false, false};
  }
};

}  // namespace evenkeel
