#include "evenkeel/nn/compile.h"

#include <algorithm>
#include <map>
#include <set>

#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/finish.h"
#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/losses.h"
#include "evenkeel/program/ops/regularization.h"
#include "evenkeel/program/passes/constants.h"
#include "evenkeel/program/passes/drop_unread.h"
#include "evenkeel/program/passes/fold_additions.h"
#include "evenkeel/program/passes/fold_normalizations.h"
#include "evenkeel/program/passes/fuse.h"
#include "evenkeel/program/passes/fuse_pooling.h"
#include "evenkeel/program/passes/specialize.h"
#include "evenkeel/program/passes/spread.h"
#include "evenkeel/program/probes/extremes.h"
#include "evenkeel/program/probes/moments.h"

namespace evenkeel {
namespace {

/// One compilation: its steps in order, with the data that they share.
class Compiler {
 public:
  Compiler(const Model& model, const CompileOptions& options)
      : model_(model), options_(options), pending_(options.probes), pending_extremes_(options.extremes) {
    if (options.compute.precision == Precision::bfloat16 && options.compute.real != DType::float32)
      throw Error{{.where = "precision bfloat16",
                   .expected = "float32",
                   .received = std::string(name_of(options.compute.real))}};
    result_.program = std::make_unique<Program>(options.compute.real, options.compute.precision == Precision::bfloat16
                                                                          ? DType::bfloat16
                                                                          : options.compute.real);
    result_.layers = model.layers();
    if (options.batch_size < 1)
      throw Error{{.where = "batch size", .expected = "at least 1", .received = std::to_string(options.batch_size)}};
    if (model.layers() == 0)
      throw Error{{.where = "model \"" + model.name() + '"', .expected = "at least one layer", .received = "none"}};
  }

  CompiledModel compile() {
    emit_layers();
    emit_outputs();
    if (options_.loss) emit_scores();
    if (options_.loss && options_.targets != Targets::none) emit_loss();
    keep_named();
    probe_named();
    if (options_.evaluation_only) specialize();
    if (options_.compute.fuse) passes::fuse(program(), options_.train);
    if (options_.evaluation_only && options_.compute.fuse) passes::fold_additions(program());
    if (options_.train) emit_training();
    probe_named();
    refuse_unknown();
    finish(program());
    return std::move(result_);
  }

 private:
  /// One of the model's outputs.
  struct Head {
    Value outputs;
    Value logits;  ///< what the loss is computed from
    std::string layer;
  };

  Program& program() { return *result_.program; }

  void emit_inputs() {
    std::vector<bool> is_read(model_.inputs().size());
    for (const Model::Node& node : model_.nodes())
      for (const int i : node.inputs)
        if (i < 0) is_read[static_cast<std::size_t>(-1 - i)] = true;
    for (std::size_t i = 0; i < is_read.size(); ++i) {
      const auto& [name, shape] = model_.inputs()[i];
      if (!is_read[i])
        throw Error{{.where = "input \"" + name + '"',
                     .expected = "a layer that reads it",
                     .received = "none",
                     .hint = "Name it in the `inputs` of a layer, or remove it from the model's inputs."}};
      inputs_.push_back(program().input(name, shape.batched(options_.batch_size), options_.compute.real));
      program().info(inputs_.back()).wants_gradient = options_.input_gradient;
    }
  }

  void emit_layers() {
    emit_inputs();
    for (const Model::Node& node : model_.nodes()) {
      const Layer& layer = node.layer;
      std::vector<Value> inputs;
      for (int i : node.inputs)
        inputs.push_back(i < 0 ? inputs_[static_cast<std::size_t>(-1 - i)] : made_[static_cast<std::size_t>(i)]);
      program().set_label(layer.name());
      if (!takes_raw(layer))
        for (Value& input : inputs) input = narrowed(input);
      LayerBuilder builder(program(), layer.name(), static_cast<int>(made_.size()), layer.trainable(), result_.weights);
      try {
        made_.push_back(layer.build(builder, inputs));
      } catch (const Error& error) {
        const std::string where = "layer \"" + layer.name() + '"';
        if (error.parts().where.starts_with(where)) throw;
        throw error.inside(where);
      }
      result_.layer_outputs.push_back(made_.back().shape().without_first());
      // A layer that changes nothing returns a value that has a name already.
      const bool own = std::ranges::find(inputs, made_.back()) == inputs.end();
      if (own) program().rename(made_.back(), layer.name() + "/output");
      result_.layer_values.push_back(made_.back().name());
    }
  }

  void specialize() {
    passes::specialize(program(), LayerMode::of(Mode::evaluate));
    passes::drop_unread(program());
    if (options_.compute.fuse) {
      passes::fold_normalizations(program());
      passes::pool_before_activations(program());
    }
    passes::put_constants_first(program());
  }

  /// Layers that read the model's input unchanged; its values may not fit bfloat16.
  static bool takes_raw(const Layer& layer) {
    const LayerTraits traits = layer.traits();
    return traits.rescales || traits.is_input;
  }

  /// The value in the type of activations; several layers share the copy.
  Value narrowed(Value x) {
    const auto [at, is_new] = narrowed_.try_emplace(x.id());
    if (is_new) at->second = ops::cast(x, program().activation_type());
    return at->second;
  }

  /// The factor of an output's loss in training.
  double loss_weight(std::size_t output) const {
    if (output < options_.loss_weights.size()) return options_.loss_weights[output];
    return output == 0 ? 1 : 0;
  }

  void emit_outputs() {
    const std::vector<int> outputs = model_.outputs();
    if (const std::size_t weights = options_.loss_weights.size(); weights > 0 && weights != outputs.size())
      throw Error{{.where = "loss_weights",
                   .expected = std::to_string(outputs.size()) + " numbers, one per output of the model",
                   .received = std::to_string(weights)}};
    std::vector<int> skipped;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const bool computed = i == 0 || options_.targets == Targets::none || (options_.train && loss_weight(i) != 0);
      const auto layer = static_cast<std::size_t>(outputs[i]);
      heads_.push_back({.outputs = {}, .logits = {}, .layer = model_.nodes()[layer].layer.name()});
      if (computed)
        emit_output(heads_.back(), made_[layer], i == 0 || options_.targets != Targets::none);
      else
        skipped.push_back(outputs[i]);
      result_.all_outputs.push_back(computed ? heads_.back().outputs.name() : std::string());
    }
    result_.outputs = main_head().outputs.name();
    if (!skipped.empty()) drop_effects(skipped);
  }

  /// Outputs that are read, and the inputs of the loss, have the type of parameters.
  void emit_output(Head& head, Value outputs, bool has_loss) {
    const Value logits = has_loss ? logits_of(outputs) : outputs;
    program().set_label(head.layer);
    head.outputs = ops::cast(outputs, options_.compute.real);
    head.logits = logits == outputs ? head.outputs : ops::cast(logits, options_.compute.real);
    program().keep(head.outputs);
  }

  /// Whether each layer is one of these, or is read on the way to one of them.
  std::vector<bool> leading_to(const std::vector<int>& layers) const {
    std::vector<bool> leads(made_.size());
    for (const int layer : layers) leads[static_cast<std::size_t>(layer)] = true;
    for (std::size_t i = leads.size(); i-- > 0;)
      if (leads[i])
        for (const int from : model_.nodes()[i].inputs)
          if (from >= 0) leads[static_cast<std::size_t>(from)] = true;
    return leads;
  }

  /// Keeps no values, and updates no moving statistics, of what only these outputs need. Then nobody reads its lines,
  /// and they are dropped like all lines that nobody reads.
  void drop_effects(const std::vector<int>& skipped) {
    std::vector<int> computed = model_.outputs();
    std::erase_if(computed, [&](int layer) { return std::ranges::count(skipped, layer) > 0; });
    const std::vector<bool> unneeded = leading_to(skipped), needed = leading_to(computed);
    std::set<std::string> layers;
    for (std::size_t i = 0; i < needed.size(); ++i)
      if (unneeded[i] && !needed[i]) layers.insert(model_.nodes()[i].layer.name());
    std::erase_if(program().mutable_nodes(), [&](const Node& node) {
      if (!layers.contains(node.label)) return false;
      for (const int value : node.outputs) program().info(program().handle(value)).kept = false;
      return node.op->has_effect();
    });
  }

  /// A final softmax, its logarithm or a final sigmoid (as Keras users write it) is recognised: the loss uses what goes
  /// into it.
  Value logits_of(Value outputs) {
    Value logits = outputs;
    if (!options_.loss) return logits;
    for (const Node& node : program().nodes()) {
      if (node.outputs.empty() || node.outputs[0] != outputs.id()) continue;
      const auto* activation = dynamic_cast<const ops::Activation*>(node.op.get());
      const bool is_softmax = dynamic_cast<const ops::Softmax*>(node.op.get()) != nullptr;
      const bool is_sigmoid = activation && activation->function() == kernels::Activation::sigmoid;
      const bool for_softmax = scores_of(*options_.loss) == Scores::softmax;
      const bool for_sigmoid = scores_of(*options_.loss) == Scores::sigmoid;
      if ((is_softmax && for_sigmoid) || (is_sigmoid && for_softmax))
        throw Error{
            {.where = "loss",
             .expected =
                 is_softmax ? "categorical_crossentropy after a softmax" : "binary_crossentropy after a sigmoid",
             .received = '"' + name_of(*options_.loss) + '"',
             .hint = "Losses are computed from logits: leave the last activation out, or choose its own loss."}};
      if ((is_softmax && for_softmax) || (is_sigmoid && for_sigmoid)) logits = program().handle(node.inputs[0]);
    }
    return logits;
  }

  const Head& main_head() const { return heads_.front(); }

  /// Whether the main output is the logarithm of a softmax.
  bool ends_in_log_softmax() {
    return std::ranges::any_of(program().nodes(), [&](const Node& node) {
      const auto* softmax = dynamic_cast<const ops::Softmax*>(node.op.get());
      return softmax && softmax->is_log() && node.outputs[0] == main_head().outputs.id();
    });
  }

  void emit_scores() {
    program().set_label("scores");
    program().set_phase(Phase::loss);
    const auto& [outputs, logits, layer] = main_head();
    Value scores = outputs;
    const bool of_softmax = scores_of(*options_.loss) == Scores::softmax;
    // A final log_softmax leaves logarithms: their scores are the softmax of its logits too.
    if (of_softmax && (logits == outputs || ends_in_log_softmax()))
      scores = program().emit_one(ops::Softmax{}, {logits}, "scores");
    if (logits == outputs && scores_of(*options_.loss) == Scores::sigmoid)
      scores = program().emit_one(ops::Activation(kernels::Activation::sigmoid), {outputs}, "scores");
    result_.scores = scores.name();
    // Nobody needs scores in training; without `keep` the line is dropped.
    if (!options_.train) program().keep(scores);
  }

  void check_logits(const Head& head) const {
    const Shape& shape = head.logits.shape();
    const std::string where = "layer \"" + head.layer + '"';
    if (shape.rank() > 2 && options_.targets == Targets::labels)
      throw Error{{.where = where,
                   .expected = "outputs [N, K] for the loss, because the data have a label for each sample",
                   .received = to_string_batched(shape.without_first()),
                   .hint = "Put a Flatten or a GlobalAveragePooling2D before the last Dense, or give targets for every "
                           "position: y " +
                           to_string_batched(shape.without_first()) + '.'}};
    if (scores_of(*options_.loss) == Scores::softmax && shape.back() == 1)
      throw Error{{.where = where,
                   .expected = "2 or more outputs for the loss \"" + name_of(*options_.loss) + '"',
                   .received = "1, whose softmax is always 1",
                   .hint = "Choose the loss \"binary_crossentropy\", or 2 units."}};
    if (shape != main_head().logits.shape())
      throw Error{{.where = where,
                   .expected = to_string_batched(main_head().logits.shape().without_first()) +
                               ", because an output with a loss weight has the targets of \"" + main_head().layer + '"',
                   .received = to_string_batched(shape.without_first()),
                   .hint = "Its weight in loss_weights may be 0."}};
  }

  void emit_loss() {
    check_logits(main_head());
    const Shape shape = main_head().logits.shape();
    program().set_label("loss");
    Value targets;
    if (options_.targets == Targets::labels) {
      const Value labels = program().input("labels", {options_.batch_size}, DType::int32);
      targets = program().emit_one(ops::OneHot(shape[1], options_.compute.real), {labels}, "one_hot");
    } else {
      targets = program().input("targets", {shape[0], shape.row_size()}, options_.compute.real);
      targets = by_position(program(), targets, shape.back());
    }
    const Value goal = smoothed(targets);
    const Value weights = class_weights(targets);
    const Value alone = loss_of(main_head(), goal, weights);
    loss_ = with_penalties(alone);
    program().keep(loss_);
    result_.loss = loss_.name();
    minimized_ = loss_;
    for (std::size_t i = 0; options_.train && i < heads_.size(); ++i) {
      // The main output's loss is in the sum once.
      const double factor = loss_weight(i) - (i == 0 ? 1 : 0);
      if (factor == 0) continue;
      check_logits(heads_[i]);
      const Value loss = i == 0 ? alone : loss_of(heads_[i], goal, weights);
      const Value part = program().emit_one(ops::ScaleOffset(factor, 0), {loss});
      minimized_ = program().emit_one(ops::Add(), {minimized_, part});
    }
    if (scores_of(*options_.loss) == Scores::outputs) return;
    const Value logits = by_position(program(), main_head().logits, shape.back());
    const Value correct =
        of_samples(program(), program().emit_one(ops::Correct(0.0), {logits, targets}, "correct"), options_.batch_size);
    program().keep(correct);
    result_.correct = correct.name();
  }

  Value loss_of(const Head& head, Value targets, Value class_weights) {
    const Value logits = by_position(program(), head.logits, head.logits.shape().back());
    Value loss = evenkeel::emit_loss(*options_.loss, program(), logits, targets);
    if (class_weights) loss = program().emit_one(ops::Multiply(), {loss, class_weights}, "weighted");
    return of_samples(program(), loss, options_.batch_size);
  }

  Value smoothed(Value targets) {
    const Smoothing smoothing = smoothing_of(*options_.loss, targets.shape()[1]);
    if (smoothing.scale == 1) return targets;
    return program().emit_one(ops::ScaleOffset(smoothing.scale, smoothing.offset), {targets}, "smoothed");
  }

  /// Of the rows of the targets; absent if there are none.
  Value class_weights(Value targets) {
    const auto& weights = options_.class_weight;
    if (!options_.train || weights.empty()) return {};
    return program().emit_one(ops::ClassWeights(weights), {targets}, "class_weights");
  }

  Value with_penalties(Value loss) {
    std::vector<Value> operands = {loss};
    std::vector<double> factors;
    for (const WeightInfo& weight : result_.weights) {
      if (weight.l2 == 0) continue;
      operands.push_back(program().find(weight.name));
      factors.push_back(weight.l2);
    }
    return factors.empty() ? loss : program().emit_one(ops::AddL2Penalty(factors), operands, "with_penalties");
  }

  void emit_training() {
    if (!loss_) throw Error{{.where = "compile", .expected = "a loss and targets to train with", .received = "none"}};
    program().set_phase(Phase::backward);
    program().set_label("loss");
    const bool is_part = options_.spreading.among != nullptr;
    const double weight = is_part && options_.part.size == 0
                              ? 0.0
                              : 1.0 / static_cast<double>(is_part ? options_.part.total : options_.batch_size);
    const Value seed = program().emit_one(ops::Fill(loss_.shape(), options_.compute.real, weight), {});
    const auto gradients = differentiate(program(), minimized_, seed);
    for (const Value input : inputs_) {
      const Value gradient = gradients[static_cast<std::size_t>(input.id())];
      if (!options_.input_gradient || !gradient) continue;
      program().rename(gradient, input.name() + "/gradient");
      program().keep(gradient);
    }
    keep_named();
    if (is_part) passes::spread(program(), options_.spreading, options_.part, virtual_batches());
    if (options_.update) {
      program().set_phase(Phase::update);
      program().set_label("optimizer");
      options_.update(program());
    }
  }

  /// By layer: the samples that share statistics.
  std::map<std::string, std::int64_t> virtual_batches() const {
    std::map<std::string, std::int64_t> samples;
    for (const Model::Node& node : model_.nodes())
      if (const auto& normalization = node.layer.traits().normalization; normalization && normalization->moving)
        if (const std::int64_t together = normalization->moving->virtual_batch_size; together > 0)
          samples[node.layer.name()] = together;
    return samples;
  }

  void keep_named() {
    for (const std::string& name : options_.keep)
      if (const Value v = program().find(name)) program().keep(v);
  }

  /// Adds probes for values that exist by now: those of the forward pass before fusing, gradients later.
  void probe_named() {
    const auto probe = [&](std::vector<std::string>& pending, void (*emit)(Program&, Value)) {
      std::erase_if(pending, [&](const std::string& name) {
        const Value v = program().find(name);
        if (v) emit(program(), v);
        return static_cast<bool>(v);
      });
    };
    probe(pending_, probe_moments);
    probe(pending_extremes_, probe_extremes);
  }

  void refuse_unknown() {
    for (const std::vector<std::string>& names : {pending_, pending_extremes_, options_.keep})
      for (const std::string& name : names) program().require(name);
  }

  const Model& model_;
  const CompileOptions& options_;
  std::vector<std::string> pending_, pending_extremes_;  ///< values to be probed that do not exist yet
  CompiledModel result_;
  std::map<int, Value> narrowed_;  ///< by value number
  std::vector<Value> inputs_;      ///< by the model's input
  std::vector<Value> made_;        ///< by layer
  std::vector<Head> heads_;        ///< by the model's output
  Value loss_, minimized_;         ///< [N]: of the main output; what training minimizes
};

}  // namespace

CompiledModel compile(const Model& model, const CompileOptions& options) { return Compiler(model, options).compile(); }

std::vector<WeightInfo> weights_of(const Model& model) { return compile(model, {.batch_size = 1}).weights; }

void initialize_weights(const std::vector<WeightInfo>& weights, std::uint64_t seed, Store& store,
                        const Threads& threads) {
  std::uint32_t index = 0;
  for (const WeightInfo& weight : weights) {
    Block& block = weight.is_state ? store.state : store.parameters;
    const TensorView view = block.get(weight.name);
    weight.initializer.fill(const_cast<std::byte*>(view.data), weight.shape, view.dtype,
                            {.seed = seed, .purpose = Purpose::initializer, .index = index++}, threads);
  }
}

}  // namespace evenkeel
