#include "evenkeel/train/network.h"

#include <algorithm>
#include <cstring>

#include "evenkeel/base/error.h"
#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/labels.h"
#include "evenkeel/nn/normalizations.h"

namespace evenkeel {
namespace {

/// For a loss whose scores are sigmoids: with targets below 0 or above 1 the loss has no minimum.
void check_shares(const Dataset& data) {
  const auto targets = data.y().as<float>();
  const auto outside = std::ranges::find_if(targets, [](float t) { return !(t >= 0 && t <= 1); });
  if (outside == targets.end()) return;
  throw Error{{.where = "data \"" + data.name() + '"',
               .expected = "targets from 0 to 1 for the loss \"binary_crossentropy\"",
               .received = fmt::format("{} in sample {}", Number{*outside},
                                       (outside - targets.begin()) / data.y().shape.back()),
               .hint = "Scale the targets, or choose the loss \"mse\". Two values of an .npz file become classes by "
                       "--labels contiguous."}};
}

std::string channels_first_hint(const Shape& sample, const Shape& input) {
  const bool fits = sample.rank() == 3 && input.rank() == 3 && Shape{sample[1], sample[2], sample[0]} == input;
  return fits ? "The samples have their channels first: --channels-first reads them as [N, H, W, C]." : "";
}

}  // namespace

Network::Network(Model model, NetworkOptions options)
    : model_(std::move(model)),
      options_(std::move(options)),
      threads_(options_.compute.threads),
      arena_(options_.compute.memory_limit) {
  check_precision(options_.compute.precision, options_.compute.machine, options_.compute.force_precision);
  // The smallest program decides the layout of the weights for all others.
  const CompiledModel smallest = compile(model_, {.batch_size = 1, .compute = {.real = options_.compute.real}});
  weights_ = smallest.weights;
  output_shape_ = smallest.program->find(smallest.outputs).shape().without_first();
  outputs_ = output_shape_.size();
  positions_ = outputs_ / output_shape_.back();
  if (const std::int64_t classes = std::max<std::int64_t>(2, output_shape_.back());
      !options_.class_weight.empty() && std::ssize(options_.class_weight) != classes)
    throw Error{{.where = "class_weight",
                 .expected = std::to_string(classes) + " numbers, one per class",
                 .received = std::to_string(options_.class_weight.size())}};
  store_.fit(*smallest.program);
  if (options_.draw_weights) initialize_weights(weights_, options_.seed, store_, threads_);
}

TensorView Network::weight(const std::string& name) const {
  return store_.state.has(name) ? store_.state.get(name) : store_.parameters.get(name);
}

void Network::set_weight(const std::string& name, TensorView value) {
  (store_.state.has(name) ? store_.state : store_.parameters).set(name, value);
}

void Network::set_trainable(TensorView block) {
  std::size_t bytes = 0;
  for (const WeightInfo& w : weights_)
    if (w.trainable) bytes += aligned_size(TensorType{w.shape, options_.compute.real}.bytes());
  if (block.dtype != options_.compute.real || block.bytes() != bytes)
    throw Error{{.where = "averages of the weights",
                 .expected = std::to_string(bytes) + " bytes, for the layers that are trainable",
                 .received = std::to_string(block.bytes()) + " bytes"}};
  // They come first in their block.
  if (bytes > 0) std::memcpy(store_.parameters.data(), block.data, bytes);
}

Network::Runner& Network::runner(std::int64_t batch_size, Targets targets, Use use) {
  return runner(batch_size, targets, use, {});
}

Network::Runner& Network::training_runner(const BatchPart& part, Targets targets) {
  if (!options_.spreading.among) return runner(part.size, targets, Use::training);
  return runner(std::max<std::int64_t>(1, part.size), targets, Use::training, part);
}

Network::Runner& Network::training_runner(const Batch& batch) {
  // A batch that nobody divided is whole.
  const BatchPart whole{.total = batch.size, .first = 0, .size = batch.size};
  return training_runner(batch.part.total > 0 ? batch.part : whole, targets_of(batch));
}

Network::Runner& Network::runner(std::int64_t batch_size, Targets targets, Use use, const BatchPart& part) {
  const auto key = std::tuple(batch_size, targets, use, part);
  const auto found = runners_.find(key);
  if (found != runners_.end()) return found->second;
  CompileOptions compile_options{.batch_size = batch_size,
                                 .loss = options_.loss,
                                 .targets = targets,
                                 .train = use == Use::training,
                                 .class_weight = options_.class_weight,
                                 .loss_weights = options_.loss_weights,
                                 .compute = options_.compute,
                                 .evaluation_only = use == Use::evaluation,
                                 .probes = options_.probes};
  if (part.total > 0) {
    compile_options.spreading = options_.spreading;
    compile_options.part = part;
  }
  if (use == Use::training) {
    if (!options_.optimizer) throw Error{{.where = "training", .expected = "an optimizer", .received = "none"}};
    compile_options.update = [this](Program& program) { emit_update(program, *options_.optimizer); };
  }
  Runner made{.compiled = compile(model_, compile_options), .executor = nullptr, .train = use == Use::training};
  made.executor =
      std::make_unique<Executor>(*made.compiled.program, store_, arena_, threads_, options_.compute.machine);
  return runners_.emplace(key, std::move(made)).first->second;
}

void Network::bind(Runner& runner, const Batch& batch) const {
  const Program& program = runner.executor->program();
  if (averages_in_ && runner.train)
    throw Error{
        {.where = "training", .expected = "the weights", .received = "their moving averages (AveragedWeights)"}};
  const auto bind_one = [&](const std::string& name, const Tensor& tensor) {
    const int id = program.id_of(name);
    if (id >= 0) runner.executor->bind(name, tensor.view().rows(0, program.value(id).type.shape[0]));
  };
  if (batch.more.size() + 1 != model_.inputs().size())
    throw Error{{.where = "batch",
                 .expected = std::to_string(model_.inputs().size()) + " tensors, one per input of the model",
                 .received = std::to_string(batch.more.size() + 1)}};
  for (std::size_t i = 0; i < model_.inputs().size(); ++i) bind_one(model_.inputs()[i].name, batch.input(i));
  bind_one("labels", batch.labels);
  bind_one("targets", batch.targets);
}

void Network::run(Runner& runner, const Batch& batch, const StepContext& step, Segment segment) {
  bind(runner, batch);
  runner.executor->run(step, segment);
}

void Network::visit(Runner& runner, const Batch& batch, const StepContext& step, Segment segment,
                    const Executor::Visitor& visitor) {
  bind(runner, batch);
  runner.executor->visit(step, segment, visitor);
}

bool Network::swap_averages() {
  if (!store_.slots.has(kAverageSlot)) return false;
  const TensorView average = store_.slots.get(kAverageSlot);
  const Tensor started = converted(store_.slots.get(kAverageStartedSlot), DType::float64);
  if (started.as<double>()[0] == 0) return false;
  // The trainable parameters come first in their block, laid out as the averages are.
  auto* bytes = const_cast<std::byte*>(average.data);
  std::swap_ranges(bytes, bytes + average.bytes(), store_.parameters.data());
  averages_in_ = !averages_in_;
  return true;
}

StepContext Network::context(Mode mode, std::uint64_t step) const {
  return {.seed = options_.seed,
          .step = step,
          .learning_rate = options_.optimizer ? learning_rate_of(*options_.optimizer) : 0.0,
          .modes = modes_of(model_, LayerMode::of(mode))};
}

Targets Network::targets_of(const Dataset& data) {
  return !data.has_targets() ? Targets::none : data.has_labels() ? Targets::labels : Targets::values;
}

Targets Network::targets_of(const Batch& batch) {
  return batch.labels.bytes() > 0 ? Targets::labels : batch.targets.bytes() > 0 ? Targets::values : Targets::none;
}

void Network::check_inputs(const Dataset& data) const {
  const std::vector<Model::Input>& inputs = model_.inputs();
  std::vector<std::string> names;
  for (const Model::Input& input : inputs) names.push_back(input.name);
  if (data.inputs() != names.size() || (names.size() > 1 && data.input_names() != names))
    throw Error{{.where = "data \"" + data.name() + '"',
                 .expected = names.size() == 1
                                 ? "samples for one input, as the model \"" + model_.name() + "\" takes"
                                 : "samples for the inputs " + join(names) + " of the model \"" + model_.name() + '"',
                 .received = data.inputs() == 1 ? "samples for one input" : "samples for " + join(data.input_names()),
                 .hint = names.size() == 1 ? "" : "An .npz file has them as arrays of these names, beside y."}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape sample = data.sample_shape_of(i);
    if (sample == inputs[i].shape) continue;
    throw Error{{.where = "data \"" + data.name() + '"',
                 .expected = "samples " + to_string_batched(inputs[i].shape) +
                             (names.size() == 1 ? "" : " for the input \"" + names[i] + '"') + ", as the model \"" +
                             model_.name() + "\" takes",
                 .received = to_string_batched(sample),
                 .hint = channels_first_hint(sample, inputs[i].shape)}};
  }
}

void Network::check(const Dataset& data, bool needs_targets) const {
  check_inputs(data);
  if (!needs_targets) return;
  if (!data.has_targets())
    throw Error{{.where = "data \"" + data.name() + '"', .expected = "labels or targets (y)", .received = "none"}};
  const bool one_output = outputs_ == 1;
  const std::int64_t largest = one_output ? 2 : outputs_;
  const bool regression = options_.loss && scores_of(*options_.loss) == Scores::outputs;
  if (!data.has_labels() && data.classes() != outputs_)
    throw Error{
        {.where = "data \"" + data.name() + '"',
         .expected = "targets " + to_string_batched(output_shape_) + ", a number for each of the model's outputs",
         .received = "[N, " + std::to_string(data.classes()) + ']'}};
  if (data.has_labels() && data.classes() > largest && !(one_output && regression))
    throw Error{{.where = "data \"" + data.name() + '"',
                 .expected = "at most " + std::to_string(largest) + " classes, for the model's " +
                             std::to_string(outputs_) + " outputs",
                 .received = std::to_string(data.classes()),
                 .hint = proposed_mapping(data)}};
  if (!data.has_labels() && options_.loss && scores_of(*options_.loss) == Scores::sigmoid) check_shares(data);
}

}  // namespace evenkeel
