#include <algorithm>
#include <array>
#include <map>

#include "evenkeel/interchange/onnx/operands.h"
#include "evenkeel/interchange/onnx/simplify.h"

namespace evenkeel::interchange::onnx {
namespace {

using Infer = Sizes (*)(const Graph&, const Node&, const Sizes& in);

constexpr std::array kSame = {"Identity",
                              "Relu",
                              "LeakyRelu",
                              "PRelu",
                              "Elu",
                              "Selu",
                              "Celu",
                              "Sigmoid",
                              "HardSigmoid",
                              "HardSwish",
                              "Gelu",
                              "Mish",
                              "Softplus",
                              "Softsign",
                              "Clip",
                              "Tanh",
                              "Erf",
                              "Softmax",
                              "LogSoftmax",
                              "Dropout",
                              "Cast",
                              "CastLike",
                              "Neg",
                              "Abs",
                              "Sqrt",
                              "Exp",
                              "Log",
                              "Reciprocal",
                              "Floor",
                              "Ceil",
                              "Round",
                              "Swish",
                              "ThresholdedRelu",
                              "BatchNormalization",
                              "InstanceNormalization",
                              "GroupNormalization",
                              "LayerNormalization",
                              "RMSNormalization",
                              "LpNormalization",
                              "LRN",
                              "ChannelShuffle"};
constexpr std::array kBroadcast = {
    "Add",   "Sub",   "Mul",     "Div",  "Pow", "Max", "Min", "Mean",           "Sum",
    "Where", "Equal", "Greater", "Less", "Mod", "And", "Or",  "GreaterOrEqual", "LessOrEqual"};

Sizes spatial_of(const Sizes& in) { return {in.begin() + 2, in.end()}; }

Sizes with_spatial(const Sizes& in, std::int64_t channels, const Sizes& spatial) {
  Sizes result{in[0], channels};
  result.insert(result.end(), spatial.begin(), spatial.end());
  return result;
}

void require_rank(const Node& node, const Sizes& in, std::size_t least) {
  if (in.size() < least) refuse(node, "an input of at least " + std::to_string(least) + " axes", to_text(in));
}

/// The attribute repeats what the weights say.
void require_kernel_of(const Node& node, const Sizes& weights) {
  if (weights.size() < 3) refuse(node, "weights with a window", to_text(weights));
  const Sizes kernel = spatial_of(weights);
  if (node.integers("kernel_shape", kernel) != kernel)
    refuse(node, "the kernel_shape " + to_text(kernel) + " of its weights", to_text(node.integers("kernel_shape")));
}

Sizes convolution(const Graph& graph, const Node& node, const Sizes& in) {
  require_rank(node, in, 3);
  const Sizes& weights = shape_of(graph, node, 1);
  if (weights.size() != in.size()) refuse(node, "weights of as many axes as the input", to_text(weights));
  require_kernel_of(node, weights);
  const std::int64_t groups = node.integer("group", 1);
  if (groups < 1 || weights[1] < 1 || in[1] % groups != 0 || in[1] / groups != weights[1] || weights[0] % groups != 0)
    refuse(node, "weights for " + std::to_string(in[1]) + " channels in " + std::to_string(groups) + " groups",
           to_text(weights));
  return with_spatial(in, weights[0], window_of(node, spatial_of(in), spatial_of(weights)).outputs);
}

Sizes transposed_convolution(const Graph& graph, const Node& node, const Sizes& in) {
  require_rank(node, in, 3);
  const Sizes& weights = shape_of(graph, node, 1);
  require_kernel_of(node, weights);
  const std::int64_t groups = node.integer("group", 1);
  if (weights.size() != in.size() || groups < 1 || weights[0] != in[1] || in[1] % groups != 0)
    refuse(node, "weights for " + std::to_string(in[1]) + " channels", to_text(weights));
  return with_spatial(in, weights[1] * groups, transposed_window_of(node, spatial_of(in), spatial_of(weights)).outputs);
}

Sizes pooling(const Graph&, const Node& node, const Sizes& in) {
  require_rank(node, in, 3);
  return with_spatial(in, in[1], window_of(node, spatial_of(in), node.integers("kernel_shape")).outputs);
}

Sizes global_pooling(const Graph&, const Node& node, const Sizes& in) {
  require_rank(node, in, 3);
  return with_spatial(in, in[1], Sizes(in.size() - 2, 1));
}

Sizes reduction(const Graph& graph, const Node& node, const Sizes& in) {
  const auto named = list_of(graph, node, "axes", 1);
  if ((!named || named->empty()) && node.integer("noop_with_empty_axes", 0) != 0) return in;
  std::vector<int> axes;
  if (named) axes = axes_of(*named, static_cast<int>(in.size()), node);
  const bool all = axes.empty(), keep = node.integer("keepdims", 1) != 0;
  Sizes result;
  for (int i = 0; i < static_cast<int>(in.size()); ++i) {
    const bool gone = all || std::ranges::find(axes, i) != axes.end();
    if (!gone) result.push_back(in[static_cast<std::size_t>(i)]);
    if (gone && keep) result.push_back(1);
  }
  return result;
}

Sizes product_of_matrices(const Graph& graph, const Node& node, const Sizes& in) {
  const Sizes& other = shape_of(graph, node, 1);
  if (in.empty() || other.empty()) refuse(node, "two matrices", to_text(in) + " and " + to_text(other));
  const std::int64_t inner = other.size() == 1 ? other[0] : other[other.size() - 2];
  if (in.back() != inner) refuse(node, "matrices that go together", to_text(in) + " and " + to_text(other));
  const Sizes a(in.begin(), in.end() - std::min<std::ptrdiff_t>(2, std::ssize(in)));
  const Sizes b(other.begin(), other.end() - std::min<std::ptrdiff_t>(2, std::ssize(other)));
  Sizes result = broadcast(a, b, node);
  if (in.size() > 1) result.push_back(in[in.size() - 2]);
  if (other.size() > 1) result.push_back(other.back());
  return result;
}

Sizes gemm(const Graph& graph, const Node& node, const Sizes& in) {
  const Sizes& other = shape_of(graph, node, 1);
  if (in.size() != 2 || other.size() != 2) refuse(node, "two matrices", to_text(in) + " and " + to_text(other));
  const bool turn_a = node.integer("transA", 0) != 0, turn_b = node.integer("transB", 0) != 0;
  if (in[turn_a ? 0 : 1] != other[turn_b ? 1 : 0])
    refuse(node, "matrices that go together", to_text(in) + " and " + to_text(other));
  return {in[turn_a ? 1 : 0], other[turn_b ? 0 : 1]};
}

Sizes flatten(const Graph&, const Node& node, const Sizes& in) {
  const std::int64_t axis = node.integer("axis", 1), at = axis < 0 ? axis + std::ssize(in) : axis;
  if (at < 0 || at > std::ssize(in)) refuse(node, "an axis of its input", std::to_string(axis));
  return {product(std::span(in).first(static_cast<std::size_t>(at))),
          product(std::span(in).subspan(static_cast<std::size_t>(at)))};
}

Sizes reshape(const Graph& graph, const Node& node, const Sizes& in) {
  const auto target = list_of(graph, node, "shape", 1);
  if (!target) refuse(node, "a shape", "none");
  return reshaped_to(graph, node, in, *target);
}

Sizes transpose(const Graph&, const Node& node, const Sizes& in) {
  const int rank = static_cast<int>(in.size());
  const Sizes perm = node.integers("perm");
  if (perm.empty()) return {in.rbegin(), in.rend()};
  if (std::ssize(perm) != rank || std::ssize(axes_of(perm, rank, node)) != rank)
    refuse(node, "each axis once", to_text(perm));
  Sizes result;
  for (const std::int64_t axis : perm) result.push_back(in[static_cast<std::size_t>(axis_of(axis, rank, node))]);
  return result;
}

Sizes squeeze(const Graph& graph, const Node& node, const Sizes& in) {
  const auto named = list_of(graph, node, "axes", 1);
  std::vector<int> axes;
  if (named) axes = axes_of(*named, static_cast<int>(in.size()), node);
  Sizes result;
  for (int i = 0; i < static_cast<int>(in.size()); ++i) {
    const std::int64_t size = in[static_cast<std::size_t>(i)];
    const bool is_named = std::ranges::find(axes, i) != axes.end();
    if (is_named && size != 1) refuse(node, "an axis of size 1 to take away", std::to_string(size));
    if (!is_named && (named || size != 1)) result.push_back(size);
  }
  return result;
}

Sizes unsqueeze(const Graph& graph, const Node& node, const Sizes& in) {
  const auto named = list_of(graph, node, "axes", 1);
  if (!named || named->size() > 64) refuse(node, "axes", "none, or too many");
  Sizes result = in;
  for (const int axis : axes_of(*named, static_cast<int>(in.size() + named->size()), node))
    result.insert(result.begin() + axis, 1);
  return result;
}

Sizes concatenation(const Graph& graph, const Node& node, const Sizes& in) {
  const auto axis = static_cast<std::size_t>(axis_of(node.integer("axis", 0), static_cast<int>(in.size()), node));
  Sizes result = in;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    Sizes part = shape_of(graph, node, i);
    if (part.size() != in.size()) refuse(node, "parts of as many axes", to_text(part));
    result[axis] += part[axis];
    if (result[axis] > (std::int64_t{1} << 44)) refuse(node, "an output that fits into memory", to_text(result));
    part[axis] = in[axis];
    if (part != in) refuse(node, "parts of one shape but for the axis", to_text(shape_of(graph, node, i)));
  }
  return result;
}

Sizes slice(const Graph& graph, const Node& node, const Sizes& in) {
  Sizes result = in;
  for (const Taken& taken : slices_of(graph, node, in)) result[static_cast<std::size_t>(taken.axis)] = taken.count();
  return result;
}

Sizes gather(const Graph& graph, const Node& node, const Sizes& in) {
  const Sizes& indices = shape_of(graph, node, 1);
  const int axis = axis_of(node.integer("axis", 0), static_cast<int>(in.size()), node);
  Sizes result(in.begin(), in.begin() + axis);
  result.insert(result.end(), indices.begin(), indices.end());
  result.insert(result.end(), in.begin() + axis + 1, in.end());
  return result;
}

Sizes padded(const Graph& graph, const Node& node, const Sizes& in) {
  const Added added = padding_of(graph, node, in);
  Sizes result = in;
  for (std::size_t i = 0; i < in.size(); ++i) {
    result[i] += added.before[i] + added.after[i];
    if (result[i] < 1) refuse(node, "an output of at least 1", to_text(result));
  }
  return result;
}

Sizes resized(const Graph& graph, const Node& node, const Sizes& in) { return resized_of(graph, node, in).sizes; }

Sizes expanded(const Graph& graph, const Node& node, const Sizes& in) {
  auto target = whole_numbers(graph, node.input(1));
  if (!target) unsupported(node, "a shape that depends on the inputs of the network");
  if (!in.empty() && in[0] == kBatch && target->size() == in.size() && (*target)[0] == graph.fixed_batch)
    (*target)[0] = kBatch;
  return broadcast(in, *target, node);
}

/// Depth to space, or back.
Sizes blocks(const Graph&, const Node& node, const Sizes& in) {
  const std::int64_t block = node.integer("blocksize", 0);
  if (in.size() != 4 || block < 1 || block > 1024) refuse(node, "images and a blocksize", to_text(in));
  if (node.is("SpaceToDepth")) return {in[0], in[1] * block * block, in[2] / block, in[3] / block};
  return {in[0], in[1] / (block * block), in[2] * block, in[3] * block};
}

/// Random numbers of the shape of a value. One that the exporter computed has the batch's fixed size.
Sizes random_like(const Graph& graph, const Node& node, const Sizes& in) {
  Sizes sizes = in;
  if (!sizes.empty() && graph.constant(node.input(0)) && sizes[0] == graph.fixed_batch) sizes[0] = kBatch;
  return sizes;
}

const std::map<std::string, Infer, std::less<>> kInfer = {{"Conv", convolution},
                                                          {"RandomUniformLike", random_like},
                                                          {"RandomNormalLike", random_like},
                                                          {"ConvTranspose", transposed_convolution},
                                                          {"MaxPool", pooling},
                                                          {"AveragePool", pooling},
                                                          {"GlobalAveragePool", global_pooling},
                                                          {"GlobalMaxPool", global_pooling},
                                                          {"ReduceMean", reduction},
                                                          {"ReduceMax", reduction},
                                                          {"ReduceSum", reduction},
                                                          {"ReduceMin", reduction},
                                                          {"ReduceL2", reduction},
                                                          {"MatMul", product_of_matrices},
                                                          {"Gemm", gemm},
                                                          {"Flatten", flatten},
                                                          {"Reshape", reshape},
                                                          {"Transpose", transpose},
                                                          {"Squeeze", squeeze},
                                                          {"Unsqueeze", unsqueeze},
                                                          {"Concat", concatenation},
                                                          {"Slice", slice},
                                                          {"Gather", gather},
                                                          {"Pad", padded},
                                                          {"Resize", resized},
                                                          {"Upsample", resized},
                                                          {"Expand", expanded},
                                                          {"DepthToSpace", blocks},
                                                          {"SpaceToDepth", blocks}};

/// Sizes beyond any array in memory: products of a few of them still fit.
void set_checked(Graph& graph, const Node& node, std::size_t i, Sizes sizes) {
  if (node.output(i).empty()) return;
  for (const std::int64_t size : sizes)
    if (size < 0 || size > (std::int64_t{1} << 44)) refuse(node, "an output that fits into memory", to_text(sizes));
  try {
    product(sizes);
  } catch (const Error& error) {
    throw error.inside(node.where());
  }
  graph.set_shape(node.output(i), std::move(sizes));
}

}  // namespace

void infer_shapes(Graph& graph, const Node& node) {
  if (!node.domain.empty() && node.domain != kOwnDomain) return;
  const Sizes* first = graph.shape(node.input(0));
  if (!first) return;
  const Sizes in = *first;
  if (std::ranges::find(kSame, node.op) != kSame.end()) return set_checked(graph, node, 0, in);
  if (std::ranges::find(kBroadcast, node.op) != kBroadcast.end()) {
    Sizes result = in;
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const Sizes* other = graph.shape(node.input(i));
      if (!other) return;
      result = broadcast(result, *other, node);
    }
    return set_checked(graph, node, 0, result);
  }
  if (node.is("Split")) {
    const std::vector<Taken> parts = parts_of(graph, node, in);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      Sizes part = in;
      part[static_cast<std::size_t>(parts[i].axis)] = parts[i].count();
      set_checked(graph, node, i, part);
    }
    return;
  }
  const auto found = kInfer.find(node.op);
  if (found == kInfer.end()) return;
  for (const std::string& input : node.inputs)
    if (!input.empty() && !graph.shape(input)) return;
  try {
    set_checked(graph, node, 0, found->second(graph, node, in));
  } catch (const Error& error) {
    // What is not supported is said for all nodes together, when they become layers.
    if (error.kind() != Error::unsupported) throw;
  }
}

}  // namespace evenkeel::interchange::onnx
