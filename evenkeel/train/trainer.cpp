#include "evenkeel/train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <initializer_list>
#include <map>
#include <numeric>

#include "evenkeel/base/error.h"
#include "evenkeel/distributed/messages.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/fit.h"

namespace evenkeel {
namespace {

NetworkOptions network_options(const TrainerOptions& options) {
  return {.loss = options.loss,
          .optimizer = options.optimizer,
          .class_weight = options.class_weight,
          .loss_weights = options.loss_weights,
          .seed = options.seed,
          .probes = options.probes,
          .spreading = options.spreading,
          .compute = options.compute};
}

constexpr Range kLength{.low = 1, .high = 1e9};  ///< of a run: longer ones would never end

/// The first line of the optimizer's update.
int first_update_line(const Program& program) {
  const auto& nodes = program.nodes();
  return static_cast<int>(std::ranges::find(nodes, Phase::update, &Node::phase) - nodes.begin());
}

/// Whether no element has all bits of the exponent set, as infinities and NaN do. Without a branch, so that it is
/// vectorized.
template <class T, class Bits>
bool has_no(Bits exponent, TensorView view) {
  unsigned found = 0;
  for (const T v : view.as<T>()) found |= (std::bit_cast<Bits>(v) & exponent) == exponent;
  return found == 0;
}

bool all_finite(TensorView view) {
  if (view.dtype == DType::bfloat16) return has_no<bfloat16, std::uint16_t>(0x7f80, view);
  return view.dtype != DType::float32 || has_no<float, std::uint32_t>(0x7f800000, view);
}

NamedTensors copies_of(const Block& block) {
  NamedTensors tensors;
  for (const auto& entry : block.layout().entries)
    tensors.emplace_back(entry.name, Tensor::copy_of(block.get(entry.name)));
  return tensors;
}

using Types = std::map<std::string, TensorType>;

Types types_of(const Block& block) {
  Types types;
  for (const auto& entry : block.layout().entries) types.emplace(entry.name, entry.type);
  return types;
}

Types types_of(const Network& network) {
  Types types;
  for (const WeightInfo& weight : network.weights()) {
    const TensorView view = network.weight(weight.name);
    types.emplace(weight.name, TensorType{view.shape, view.dtype});
  }
  return types;
}

/// Throws Error unless these are exactly the existing tensors.
template <class Tensors>
void check_fit(const Types& own, const Tensors& tensors, const std::string& where) {
  Types theirs;
  for (const auto& [name, tensor] : tensors) theirs.emplace(name, TensorType{tensor.shape(), tensor.dtype()});
  if (own == theirs) return;
  const auto text = [](const Types& types, const std::string& name) {
    const auto found = types.find(name);
    if (found == types.end()) return "no \"" + name + '"';
    return fmt::format("\"{}\" {} {}", name, name_of(found->second.dtype), to_string(found->second.shape));
  };
  for (const Types* some : std::initializer_list<const Types*>{&own, &theirs})
    for (const auto& [name, type] : *some)
      if (text(own, name) != text(theirs, name))
        throw Error{
            {.where = where, .expected = text(own, name) + ", as this run has", .received = text(theirs, name)}};
}

}  // namespace

void TrainerOptions::describe(Fields<TrainerOptions>& fields) {
  fields
      .add("class_weight", &TrainerOptions::class_weight, "a list: weight of each class in the training loss",
           kNotNegative)
      .add("loss_weights", &TrainerOptions::loss_weights,
           "a list: weight of each output's loss in training; 1 for the main output alone if absent", kNotNegative)
      .add("batch_size", &TrainerOptions::batch_size, "samples per step", kAtLeastOne)
      .add("seed", &TrainerOptions::seed, "of the weights, the shuffling, the dropout and the augmentation",
           kNotNegative);
}

void FitOptions::describe(Fields<FitOptions>& fields) {
  fields.add("epochs", &FitOptions::epochs, "passes over the training data", kLength)
      .add("steps", &FitOptions::steps, "steps, in place of epochs", kLength)
      .at_most_one_of({"epochs", "steps"});
}

Trainer::Trainer(const Model& model, TrainerOptions options)
    : options_(std::move(options)),
      network_(model, network_options(options_)),
      train_context_(network_.context(Mode::train)),
      evaluate_context_(network_.context(Mode::evaluate)) {
  evenkeel::check(options_.optimizer);
  evenkeel::check(options_.schedule);
  if (options_.batch_size < 1)
    throw Error{{.where = "batch size", .expected = "at least 1", .received = std::to_string(options_.batch_size)}};
}

void Trainer::prepare(const Dataset& data) {
  network_.training_runner(part_of(options_.batch_size), Network::targets_of(data)).executor->reserve();
}

std::int64_t Trainer::unit() const {
  std::int64_t unit = 1;
  for (const Model::Node& node : network_.model().nodes())
    if (const auto& normalization = node.layer.traits().normalization; normalization && normalization->moving)
      if (const std::int64_t together = normalization->moving->virtual_batch_size; together > 0)
        unit = std::lcm(unit, std::min(together, options_.batch_size));
  return unit;
}

BatchPart Trainer::part_of(std::int64_t batch_size) const {
  return evenkeel::part_of(batch_size, options_.spreading.rank(), options_.spreading.size(), unit());
}

void Trainer::check(const Dataset& data, const FitOptions& options) const {
  if (options.epochs < 0 || options.steps.value_or(0) < 0)
    throw Error{{.where = "fit", .expected = "0 or more epochs or steps", .received = "a negative number"}};
  network_.check(data, true);
  if (options.validation) network_.check(*options.validation, true);
  if (options_.batch_size > data.size())
    throw Error{{.where = "batch size",
                 .expected = fmt::format("at most the {} samples of {}", data.size(), data.name()),
                 .received = std::to_string(options_.batch_size),
                 .hint = "Choose a smaller batch or more data."}};
  if (const int processes = options_.spreading.size(); options_.batch_size < processes)
    throw Error{{.where = "batch size",
                 .expected = fmt::format("at least {}, a sample for each process", processes),
                 .received = std::to_string(options_.batch_size),
                 .hint = "The batch size is that of all processes together."}};
  check_budget(data, {.batch_size = options_.batch_size, .processes = options_.spreading.size(), .unit = unit()});
  if (options.validation)
    check_budget(*options.validation, {.batch_size = std::min(options_.batch_size, options.validation->size())});
  const std::int64_t per_epoch = batches_per_epoch(data.size(), {.batch_size = options_.batch_size});
  const auto steps = static_cast<std::uint64_t>(total_steps(options, per_epoch));
  if (steps > 0) learning_rate_at(options_.schedule, learning_rate_of(options_.optimizer), 0, steps_done_ + steps);
}

Network::Runner& Trainer::training_runner(const Batch& batch) { return network_.training_runner(batch); }

const Network::Runner* Trainer::update(const Batch& batch, const std::vector<Callback>& watchers) {
  Network::Runner& runner = training_runner(batch);
  train_context_.step = steps_done_;
  train_context_.learning_rate = learning_rate();
  share_moving_statistics();
  if (watchers.empty()) {
    network_.run(runner, batch, train_context_);
  } else {
    const int line = first_update_line(runner.executor->program());
    network_.run(runner, batch, train_context_, {0, line});
    for (const Callback& c : watchers) {
      c.on_gradients({.step = steps_done_, .data = &batch}, *this);
      if (fit_->is_stopping()) return nullptr;
    }
    network_.run(runner, batch, train_context_, {line, -1});
  }
  ++steps_done_;
  return &runner;
}

void Trainer::share_moving_statistics() {
  const Spreading& spreading = options_.spreading;
  if (!spreading.among || spreading.statistics != StatisticsOf::local) return;
  Block& state = network_.store().state;
  spreading.among->broadcast({state.data(), static_cast<std::size_t>(state.layout().bytes)});
}

Metrics Trainer::step(const Batch& batch) { return metrics_of(*update(batch)); }

Metrics Trainer::evaluate_batch(const Batch& batch) {
  Network::Runner& runner = network_.runner(batch.size, Network::targets_of(batch), Network::Use::evaluation);
  const AveragedWeights averaged(network_);
  network_.run(runner, batch, evaluate_context_);
  return metrics_of(runner);
}

double Trainer::scheduled_rate() const {
  return learning_rate_at(options_.schedule, learning_rate_of(options_.optimizer), steps_done_, total_steps_);
}

double Trainer::learning_rate() const { return scheduled_rate() * learning_rate_scale_; }

void Trainer::set_learning_rate(double rate) {
  if (!(rate >= 0) || !std::isfinite(rate))
    throw Error{{.where = "learning rate", .expected = "a number of at least 0", .received = fmt::format("{}", rate)}};
  // If a schedule ends at 0, there is nothing to scale.
  if (const double scheduled = scheduled_rate(); scheduled > 0) learning_rate_scale_ = rate / scheduled;
}

void Trainer::stop(std::string reason, bool failed) {
  if (fit_) fit_->stop(std::move(reason), failed);
}

History Trainer::fit(const Dataset& data, const FitOptions& options) { return Fit(*this, data, options).run(); }

std::map<std::string, std::string> Trainer::identity(const Dataset& data, const FitOptions& options) const {
  auto all = identity();
  all["data"] = data.fingerprint();
  all["order of the data"] = options.shuffle ? "shuffled" : "as it is";
  if (const ReadingOrder order = data.reading_order(); options.shuffle && order.window > 0)
    all["order of the data"] += fmt::format(" in windows of {} over {} shards", order.window, order.shard_ends.size());
  if (options_.spreading.statistics == StatisticsOf::local) all["statistics"] = "local";
  all["end of an epoch"] = options.steps ? "filled up from the next" : "a smaller batch";
  return all;
}

std::map<std::string, std::string> Trainer::identity() const {
  const auto text_of = [](const auto& chosen) {
    std::string text = name_of(chosen);
    for (const auto& [key, value] : settings_of(chosen)) text += ' ' + key + '=' + to_string(value);
    return text;
  };
  std::string augmentation;
  for (const auto& [key, value] : settings_of(options_.augmentation))
    augmentation += key + '=' + to_string(value) + ' ';
  return {{"model", write_model_file({.model = network_.model()})},
          {"loss", text_of(options_.loss)},
          {"class_weight", fmt::format("[{}]", fmt::join(options_.class_weight, ", "))},
          {"loss_weights", fmt::format("[{}]", fmt::join(options_.loss_weights, ", "))},
          {"optimizer", text_of(options_.optimizer)},
          {"schedule", text_of(options_.schedule)},
          {"augmentation", augmentation},
          {"batch size", std::to_string(options_.batch_size)},
          {"seed", std::to_string(options_.seed)},
          {"precision", std::string(name_of(options_.compute.precision))}};
}

Checkpoint Trainer::checkpoint() const {
  if (!fit_ || !fit_->is_settling())
    throw Error{{.where = "checkpoint", .expected = "a fit that settles (on_settled)", .received = "a call outside"}};
  Checkpoint checkpoint{.identity = fit_->identity(),
                        .progress = fit_->progress(),
                        .learning_rate_scale = learning_rate_scale_,
                        .weights = {},
                        .slots = copies_of(network_.store().slots),
                        .callbacks = fit_->callback_states()};
  for (const WeightInfo& weight : network_.weights())
    checkpoint.weights.emplace_back(weight.name, Tensor::copy_of(network_.weight(weight.name)));
  return checkpoint;
}

void Trainer::check(const Checkpoint& checkpoint, const Dataset& data, const FitOptions& options) const {
  check_identity(identity(data, options), checkpoint.identity);
}

void Trainer::restore(Checkpoint checkpoint) {
  check_identity(identity(), checkpoint.identity);
  // The optimizer's slots are made with a program that updates; its batch size does not matter.
  network_.training_runner(part_of(options_.batch_size), Targets::labels);
  Store& store = network_.store();
  check_fit(types_of(network_), checkpoint.weights, "checkpoint: weights");
  check_fit(types_of(store.slots), checkpoint.slots, "checkpoint: optimizer slots");
  for (const auto& [name, tensor] : checkpoint.weights) network_.set_weight(name, tensor);
  for (const auto& [name, tensor] : checkpoint.slots) store.slots.set(name, tensor);
  checkpoint.weights.clear();
  checkpoint.slots.clear();
  learning_rate_scale_ = checkpoint.learning_rate_scale;
  steps_done_ = checkpoint.progress.first_step + static_cast<std::uint64_t>(checkpoint.progress.steps);
  restored_ = std::move(checkpoint);
}

bool Trainer::set_optimizer_state(const NamedTensors& slots, std::uint64_t steps) {
  network_.training_runner(part_of(options_.batch_size), Targets::labels);
  Store& store = network_.store();
  const Types types = types_of(store.slots);
  const bool fit = types.size() == slots.size() && std::ranges::all_of(slots, [&](const auto& slot) {
                     const auto own = types.find(slot.first);
                     return own != types.end() && own->second == TensorType{slot.second.shape(), slot.second.dtype()};
                   });
  if (!fit) return false;
  for (const auto& [name, tensor] : slots) store.slots.set(name, tensor);
  steps_done_ = steps;
  return true;
}

void Trainer::check_weights(const std::map<std::string, Tensor>& weights, const std::string& where) const {
  check_fit(types_of(network_), weights, where);
}

bool Trainer::gradients_are_finite(const Batch& batch) {
  const Block& gradients = network_.store().gradients;
  const Network::Runner& runner = training_runner(batch);
  const bool finite = all_finite(runner.read(runner.compiled.loss)) &&
                      std::ranges::all_of(gradients.layout().entries,
                                          [&](const auto& entry) { return all_finite(gradients.get(entry.name)); });
  Communicator* among = options_.spreading.among;
  return among ? !any(*among, !finite) : finite;
}

std::string Trainer::first_non_finite(const Batch& batch) {
  Network::Runner& runner = training_runner(batch);
  const Program& program = runner.executor->program();
  StepContext context = train_context_;
  for (LayerMode& mode : context.modes) mode.update_statistics = false;
  for (const auto& entry : network_.store().parameters.layout().entries)
    if (!all_finite(network_.store().parameters.get(entry.name)))
      return fmt::format("the parameter \"{}\" before the step", entry.name);
  std::string found;
  // Where processes meet within the lines, each goes through all of them.
  Communicator* among = options_.spreading.among;
  network_.visit(runner, batch, context, {0, first_update_line(program)}, [&](int line, int value, TensorView view) {
    if (found.empty() && !all_finite(view)) {
      const Node& node = program.nodes()[static_cast<std::size_t>(line)];
      found = fmt::format("\"{}\", computed by {} of \"{}\" ({})", program.value(value).name, node.op->kind(),
                          node.label, name_of(node.phase));
    }
    return found.empty() || among;
  });
  if (!among) return found;
  const std::vector<std::string> all = gather_texts(*among, found);
  const auto first = std::ranges::find_if(all, [](const std::string& text) { return !text.empty(); });
  return broadcast_text(*among, first == all.end() ? "" : *first);
}

}  // namespace evenkeel
