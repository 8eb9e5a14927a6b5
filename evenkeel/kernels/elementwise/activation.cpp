#include "evenkeel/kernels/elementwise/activation.h"

namespace evenkeel::kernels {

std::string_view name_of(Activation f) {
  switch (f) {
    case Activation::linear: return "linear";
    case Activation::relu: return "relu";
    case Activation::elu: return "elu";
    case Activation::sigmoid: return "sigmoid";
    case Activation::tanh: return "tanh";
    case Activation::leaky_relu: return "leaky_relu";
  }
  return "";
}

}  // namespace evenkeel::kernels
