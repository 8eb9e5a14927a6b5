#include "evenkeel/kernels/elementwise/activation.h"

#include <fmt/format.h>

namespace evenkeel::kernels {

std::string name_of(const Activation& f) {
  using enum Activation::Kind;
  switch (f.kind) {
    case linear: return "linear";
    case relu: return "relu";
    case elu: return f == Activation::elu ? "elu" : fmt::format("elu({})", f.a);
    case sigmoid: return "sigmoid";
    case Activation::Kind::tanh: return "tanh";
    case leaky_relu: return f == Activation::leaky_relu ? "leaky_relu" : fmt::format("leaky_relu({})", f.a);
    case selu: return "selu";
    case clip: return f == Activation::relu6 ? "relu6" : fmt::format("clip({}, {})", f.a, f.b);
    case softplus: return "softplus";
    case softsign: return "softsign";
    case hard_sigmoid: return "hard_sigmoid";
    case gelu: return "gelu";
    case gelu_tanh: return "gelu_tanh";
    case silu: return "silu";
    case mish: return "mish";
    case hard_swish: return "hard_swish";
  }
  return "";
}

}  // namespace evenkeel::kernels
