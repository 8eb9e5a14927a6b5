#include "tests/diagnose/causes/judged.h"

// What rules say that read the model: each planted in several architectures, and controls.

namespace evenkeel {
namespace {

using namespace activations;

const Finding* of_code(const std::vector<Finding>& findings, const std::string& code) {
  const auto found = std::ranges::find(findings, code, &Finding::code);
  return found == findings.end() ? nullptr : &*found;
}

/// Layers of three architectures, up to what they end in.
std::vector<Sequential> bodies() {
  Sequential dense({28, 28, 1}, "dense"), convolutions({28, 28, 1}, "convolutions"),
      normalized({28, 28, 1}, "normalized");
  dense.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 24, .activation = relu});
  convolutions.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 6, .strides = 3, .activation = elu},
                   GlobalAveragePooling2D{});
  normalized.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 20, .use_bias = false},
                 BatchNormalization{.momentum = 0.9}, Activation{relu});
  return {dense, convolutions, normalized};
}

template <class... Layers>
std::vector<Sequential> ending_in(Layers... layers) {
  std::vector<Sequential> models = bodies();
  for (Sequential& model : models) (model.add(layers), ...);
  return models;
}

/// Samples whose targets are numbers: `of` sample and output.
template <class F>
Dataset with_targets(const Dataset& data, std::int64_t outputs, F of) {
  Tensor y({data.size(), outputs}, DType::float32);
  for (std::int64_t i = 0; i < data.size(); ++i)
    for (std::int64_t k = 0; k < outputs; ++k)
      y.as<float>()[static_cast<std::size_t>(i * outputs + k)] = static_cast<float>(of(i, k));
  return Dataset({.name = "targets", .x = Tensor::copy_of(data.x()), .y = std::move(y), .class_names = {}});
}

// --- An activation before the loss.

TEST(ActivationBeforeLoss, NamesTheClassesThatAReluHasLost) {
  for (const Sequential& model :
       ending_in(Dense{.units = 10, .name = "head"}, Activation{.activation = relu, .name = "last"})) {
    const auto trainer = trained(model);
    change(trainer->network(), "head/bias", [](auto values) { values[3] = values[7] = -1e3f; });
    const auto findings = judged(activation_before_loss, trainer->network());
    ASSERT_EQ(findings.size(), 1U) << model.name();
    EXPECT_EQ(summary_of(findings[0]), "activation-before-loss error last") << model.name();
    EXPECT_SAYS(findings[0].cause, "3");
    EXPECT_SAYS(findings[0].cause, "7");
    EXPECT_SAYS(findings[0].cause, "never chosen");
    EXPECT_GE(findings[0].evidence[0].value, 2) << "outputs that are 0 for every sample";
  }
}

TEST(ActivationBeforeLoss, IsSeenInTheLastLayerItselfAndBehindItsNoise) {
  for (const Sequential& model : ending_in(Dense{.units = 10, .activation = relu, .name = "head"}, Dropout{}))
    EXPECT_EQ(of_code(judged(activation_before_loss, trained(model)->network()), "activation-before-loss")->layers,
              std::vector<std::string>{"head"});
}

TEST(ActivationBeforeLoss, IsAnErrorWhereScoresCannotBeSure) {
  for (const ActivationFunction f : {sigmoid, tanh}) {
    // `sigmoid` at the very end is refused with this loss: something must be after it.
    const Sequential model = ending_in(Dense{.units = 10, .activation = f, .name = "head"}, Dropout{.rate = 0.1})[2];
    const auto findings = judged(activation_before_loss, trained(model)->network());
    ASSERT_EQ(findings.size(), 1U) << name_of(f);
    EXPECT_EQ(findings[0].severity, matters(findings[0].cost.value()) ? Severity::error : Severity::warning);
    EXPECT_SAYS(findings[0].cause, "no score can be more than ");
  }
}

TEST(ActivationBeforeLoss, IsNoneWhereTheLossUndoesItOrNothingIsCutOff) {
  for (const Sequential& model : ending_in(Dense{.units = 10, .name = "head"}))
    EXPECT_EQ(summaries_of(judged(activation_before_loss, trained(model, 5)->network())), Summaries());
  for (const Sequential& model : ending_in(Dense{.units = 10, .activation = softmax}))
    EXPECT_EQ(summaries_of(judged(activation_before_loss, trained(model, 5)->network())), Summaries());
  for (const Sequential& model : ending_in(Dense{.units = 10, .activation = leaky_relu}))
    EXPECT_EQ(summaries_of(judged(activation_before_loss, trained(model, 5)->network())), Summaries());
  // A relu before a pooling, as in fully convolutional networks.
  Sequential pooled({28, 28, 1}, "pooled");
  pooled.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 10, .strides = 4, .activation = relu},
             GlobalAveragePooling2D{});
  EXPECT_EQ(summaries_of(judged(activation_before_loss, trained(pooled, 5)->network())), Summaries());
}

TEST(ActivationBeforeLoss, KnowsTheSigmoidOfItsOwnLoss) {
  const auto judged_with = [](const Layer& last) {
    Model model = bodies()[0];
    model.append(Dense{.units = 10, .name = "head"});
    model.append(last);
    Network network(model, {.loss = SigmoidCrossEntropy{}, .compute = {.threads = 1}});
    return summaries_of(judged(activation_before_loss, network));
  };
  EXPECT_EQ(judged_with(Activation{sigmoid}), Summaries());
  EXPECT_EQ(judged_with(Activation{.activation = relu, .name = "last"}),
            Summaries{"activation-before-loss error last"});
  EXPECT_EQ(judged_with(Activation{.activation = tanh, .name = "last"}),
            Summaries{"activation-before-loss error last"});
}

TEST(ActivationBeforeLoss, ComparesTargetsWithWhatCanBeReached) {
  for (Sequential model : bodies()) {
    model.add(Dense{.units = 2, .activation = relu, .name = "head"});
    Network network(model, {.loss = MeanSquaredError{}, .compute = {.threads = 1}});
    change(network, "head/bias", [](auto values) { std::ranges::fill(values, 5.0f); });
    const Dataset positive = with_targets(small_data().test, 2, [](auto i, auto k) { return double(i % 5 + k); });
    const Dataset both =
        with_targets(small_data().test, 2, [](auto i, auto k) { return double(i % 5) - 2 + double(k); });
    EXPECT_EQ(summaries_of(judged_on(activation_before_loss, network, {.data = positive})), Summaries())
        << model.name();
    EXPECT_EQ(summaries_of(judged_on(activation_before_loss, network, {.data = both})),
              Summaries{"activation-before-loss error head"})
        << model.name();
    change(network, "head/bias", [](auto values) { values[1] = -1e3f; });
    EXPECT_EQ(summaries_of(judged_on(activation_before_loss, network, {.data = positive})),
              Summaries{"activation-before-loss error head"})
        << model.name();
  }
}

// --- A softmax over one value.

TEST(SingleOutputSoftmax, IsAnErrorWhereNothingLeadsAroundIt) {
  for (Sequential model : bodies()) {
    model.add(Dense{.units = 1, .activation = softmax, .name = "head"});
    Network network(model, {.loss = MeanSquaredError{}, .compute = {.threads = 1}});
    const Dataset data = with_targets(small_data().test, 1, [](auto i, auto) { return double(i % 2); });
    EXPECT_EQ(summaries_of(judged_on(single_output_softmax, network, {.data = data})),
              Summaries{"single-output-softmax error head"})
        << model.name();
  }
}

TEST(SingleOutputSoftmax, WarnsWhereABranchLeadsAroundIt) {
  Model model({28, 28, 1}, "attention");
  model.append(Conv2D{.filters = 6, .strides = 4, .name = "trunk"});
  model.append(Conv2D{.filters = 1, .kernel_size = 1, .activation = softmax, .name = "attention"});
  model.append(Concatenate{.name = "joined"}, {"trunk", "attention"});
  model.append(GlobalAveragePooling2D{});
  model.append(Dense{.units = 10});
  Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  EXPECT_EQ(summaries_of(judged(single_output_softmax, network)), Summaries{"single-output-softmax warning attention"});
}

TEST(SingleOutputSoftmax, IsNoneOverSeveralValues) {
  for (const Sequential& model : ending_in(Dense{.units = 10, .activation = softmax}))
    EXPECT_EQ(summaries_of(judged(single_output_softmax, trained(model, 2)->network())), Summaries());
}

// --- Dropout of the outputs.

TEST(LastDropout, IsNamedWhateverNoiseItIs) {
  for (const Layer& noise : {Layer(Dropout{.rate = 0.3, .name = "noise"}), Layer(GaussianDropout{.name = "noise"}),
                             Layer(Uout{.name = "noise"})})
    for (Sequential model : bodies()) {
      model.append(Dense{.units = 10, .name = "head"});
      model.append(noise);
      model.append(Activation{softmax});
      Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
      EXPECT_EQ(summaries_of(judged(last_dropout, network)), Summaries{"last-dropout warning noise"}) << noise.type();
    }
}

TEST(LastDropout, IsNoneBeforeTheLastLinearLayer) {
  for (const Sequential& model : ending_in(Dropout{}, Dense{.units = 10})) {
    Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
    EXPECT_EQ(summaries_of(judged(last_dropout, network)), Summaries()) << model.name();
  }
}

// --- Normalizations without anything to normalize.

TEST(NothingToNormalize, IsSaidOfASecondNormalizationOfTheSameKind) {
  const auto of_pair = [](const Layer& first, const Layer& between, const Layer& second) {
    Model model({12, 12, 2}, "pair");
    model.append(Conv2D{.filters = 4, .name = "conv"});
    model.append(first);
    model.append(between);
    model.append(second.named("second"));
    model.append(Flatten{});
    model.append(Dense{.units = 2});
    Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
    return summaries_of(judged_on(nothing_to_normalize, network, {.data = normal_data(60, {12, 12, 2})}));
  };
  const Layer nothing = Activation{linear};
  const Summaries second = {"nothing-to-normalize warning second"};
  EXPECT_EQ(of_pair(BatchNormalization{}, nothing, BatchNormalization{}), second);
  EXPECT_EQ(of_pair(BatchNormalization{}, nothing, BatchNormalizationFromParts{}), second);
  EXPECT_EQ(of_pair(LayerNormalization{}, nothing, LayerNormalization{}), second);
  EXPECT_EQ(of_pair(GroupNormalization{.groups = 2}, nothing, GroupNormalization{.groups = 2}), second);
  // Other values are normalized together, or something is between.
  EXPECT_EQ(of_pair(BatchNormalization{}, nothing, BatchNormalization{.axis = 1}), Summaries());
  EXPECT_EQ(of_pair(BatchNormalization{}, nothing, LayerNormalization{}), Summaries());
  EXPECT_EQ(of_pair(GroupNormalization{.groups = 2}, nothing, GroupNormalization{.groups = 4}), Summaries());
  EXPECT_EQ(of_pair(BatchNormalization{}, Activation{relu}, BatchNormalization{}), Summaries());
  EXPECT_EQ(of_pair(BatchNormalization{}, Dropout{}, BatchNormalization{}), Summaries());
  EXPECT_EQ(of_pair(BatchNormalization{}, MaxPooling2D{}, BatchNormalization{}), Summaries());
}

TEST(NothingToNormalize, FollowsFromConstants) {
  for (const Layer& constant :
       {Layer(Dense{.units = 1, .activation = softmax, .name = "constant"}), Layer(Dense{.units = 1, .name = "one"})}) {
    Model model = bodies()[0];
    model.append(constant);
    const bool is_softmax = constant.name() == "constant";
    if (!is_softmax) model.append(LayerNormalization{.name = "constant"});
    model.append(Dense{.units = 6});
    model.append(BatchNormalization{.name = "norm"});
    model.append(Dense{.units = 10});
    Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
    const auto findings = judged(nothing_to_normalize, network);
    ASSERT_EQ(summaries_of(findings), Summaries{"nothing-to-normalize info norm"});
    EXPECT_EQ(findings[0].consequence_of, is_softmax ? "single-output-softmax" : "normalization-of-one-value");
  }
}

TEST(NothingToNormalize, IsNoneInHealthyNetworks) {
  for (const Model& model : std::vector<Model>{small_convnet(), small_mlp(), ending_in(Dense{.units = 10})[2]}) {
    Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
    EXPECT_EQ(summaries_of(judged(nothing_to_normalize, network)), Summaries()) << model.name();
  }
}

// --- Normalizations over one value.

TEST(NormalizationOfOneValue, IsReadFromTheModelWithinASample) {
  const auto of = [](const std::vector<Layer>& layers) {
    Model model({8, 8, 2}, "one");
    for (const Layer& layer : layers) model.append(layer);
    model.append(Dense{.units = 2});
    Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
    return summaries_of(judged_on(normalization_of_one_value, network, {.data = normal_data(60, {8, 8, 2})}));
  };
  const Summaries error = {"normalization-of-one-value error norm"};
  const Layer to_one = Conv2D{.filters = 4, .kernel_size = 8};
  EXPECT_EQ(of({to_one, InstanceNormalization{.name = "norm"}, Flatten{}}), error);
  EXPECT_EQ(of({to_one, GroupNormalization{.groups = -1, .name = "norm"}, Flatten{}}), error);
  EXPECT_EQ(of({to_one, GroupNormalization{.groups = 4, .name = "norm"}, Flatten{}}), error);
  EXPECT_EQ(of({Flatten{}, Dense{.units = 1}, LayerNormalization{.name = "norm"}}), error);
  EXPECT_EQ(of({Flatten{}, Dense{.units = 1}, RMSNormalization{.name = "norm"}}), error);
  EXPECT_EQ(of({to_one, BatchNormalization{.virtual_batch_size = 1, .name = "norm"}, Flatten{}}), error);
  // Several values each.
  EXPECT_EQ(of({to_one, GroupNormalization{.groups = 2}, Flatten{}}), Summaries());
  EXPECT_EQ(of({Conv2D{.filters = 4}, InstanceNormalization{}, Flatten{}}), Summaries());
  EXPECT_EQ(of({to_one, LayerNormalization{}, Flatten{}}), Summaries());
  EXPECT_EQ(of({to_one, BatchNormalization{}, Flatten{}}), Summaries());
}

TEST(NormalizationOfOneValue, IsReadFromTheBatchSizeOfTraining) {
  for (const Sequential& model : small_models()) {
    Trainer trainer(model, {.batch_size = 1, .compute = {.threads = 1}});
    trainer.fit(small_data().train, {.steps = 60});
    const Records records{.updates = 60, .batch_size = 1};
    const auto findings = judged(normalization_of_one_value, trainer.network(), records);
    ASSERT_EQ(findings.size(), 1U) << model.name();
    EXPECT_EQ(findings[0].code, "small-batch");
    EXPECT_EQ(findings[0].severity, Severity::error);
    // After convolutions there are positions to normalize over.
    EXPECT_EQ(findings[0].layers[0], model.name() == "small_mlp" ? "norm_1" : "norm_3");
    // Nothing else is to blame for these statistics.
    const Diagnosis d = diagnosed(trainer.network(), records);
    for (const char* code : {"stale-statistics", "lagging"})
      if (const Finding* f = finding_of(d, code)) {
        for (const std::string& layer : findings[0].layers)
          EXPECT_EQ(std::ranges::count(f->layers, layer), 0) << told(d);
      }
    if (const Finding* f = finding_of(d, "bad-variance"); f && f->layers == findings[0].layers) {
      EXPECT_EQ(f->consequence_of, "small-batch") << told(d);
    }
  }
}

TEST(NormalizationOfOneValue, IsNotSaidWhereStatisticsContradictTheRecord) {
  const auto trainer = trained(small_mlp());
  EXPECT_EQ(summaries_of(judged(normalization_of_one_value, trainer->network(), {.updates = 120, .batch_size = 1})),
            Summaries());
  EXPECT_EQ(summaries_of(judged(normalization_of_one_value, trainer->network(), {.batch_size = 50})), Summaries());
}

TEST(NormalizationOfOneValue, IsSaidOfALastBatchOfOneSample) {
  for (const double momentum : {0.5, 0.99}) {
    for (const Sequential& model : {small_convnet(momentum), small_mlp(momentum)}) {
      Trainer trainer(model, {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
      const Dataset data = small_data().train.range(0, 1001);
      trainer.fit(data, {.epochs = 3});
      const Subject subject{
          .data = small_data().test, .train_data = data, .records = {.updates = 63, .batch_size = 50, .last_batch = 1}};
      const auto findings = judged_on(normalization_of_one_value, trainer.network(), subject);
      ASSERT_EQ(findings.size(), 1U) << model.name();
      EXPECT_EQ(findings[0].severity > Severity::info, momentum == 0.5) << summary_of(findings[0]);
      EXPECT_SAYS(findings[0].cause, "the last batch of each epoch had one sample");
      EXPECT_EQ(std::ranges::count(findings[0].layers, "norm_1") > 0, model.name() == "small_mlp");
    }
  }
}

}  // namespace
}  // namespace evenkeel
