#include "tests/support/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "evenkeel/base/philox.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/finish.h"
#include "evenkeel/program/passes/fuse.h"

namespace evenkeel {
namespace {

std::string input_name(std::size_t i) { return fmt::format("x{}", i); }

/// Random numbers that belong to a name.
RandomStream stream_of(const std::string& name) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return RandomStream({.seed = 3, .purpose = Purpose::study, .index = hash & 0xffffffu});
}

/// Fills with value(i), rounded to float so that both precisions see the same numbers.
template <class F>
void fill(TensorView tensor, F value) {
  auto* data = const_cast<std::byte*>(tensor.data);
  for (std::int64_t i = 0; i < tensor.shape.size(); ++i) {
    const auto rounded = static_cast<float>(value(i));
    if (tensor.dtype == DType::float64)
      reinterpret_cast<double*>(data)[i] = rounded;
    else
      reinterpret_cast<float*>(data)[i] = rounded;
  }
}

/// `index` of the input: no two inputs have equal points.
void fill_spaced(TensorView tensor, const std::string& name, std::size_t index, double low, double high) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(tensor.shape.size()));
  std::iota(order.begin(), order.end(), 0);
  RandomStream stream = stream_of(name);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[stream.below(static_cast<std::uint32_t>(i))]);
  const double step = (high - low) / static_cast<double>(order.size());
  // No point is in the middle of (low, high), be their number even or odd.
  const double offset = 0.3 + 0.04 * static_cast<double>(index % 5);
  fill(tensor,
       [&](std::int64_t i) { return low + step * (static_cast<double>(order[static_cast<std::size_t>(i)]) + offset); });
}

void fill_normal(TensorView tensor, const std::string& name, double deviation) {
  RandomStream stream = stream_of(name);
  fill(tensor, [&](std::int64_t) { return deviation * stream.normal(); });
}

}  // namespace

Trial::Trial(const Subject& subject, TrialOptions options) : program_(options.real) {
  std::vector<Value> inputs;
  for (const TrialInput& described : subject.inputs) {
    const std::string name = input_name(inputs.size());
    inputs.push_back(program_.input(name, described.shape, options.real));
    program_.info(inputs.back()).wants_gradient = described.differentiable;
    inputs_.emplace_back(described.shape, options.real);
    fill_spaced(inputs_.back(), name, inputs_.size() - 1, described.low, described.high);
  }
  output_ = subject.emit(program_, inputs);
  program_.keep(output_);
  if (options.fuse) passes::fuse(program_);
  const Value seed = program_.input("seed", output_.shape(), options.real);
  seed_ = Tensor(output_.shape(), options.real);
  fill_normal(seed_, "seed", 1);
  const std::vector<Value> gradients = differentiate(program_, output_, seed);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    input_gradients_.push_back(subject.inputs[i].differentiable ? gradients[static_cast<std::size_t>(inputs[i].id())]
                                                                : Value());
    EXPECT_EQ(static_cast<bool>(input_gradients_[i]), subject.inputs[i].differentiable) << "gradient of input " << i;
    if (input_gradients_[i]) program_.keep(input_gradients_[i]);
  }
  if (options.keep_all)
    for (ValueInfo& v : program_.mutable_values()) v.kept = true;
  finish(program_);
  executor_ = std::make_unique<Executor>(program_, store_, arena_, threads_);
  for (std::size_t i = 0; i < inputs.size(); ++i) executor_->bind(input_name(i), inputs_[i]);
  executor_->bind("seed", seed_);
  draw();
}

void Trial::draw() {
  for (const auto& entry : store_.parameters.layout().entries)
    fill_normal(store_.parameters.get(entry.name), entry.name, 0.5);
  for (Block* block : {&store_.state, &store_.supplied})
    for (const auto& entry : block->layout().entries) {
      RandomStream stream = stream_of(entry.name);
      fill(block->get(entry.name), [&](std::int64_t) { return stream.uniform(0.5, 1.5); });
    }
}

StepContext Trial::context(const LayerMode& mode) const {
  constexpr std::size_t kMostLayers = 4;
  return {.seed = 5, .step = 2, .learning_rate = 0.125, .modes = std::vector<LayerMode>(kMostLayers, mode)};
}

double Trial::objective(const LayerMode& mode) {
  const auto& nodes = program_.nodes();
  const auto backward = std::ranges::find(nodes, Phase::backward, &Node::phase);
  executor_->run(context(mode), {.first = 0, .last = static_cast<int>(backward - nodes.begin())});
  const std::vector<double> y = output(), seed = in_double(seed_);
  return std::inner_product(y.begin(), y.end(), seed.begin(), 0.0);
}

std::vector<double> Trial::output() const { return in_double(executor_->read(output_.id())); }

Values Trial::gradients() const {
  Values values;
  for (std::size_t i = 0; i < input_gradients_.size(); ++i)
    if (input_gradients_[i]) values[input_name(i)] = in_double(executor_->read(input_gradients_[i].id()));
  for (const auto& entry : program_.gradients.entries)
    values[entry.name.substr(0, entry.name.rfind('/'))] = in_double(store_.gradients.get(entry.name));
  return values;
}

Values Trial::states() const {
  Values values;
  for (const auto& entry : program_.states.entries) values[entry.name] = in_double(store_.state.get(entry.name));
  return values;
}

TensorView Trial::variable(const std::string& name) const {
  if (store_.parameters.has(name)) return store_.parameters.get(name);
  return inputs_[static_cast<std::size_t>(std::stoi(name.substr(1)))];
}

void Trial::poison() {
  constexpr int kNaN = 0xff;  // in every byte: NaN in both precisions
  if (arena_.size() > 0) std::memset(arena_.data(), kNaN, arena_.size());
  for (const auto& entry : store_.gradients.layout().entries)
    std::memset(store_.gradients.data() + entry.offset, kNaN, entry.type.bytes());
}

bool Trial::padding_is_zero() {
  for (Block* block : {&store_.parameters, &store_.gradients, &store_.state, &store_.supplied, &store_.slots}) {
    std::vector<std::byte> copy(block->data(), block->data() + block->layout().bytes);
    for (const auto& entry : block->layout().entries)
      std::fill_n(copy.begin() + entry.offset, entry.type.bytes(), std::byte{0});
    if (std::ranges::any_of(copy, [](std::byte b) { return b != std::byte{0}; })) return false;
  }
  return true;
}

std::vector<double> in_double(TensorView view) {
  const Tensor converted_values = converted(view, DType::float64);
  const auto values = converted_values.as<double>();
  return {values.begin(), values.end()};
}

testing::AssertionResult agree(const std::vector<double>& actual, const std::vector<double>& expected,
                               double tolerance) {
  if (actual.size() != expected.size())
    return testing::AssertionFailure() << actual.size() << " elements, not " << expected.size();
  double difference = 0, norm = 0;
  std::size_t worst = 0;
  const auto off = [&](std::size_t i) { return std::abs(actual[i] - expected[i]); };
  for (std::size_t i = 0; i < actual.size(); ++i) {
    difference += off(i) * off(i);
    norm += expected[i] * expected[i];
    if (off(i) > off(worst)) worst = i;
  }
  const double allowed = tolerance * (std::sqrt(norm) + std::sqrt(static_cast<double>(actual.size())));
  if (std::sqrt(difference) <= allowed) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "differs by " << std::sqrt(difference) << ", more than " << allowed
                                     << "; the most at element " << worst << ": " << actual[worst] << ", not "
                                     << expected[worst];
}

}  // namespace evenkeel
