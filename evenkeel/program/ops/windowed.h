#pragma once

#include "evenkeel/program/op.h"
#include "evenkeel/program/ops/window.h"

namespace evenkeel::ops {

/// An op with a window that slides over images.
class Windowed : public Op {
 public:
  const WindowOptions& window() const { return window_; }
  std::string detail() const override { return to_string(window_); }

 protected:
  explicit Windowed(WindowOptions window) : window_(window) {}
  /// The window over images of this shape.
  kernels::Window over(const Shape& x) const { return window_over(x, window_); }

 private:
  WindowOptions window_;
};

}  // namespace evenkeel::ops
