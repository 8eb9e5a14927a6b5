#include "evenkeel/program/passes/fold_normalizations.h"

#include <algorithm>

#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/normalize.h"
#include "evenkeel/program/ops/scale_shift.h"
#include "evenkeel/program/passes/constants.h"
#include "evenkeel/program/passes/links.h"

namespace evenkeel::passes {
namespace {

class Folder {
 public:
  explicit Folder(Program& program) : program_(program), links_(program) {
    Constants constants(program);
    for (const Node& node : program.nodes()) constants.add(node);
    const auto& nodes = program.nodes();
    for (std::size_t line = 0; line < nodes.size(); ++line)
      if (const int before = convolution_before(nodes[line], constants); before >= 0)
        pairs_.emplace_back(before, static_cast<int>(line));
  }

  void run() {
    for (const auto& [convolution, normalization] : pairs_) join(convolution, normalization);
    for (const auto& [convolution, normalization] : pairs_) node(normalization).op = nullptr;
    std::erase_if(program_.mutable_nodes(), [](const Node& node) { return node.op == nullptr; });
  }

 private:
  Node& node(int line) { return program_.mutable_nodes()[static_cast<std::size_t>(line)]; }
  Value handle(int id) { return id < 0 ? Value() : program_.handle(id); }

  /// The line of the convolution that the normalization can be a part of, or -1.
  int convolution_before(const Node& reader, const Constants& constants) const {
    const auto* normalize = dynamic_cast<const ops::Normalize*>(reader.op.get());
    if (!normalize || !normalize->is_per_channel()) return -1;
    if (!constants.holds(reader.inputs[3]) || !constants.holds(reader.inputs[4])) return -1;
    const int between = reader.inputs[0], before = links_.made_in(between);
    if (before < 0 || !links_.is_read_once(program_, between)) return -1;
    const Node& maker = program_.nodes()[static_cast<std::size_t>(before)];
    const auto* convolution = dynamic_cast<const ops::Convolution*>(maker.op.get());
    return convolution && convolution->is_linear() && is_kernel(maker.inputs[1]) ? before : -1;
  }

  /// Whether the value is a parameter, or one in another type or shape.
  bool is_kernel(int id) const {
    const int made = links_.made_in(id);
    if (made < 0) return program_.value(id).role == Role::parameter;
    const Node& maker = program_.nodes()[static_cast<std::size_t>(made)];
    return (is_cast(maker) || maker.op->is_view()) && is_kernel(maker.inputs[0]);
  }
  static bool is_cast(const Node& node) { return dynamic_cast<const ops::Cast*>(node.op.get()) != nullptr; }

  void join(int convolution, int normalization) {
    const std::vector<int> c = node(convolution).inputs, n = node(normalization).inputs;
    program_.set_label(node(normalization).label);
    program_.set_phase(Phase::forward);
    const Value bias = handle(c[2]), gamma = handle(n[1]), beta = handle(n[2]), mean = handle(n[3]);
    const Value inverse = handle(n[4]);
    const Value scale = gamma ? program_.emit_one(ops::Multiply(), {gamma, inverse}, "scale") : inverse;
    const Value offset = bias ? program_.emit_one(ops::Subtract(), {mean, bias}) : mean;
    const Value less = program_.emit_one(ops::Multiply(), {offset, scale});
    const Value new_bias = beta ? program_.emit_one(ops::Subtract(), {beta, less}, "folded_bias")
                                : program_.emit_one(ops::ScaleOffset(-1, 0), {less}, "folded_bias");
    const Value new_kernel = scaled(handle(c[1]), scale);
    Node& joined = node(convolution);
    joined.inputs = {c[0], new_kernel.id(), new_bias.id()};
    joined.outputs[0] = node(normalization).outputs[0];
  }

  /// The kernel times a number for each output; in bfloat16 multiplied before it is rounded.
  Value scaled(Value kernel, Value scale) {
    const Value zero = program_.emit_one(ops::Fill(scale.shape(), scale.type().dtype, 0.0), {});
    const Value product = program_.emit_one(ops::ScaleShift(), {precise(kernel), scale, zero}, "folded_kernel");
    return ops::cast(product, kernel.type().dtype);
  }

  /// The kernel before it was rounded.
  Value precise(Value kernel) {
    const int made = links_.made_in(kernel.id());
    if (made < 0) return kernel;
    const Value source = handle(node(made).inputs[0]), before = precise(source);
    if (is_cast(node(made))) return before;
    return before == source ? kernel : program_.emit_one(node(made).op, {before});
  }

  Program& program_;
  Links links_;
  std::vector<std::pair<int, int>> pairs_;  ///< lines of convolutions and of the normalizations after them
};

}  // namespace

void fold_normalizations(Program& program) { Folder(program).run(); }

}  // namespace evenkeel::passes
