#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/program/executor.h"
#include "evenkeel/program/ops/updates.h"

namespace evenkeel {
using namespace activations;

/// The memory of one model, for as many programs as a test needs.
struct Memory {
  Store store = {};
  Arena arena = Arena();
  Threads threads{1};
};

/// A compiled model with random input and targets, ready to run. The first program of a Memory draws the weights.
struct Compiled {
  Compiled(const Model& model, const CompileOptions& options, Memory& memory) : compiled(compile(model, options)) {
    const bool first = memory.store.parameters.layout().entries.empty() && memory.store.state.layout().entries.empty();
    executor = std::make_unique<Executor>(*compiled.program, memory.store, memory.arena, memory.threads);
    if (first) initialize_weights(compiled.weights, 0, memory.store);
    step.modes.assign(static_cast<std::size_t>(model.layers()), LayerMode::of(Mode::train));
    step.learning_rate = 0.01;
    std::vector<std::string> names;
    for (const Model::Input& input : model.inputs()) names.push_back(input.name);
    names.insert(names.end(), {"labels", "targets"});
    for (const std::string& name : names)
      if (const Value v = compiled.program->find(name)) bind_random(name, v);
  }

  void run() { executor->run(step); }
  std::vector<double> read(const std::string& name) const {
    const Tensor values = converted(executor->read(name), DType::float64);
    return {values.as<double>().begin(), values.as<double>().end()};
  }

  CompiledModel compiled;
  std::unique_ptr<Executor> executor;
  StepContext step;
  std::vector<std::unique_ptr<Tensor>> bound;  ///< in the order inputs, labels or targets

 private:
  void bind_random(const std::string& name, Value v) {
    Tensor values(v.shape(), DType::float64);
    RandomStream stream({.seed = 1, .purpose = Purpose::study, .index = static_cast<std::uint32_t>(bound.size())});
    for (double& x : values.as<double>()) {
      const double drawn = stream.normal();
      x = v.type().dtype == DType::int32 ? stream.below(2) : static_cast<double>(static_cast<float>(drawn));
    }
    bound.push_back(std::make_unique<Tensor>(converted(values, v.type().dtype)));
    executor->bind(name, *bound.back());
  }
};

/// Adam in Keras's defaults, as CompileOptions::update.
inline void adam(Program& program) {
  const Value parameters = program.parameter_block(), gradients = program.gradient_block();
  const Value m = program.slot("m", parameters.shape()), v = program.slot("v", parameters.shape());
  program.emit(std::make_shared<const ops::AdamUpdate>(0.9, 0.999, 1e-7), {parameters, gradients, Value(), m, v});
}

/// A step of training on five samples with labels.
inline CompileOptions training(DType real = DType::float32) {
  return {.batch_size = 5,
          .loss = SoftmaxCrossEntropy{},
          .targets = Targets::labels,
          .train = true,
          .compute = {.real = real}};
}

/// Convolutions with normalization, a residual connection, a concatenation, every kind of pooling, dropout, dense.
inline Model varied_model() {
  Sequential model({9, 7, 3}, "varied");
  model.append(Rescaling{.scale = 0.5, .offset = 0.1});
  model.append(Conv2D{.filters = 5, .padding = Padding::same, .use_bias = false, .name = "stem"});
  model.append(BatchNormalization{.momentum = 0.75});
  model.append(Activation{.activation = elu, .name = "stem_elu"});
  model.append(Conv2D{.filters = 5, .padding = Padding::same, .activation = relu, .name = "inner"});
  model.append(Add{.name = "sum"}, {"inner", "stem_elu"});
  model.append(MaxPooling2D{.pool_size = 3, .strides = Size2D(2), .padding = Padding::same});
  model.append(Dropout{.rate = 0.25, .name = "drop"});
  model.append(AveragePooling2D{.padding = Padding::same, .name = "left"}, {"drop"});
  model.append(Conv2D{.filters = 3, .kernel_size = 2, .strides = 2, .padding = Padding::same, .name = "right"},
               {"drop"});
  model.append(Concatenate{}, {"left", "right"});
  model.append(Flatten{});
  model.append(Dense{.units = 17, .activation = ActivationFunction::tanh, .use_bias = false, .name = "hidden"});
  model.append(BatchNormalizationFromParts{.name = "parts"});
  model.append(Dense{.units = 4, .name = "head"});
  return model;
}

}  // namespace evenkeel
