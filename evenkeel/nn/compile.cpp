#include "evenkeel/nn/compile.h"

#include <algorithm>
#include <map>

#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/finish.h"
#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/losses.h"
#include "evenkeel/program/ops/regularization.h"
#include "evenkeel/program/passes/drop_unread.h"
#include "evenkeel/program/passes/fold_normalizations.h"
#include "evenkeel/program/passes/fuse.h"
#include "evenkeel/program/passes/fuse_pooling.h"
#include "evenkeel/program/passes/specialize.h"
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
    find_logits();
    widen_outputs();
    if (options_.loss) emit_scores();
    if (options_.loss && options_.targets != Targets::none) emit_loss();
    keep_named();
    probe_named();
    if (options_.evaluation_only) specialize();
    if (options_.compute.fuse) passes::fuse(program(), options_.train);
    if (options_.train) emit_training();
    probe_named();
    refuse_unknown();
    finish(program());
    return std::move(result_);
  }

 private:
  Program& program() { return *result_.program; }

  void emit_layers() {
    input_ = program().input("input", model_.input_shape().batched(options_.batch_size), options_.compute.real);
    program().info(input_).wants_gradient = options_.input_gradient;
    std::vector<Value> made;
    for (const Model::Node& node : model_.nodes()) {
      const Layer& layer = node.layer;
      std::vector<Value> inputs;
      for (int i : node.inputs) inputs.push_back(i < 0 ? input_ : made[static_cast<std::size_t>(i)]);
      program().set_label(layer.name());
      if (!takes_raw(layer))
        for (Value& input : inputs) input = narrowed(input);
      LayerBuilder builder(program(), layer.name(), static_cast<int>(made.size()), layer.trainable(), result_.weights);
      try {
        made.push_back(layer.build(builder, inputs));
      } catch (const Error& error) {
        const std::string where = "layer \"" + layer.name() + '"';
        if (error.parts().where.starts_with(where)) throw;
        throw error.inside(where);
      }
      result_.layer_outputs.push_back(made.back().shape().without_first());
      // A layer that changes nothing returns a value that has a name already.
      const bool own = std::ranges::find(inputs, made.back()) == inputs.end();
      if (own) program().rename(made.back(), layer.name() + "/output");
      result_.layer_values.push_back(made.back().name());
    }
    outputs_ = made.back();
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

  /// Outputs that are read, and the inputs of the loss, have the type of parameters.
  void widen_outputs() {
    const bool are_logits = logits_ == outputs_;
    outputs_ = ops::cast(outputs_, options_.compute.real);
    logits_ = are_logits ? outputs_ : ops::cast(logits_, options_.compute.real);
    result_.outputs = outputs_.name();
    program().keep(outputs_);
  }

  /// A final softmax or sigmoid (as Keras users write it) is recognised: the loss uses what goes into it.
  void find_logits() {
    logits_ = outputs_;
    if (!options_.loss || program().nodes().empty()) return;
    for (const Node& node : program().nodes()) {
      if (node.outputs.empty() || node.outputs[0] != outputs_.id()) continue;
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
      if ((is_softmax && for_softmax) || (is_sigmoid && for_sigmoid)) logits_ = program().handle(node.inputs[0]);
    }
  }

  void emit_scores() {
    program().set_label("scores");
    program().set_phase(Phase::loss);
    Value scores = outputs_;
    if (logits_ == outputs_ && scores_of(*options_.loss) == Scores::softmax)
      scores = program().emit_one(ops::Softmax{}, {outputs_}, "scores");
    if (logits_ == outputs_ && scores_of(*options_.loss) == Scores::sigmoid)
      scores = program().emit_one(ops::Activation(kernels::Activation::sigmoid), {outputs_}, "scores");
    result_.scores = scores.name();
    // Nobody needs scores in training; without `keep` the line is dropped.
    if (!options_.train) program().keep(scores);
  }

  void emit_loss() {
    const Shape& shape = logits_.shape();
    if (shape.rank() != 2)
      throw Error{{.where = "layer \"" + model_.nodes().back().layer.name() + '"',
                   .expected = "outputs [N, K] for the loss",
                   .received = to_string_batched(shape.without_first()),
                   .hint = "Put a Flatten or a GlobalAveragePooling2D before the last Dense."}};
    if (scores_of(*options_.loss) == Scores::softmax && shape[1] == 1)
      throw Error{{.where = "layer \"" + model_.nodes().back().layer.name() + '"',
                   .expected = "2 or more outputs for the loss \"" + name_of(*options_.loss) + '"',
                   .received = "1, whose softmax is always 1",
                   .hint = "Choose the loss \"binary_crossentropy\", or 2 units."}};
    program().set_label("loss");
    Value targets;
    if (options_.targets == Targets::labels) {
      const Value labels = program().input("labels", {options_.batch_size}, DType::int32);
      targets = program().emit_one(ops::OneHot(shape[1], options_.compute.real), {labels}, "one_hot");
    } else {
      targets = program().input("targets", shape, options_.compute.real);
    }
    loss_ = evenkeel::emit_loss(*options_.loss, program(), logits_, smoothed(targets));
    weigh_classes(targets);
    add_penalties();
    program().keep(loss_);
    result_.loss = loss_.name();
    if (scores_of(*options_.loss) == Scores::outputs) return;
    const Value correct = program().emit_one(ops::Correct(0.0), {logits_, targets}, "correct");
    program().keep(correct);
    result_.correct = correct.name();
  }

  Value smoothed(Value targets) {
    const Smoothing smoothing = smoothing_of(*options_.loss, targets.shape()[1]);
    if (smoothing.scale == 1) return targets;
    return program().emit_one(ops::ScaleOffset(smoothing.scale, smoothing.offset), {targets}, "smoothed");
  }

  void weigh_classes(Value targets) {
    const auto& weights = options_.class_weight;
    if (!options_.train || weights.empty()) return;
    const Value of_samples = program().emit_one(ops::ClassWeights(weights), {targets}, "class_weights");
    loss_ = program().emit_one(ops::Multiply(), {loss_, of_samples}, "weighted");
  }

  void add_penalties() {
    std::vector<Value> operands = {loss_};
    std::vector<double> factors;
    for (const WeightInfo& weight : result_.weights) {
      if (weight.l2 == 0) continue;
      operands.push_back(program().find(weight.name));
      factors.push_back(weight.l2);
    }
    if (!factors.empty()) loss_ = program().emit_one(ops::AddL2Penalty(factors), operands, "with_penalties");
  }

  void emit_training() {
    if (!loss_) throw Error{{.where = "compile", .expected = "a loss and targets to train with", .received = "none"}};
    program().set_phase(Phase::backward);
    program().set_label("loss");
    const double weight = 1.0 / static_cast<double>(options_.batch_size);
    const Value seed = program().emit_one(ops::Fill(loss_.shape(), options_.compute.real, weight), {});
    const auto gradients = differentiate(program(), loss_, seed);
    if (options_.input_gradient) {
      const Value gradient = gradients[static_cast<std::size_t>(input_.id())];
      program().rename(gradient, "input/gradient");
      program().keep(gradient);
    }
    keep_named();
    if (options_.update) {
      program().set_phase(Phase::update);
      program().set_label("optimizer");
      options_.update(program());
    }
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
  Value input_, outputs_, logits_, loss_;
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
