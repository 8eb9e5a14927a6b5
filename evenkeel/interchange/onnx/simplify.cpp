#include "evenkeel/interchange/onnx/simplify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "evenkeel/interchange/onnx/operands.h"

namespace evenkeel::interchange::onnx {
namespace {

Sizes sizes_now(const Tensor& x) { return {x.shape().sizes().begin(), x.shape().sizes().end()}; }

Tensor numbers_of(const Sizes& sizes) {
  return Tensor::of<std::int64_t>(Shape{static_cast<std::int64_t>(sizes.size())}, sizes);
}

/// The value that a Constant node has.
std::optional<Tensor> stated(const Node& node) {
  for (const auto& [name, value] : node.attributes) {
    if (const auto* tensor = std::get_if<std::shared_ptr<const Tensor>>(&value)) return (*tensor)->clone();
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return Tensor::of<std::int64_t>(Shape{}, {whole, 1});
    if (const auto* number = std::get_if<double>(&value)) {
      const float single = static_cast<float>(*number);
      return Tensor::of<float>(Shape{}, {&single, 1});
    }
    if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&value)) return numbers_of(*wholes);
    if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
      const std::vector<float> singles(numbers->begin(), numbers->end());
      return Tensor::of<float>(Shape{static_cast<std::int64_t>(singles.size())}, singles);
    }
  }
  return {};
}

/// Shape and Size, which need no more than the shape.
std::optional<Constant> measured(const Graph& graph, const Node& node) {
  const Sizes* shape = graph.shape(node.input(0));
  if (!shape) return {};
  const bool has_batch = std::ranges::any_of(*shape, [](std::int64_t n) { return n >= kBatch && n % kBatch == 0; });
  if (node.is("Size")) {
    const std::int64_t size = product(*shape);
    return Constant{.value = Tensor::of<std::int64_t>(Shape{}, {&size, 1}), .of_the_batch = has_batch};
  }
  const auto rank = std::ssize(*shape);
  const auto placed = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const std::int64_t begin = placed(node.integer("start", 0)), end = placed(node.integer("end", rank));
  const Sizes part(shape->begin() + begin, shape->begin() + std::max(begin, end));
  return Constant{.value = numbers_of(part), .of_the_batch = has_batch};
}

using Step = std::function<double(double, double)>;

std::optional<Tensor> reduced(const Graph& graph, const Node& node) {
  Step step;
  double first = 0;
  if (node.op == "ReduceSum" || node.op == "ReduceMean") step = [](double a, double b) { return a + b; };
  if (node.op == "ReduceL2") step = [](double a, double b) { return a + b * b; };
  if (node.op == "ReduceProd") step = [](double a, double b) { return a * b; }, first = 1;
  if (node.op == "ReduceMax") step = [](double a, double b) { return std::max(a, b); }, first = -INFINITY;
  if (node.op == "ReduceMin") step = [](double a, double b) { return std::min(a, b); }, first = INFINITY;
  const Tensor* x = graph.constant(node.input(0));
  if (!step || !x) return {};
  const Sizes in = sizes_now(*x);
  auto named = list_of(graph, node, "axes", 1);
  if ((!named || named->empty()) && node.integer("noop_with_empty_axes", 0) != 0) return x->clone();
  std::vector<int> axes;
  if (named && !named->empty()) axes = axes_of(*named, static_cast<int>(in.size()), node);
  if (axes.empty())
    for (int i = 0; i < static_cast<int>(in.size()); ++i) axes.push_back(i);
  Sizes kept = in, without;
  for (int i = 0; i < static_cast<int>(in.size()); ++i) {
    const auto axis = static_cast<std::size_t>(i);
    if (std::ranges::find(axes, i) != axes.end())
      kept[axis] = 1;
    else
      without.push_back(in[axis]);
  }
  const Tensor numbers = converted(*x, DType::float64);
  Tensor sums(Shape(kept), DType::float64);
  std::ranges::fill(sums.as<double>(), first);
  for (std::int64_t i = 0; i < x->shape().size(); ++i) {
    std::int64_t rest = i, at = 0, stride = 1;
    for (std::size_t k = in.size(); k-- > 0; rest /= in[k]) {
      if (kept[k] != 1) at += rest % in[k] * stride;
      stride *= kept[k];
    }
    double& sum = sums.as<double>()[static_cast<std::size_t>(at)];
    sum = step(sum, numbers.as<double>()[static_cast<std::size_t>(i)]);
  }
  const double count =
      static_cast<double>(x->shape().size()) / static_cast<double>(std::max<std::int64_t>(1, sums.shape().size()));
  for (double& sum : sums.as<double>()) {
    if (node.op == "ReduceMean") sum /= count;
    if (node.op == "ReduceL2") sum = std::sqrt(sum);
  }
  const Shape shape(node.integer("keepdims", 1) != 0 ? kept : without);
  return converted(sums.view().reshaped(shape), x->dtype());
}

/// Numbers of the batch among those of a constant, if those that it was made of had some.
bool has_batch(const Graph& graph, const Node& node, const Tensor& value) {
  const bool of_the_batch = std::ranges::any_of(node.inputs, [&](const std::string& input) {
    const Constant* entry = graph.constant_entry(input);
    return entry && entry->of_the_batch;
  });
  if (!of_the_batch || value.shape().size() > 4096) return of_the_batch;
  const Tensor numbers = converted(value, DType::float64);
  return std::ranges::any_of(numbers.as<double>(), [](double x) { return std::abs(x) >= kBatch / 64.0; });
}

/// Constants may become this many times larger than the file's own before that is held against the file.
constexpr std::int64_t kGrowth = 4, kSlack = std::int64_t{1} << 24;

}  // namespace

std::optional<std::vector<Constant>> evaluate(const Graph& graph, const Node& node, std::int64_t most_elements) {
  const auto one = [](Constant constant) {
    std::vector<Constant> all;
    all.push_back(std::move(constant));
    return all;
  };
  if (!node.domain.empty()) return {};
  if (node.is("Constant")) {
    auto tensor = stated(node);
    if (!tensor) return {};
    return one({.value = std::move(*tensor)});
  }
  if (node.is("Shape") || node.is("Size")) {
    auto numbers = measured(graph, node);
    if (!numbers) return {};
    return one(std::move(*numbers));
  }
  const bool like = node.is("CastLike");
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (!node.inputs[i].empty() && !graph.constant(node.inputs[i]) && !(like && i == 1)) return {};
  if (node.inputs.empty()) return {};
  if (node.is("Range") && graph.scalar(node.input(1)).value_or(0) >= kBatch) return {};  // a number for each sample
  const Constant* first = graph.constant_entry(node.input(0));
  const bool is_cast = like || node.is("Cast");
  if (is_cast && first && node.integer("to", 1) != 9 && first->value.dtype() == DType::float32) {
    // Between kinds of floats the initializer stays what it is.
    auto same = evaluate_elements(graph, node, most_elements);
    if (same && (same->dtype() == DType::float32 || same->dtype() == DType::float64))
      return one({.value = std::move(*same),
                  .initializer = first->initializer,
                  .foreign_shape = first->foreign_shape,
                  .seen = first->seen,
                  .axes = first->axes});
  }
  auto places = evaluate_places(graph, node, most_elements);
  if (!places) {
    auto tensor = evaluate_elements(graph, node, most_elements);
    if (!tensor) tensor = reduced(graph, node);
    if (!tensor) return {};
    places = one({.value = std::move(*tensor)});
  }
  for (Constant& constant : *places) constant.of_the_batch = has_batch(graph, node, constant.value);
  return places;
}

void simplify(Graph& graph) {
  std::int64_t own = 0, made = 0;
  std::set<std::string> counted;
  for (const Node& node : graph.nodes())
    for (const std::string& input : node.inputs)
      if (const Tensor* tensor = graph.constant(input); tensor && counted.insert(input).second)
        own += tensor->shape().size();
  const std::int64_t most = kGrowth * own + kSlack;
  for (auto place = graph.nodes().begin(); place != graph.nodes().end();) {
    Node& node = *place++;
    auto constants = evaluate(graph, node, most - made);
    if (!constants) {
      infer_shapes(graph, node);
      if (node.is("SequenceAt"))
        slice_of_sequence(graph, node);
      else
        reshape_of_gather(graph, node);
      continue;
    }
    const auto kept = std::make_shared<const Node>(node);
    const Node& known = *kept;
    graph.remove(node);
    for (std::size_t i = 0; i < known.outputs.size() && i < constants->size(); ++i) {
      made += (*constants)[i].value.shape().size();
      if (made > most)
        throw Error{{.where = known.where(),
                     .expected = fmt::format("constants of at most {} numbers in all", most),
                     .received = "more"}};
      (*constants)[i].maker = kept;
      if (!known.outputs[i].empty()) graph.set_constant(known.outputs[i], std::move((*constants)[i]));
    }
  }
}

}  // namespace evenkeel::interchange::onnx
