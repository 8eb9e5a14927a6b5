#include "evenkeel/diagnose/measure/reestimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/train/trainer.h"
#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

using namespace activations;

struct Case {
  const char* name;
  Model model;
  std::int64_t some_memory;  ///< in bytes: enough for a part of the batches
};

std::vector<Case> cases() {
  return {{"chain", chain_model(), 5000}, {"residual", residual_model(), 50000}, {"axes", axes_model(), 5000}};
}

/// 37 samples: batches of 10 leave a ragged one.
Dataset samples_for(const Model& model) { return normal_data(37, model.input_shape(), 2.5, 3); }

std::unique_ptr<Network> network_of(const Model& model, DType real = DType::float32) {
  return std::make_unique<Network>(model, NetworkOptions{.seed = 5, .compute = {.threads = 1, .real = real}});
}

/// What each normalization reads when all samples are one batch, as the program of that size computes it in these
/// modes.
struct WholeSet {
  WholeSet(Network& network, const Dataset& data, const LayerMode& mode)
      : arena(), threads(1), layers(normalizations(network.model())) {
    CompileOptions options{.batch_size = data.size(), .compute = {.real = network.options().compute.real}};
    const CompiledModel names = compile(network.model(), options);
    for (const Normalization& n : layers) inputs.push_back(input_value(network.model(), names, n.layer));
    options.keep = inputs;
    compiled = compile(network.model(), options);
    store = network.store().sharing_weights();
    executor = std::make_unique<Executor>(*compiled.program, store, arena, threads);
    x = converted(data.x(), options.compute.real);
    executor->bind("input", x);
    StepContext step;
    step.modes.assign(static_cast<std::size_t>(network.model().layers()), mode);
    executor->run(step);
  }

  /// In two passes, in double; biased.
  LayerStatistics statistics(std::size_t i) const {
    const Tensor values = converted(executor->read(inputs[i]), DType::float64);
    const auto channels = static_cast<std::size_t>(values.shape().back());
    const double rows = static_cast<double>(values.shape().size()) / static_cast<double>(channels);
    LayerStatistics result{layers[i].name, std::vector<double>(channels), std::vector<double>(channels)};
    const auto v = values.as<double>();
    for (std::size_t k = 0; k < v.size(); ++k) result.mean[k % channels] += v[k] / rows;
    for (std::size_t k = 0; k < v.size(); ++k)
      result.variance[k % channels] += std::pow(v[k] - result.mean[k % channels], 2) / rows;
    return result;
  }

  Store store;
  Arena arena;
  Threads threads;
  std::vector<Normalization> layers;
  std::vector<std::string> inputs;
  CompiledModel compiled;
  Tensor x;
  std::unique_ptr<Executor> executor;
};

void expect_near(const LayerStatistics& actual, const LayerStatistics& expected, double of_sigma, double of_variance) {
  SCOPED_TRACE(expected.layer);
  ASSERT_EQ(actual.layer, expected.layer);
  ASSERT_EQ(actual.mean.size(), expected.mean.size());
  for (std::size_t c = 0; c < expected.mean.size(); ++c) {
    EXPECT_NEAR(actual.mean[c], expected.mean[c], of_sigma * std::sqrt(expected.variance[c]) + 1e-300) << c;
    EXPECT_NEAR(actual.variance[c], expected.variance[c], of_variance * expected.variance[c] + 1e-300) << c;
  }
}

TEST(Reestimate, EqualsADoublePrecisionComputationOnTheSameInputs) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const auto network = network_of(c.model);
    const Dataset data = samples_for(c.model);
    const Reestimated found = reestimate_statistics(*network, data, {.batch_size = 10, .as_declared = false});
    const WholeSet whole(*network, data, LayerMode::of(Mode::evaluate));
    ASSERT_EQ(found.after.size(), whole.layers.size());
    for (std::size_t i = 0; i < whole.layers.size(); ++i) expect_near(found.after[i], whole.statistics(i), 1e-6, 1e-5);
  }
}

TEST(Reestimate, KnowsNormalizationsForSmallBatches) {
  Sequential model({6, 5, 3});
  model.add(BatchNormalization{.virtual_batch_size = 4, .name = "ghosts"}, Conv2D{.filters = 4, .name = "conv"},
            BatchRenormalization{.unbiased_moving_variance = true, .name = "renormalized"}, Activation{relu}, Flatten{},
            Dense{.units = 2, .name = "head"});
  const auto network = network_of(model);
  const Dataset data = samples_for(model);
  const Reestimated found = reestimate_statistics(*network, data, {.batch_size = 10, .as_declared = false});
  const WholeSet whole(*network, data, LayerMode::of(Mode::evaluate));
  ASSERT_EQ(found.after.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) expect_near(found.after[i], whole.statistics(i), 1e-6, 1e-5);
  EXPECT_TRUE(whole.layers[1].unbiased);
}

TEST(Reestimate, FindsTheStatisticsOfTheWholeSetAsOneBatch) {
  // Normalized by the batch's own statistics with dropout off, one batch of all samples is what re-estimation means.
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const auto network = network_of(c.model, DType::float64);
    const Dataset data = samples_for(c.model);
    const Reestimated found = measure_statistics(*network, data, {.batch_size = 10, .as_declared = false});
    const WholeSet whole(*network, data, {Statistics::batch, false, false});
    for (std::size_t i = 0; i < whole.layers.size(); ++i)
      expect_near(found.after[i], whole.statistics(i), 1e-10, 1e-10);
  }
}

TEST(Reestimate, GivesTheSameBitsHoweverLittleMemoryThereIs) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const auto network = network_of(c.model);
    const Dataset data = samples_for(c.model);
    const Reestimated all = measure_statistics(*network, data, {.batch_size = 10});
    const Reestimated some = measure_statistics(*network, data, {.batch_size = 10, .memory_bytes = c.some_memory});
    const Reestimated none = measure_statistics(*network, data, {.batch_size = 10, .memory_bytes = 0});
    EXPECT_EQ(some.after, all.after);
    EXPECT_EQ(none.after, all.after);
    EXPECT_LE(all.forward_passes, 1);
    EXPECT_GT(some.forward_passes, all.forward_passes);
    EXPECT_GT(none.forward_passes, some.forward_passes);
    EXPECT_EQ(none.kept_bytes, 0);
    EXPECT_LE(some.kept_bytes, c.some_memory);
    EXPECT_GT(all.kept_bytes, c.some_memory);
  }
}

TEST(Reestimate, DependsOnTheBatchSizeByNoMoreThanRounding) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    const auto network = network_of(c.model);
    const Dataset data = samples_for(c.model);
    const Reestimated one = measure_statistics(*network, data, {.batch_size = 1});
    for (const std::int64_t batch_size : {10, 36, 37, 1000}) {
      const Reestimated other = measure_statistics(*network, data, {.batch_size = batch_size});
      for (std::size_t i = 0; i < one.after.size(); ++i) expect_near(other.after[i], one.after[i], 1e-6, 1e-6);
    }
  }
}

TEST(Reestimate, VisitsEachLineOncePerSampleHoweverDeepTheNetwork) {
  Sequential model({4, 4, 2});
  for (int i = 0; i < 80; ++i)
    model.add(Conv2D{.filters = 2, .padding = Padding::same, .use_bias = false}, BatchNormalization{},
              Activation{relu});
  const auto network = network_of(model);
  EXPECT_LE(measure_statistics(*network, samples_for(model), {.batch_size = 10}).forward_passes, 1);
}

TEST(Reestimate, DoesNotCareForTheStatisticsThatWereThere) {
  const Model model = chain_model();
  const auto network = network_of(model);
  const Dataset data = samples_for(model);
  const Reestimated first = measure_statistics(*network, data);
  for (const Normalization& n : normalizations(model)) {
    change(*network, n.name + "/moving_mean", [](auto values) { std::ranges::fill(values, 100.0f); });
    change(*network, n.name + "/moving_variance", [](auto values) { std::ranges::fill(values, NAN); });
  }
  EXPECT_EQ(measure_statistics(*network, data).after, first.after);
}

TEST(Reestimate, TakesTheVarianceAsTheLayerDeclaresIt) {
  const Model model = chain_model();  // "second" is unbiased
  const auto network = network_of(model);
  const Dataset data = samples_for(model);
  const LayerStatistics biased = measure_statistics(*network, data, {.as_declared = false}).after[1];
  const LayerStatistics declared = measure_statistics(*network, data).after[1];
  const double n = 37 * 4 * 3;
  for (std::size_t c = 0; c < biased.variance.size(); ++c)
    EXPECT_DOUBLE_EQ(declared.variance[c], biased.variance[c] * n / (n - 1));
}

TEST(Reestimate, SetsMovingStatisticsAndNothingElse) {
  const Model model = chain_model();
  Trainer trainer(model, {.batch_size = 10, .seed = 1, .compute = {.threads = 1}});
  const Dataset data = samples_for(model);
  trainer.fit(data);
  const auto others = trained_bytes(trainer.network(), false);
  const auto before = moving_statistics(trainer.network());
  const Reestimated found = reestimate_statistics(trainer.network(), data);
  EXPECT_EQ(trained_bytes(trainer.network(), false), others);
  EXPECT_EQ(found.before, before);
  const auto now = moving_statistics(trainer.network());
  for (std::size_t i = 0; i < now.size(); ++i) expect_near(now[i], found.after[i], 1e-6, 1e-6);
  EXPECT_EQ(found.samples, 37);
}

TEST(Reestimate, MeasuringChangesNothingAtAll) {
  const Model model = residual_model();
  const auto network = network_of(model);
  const auto before = trained_bytes(*network);
  measure_statistics(*network, samples_for(model));
  EXPECT_EQ(trained_bytes(*network), before);
}

TEST(Reestimate, LeavesATrainerToGoOnAsIfNothingHadBeenMeasured) {
  const Model model = chain_model();
  const Dataset data = samples_for(model);
  std::vector<std::vector<std::byte>> ends;
  for (const bool measures : {false, true}) {
    Trainer trainer(model, {.batch_size = 10, .seed = 1, .compute = {.threads = 1}});
    trainer.fit(data, {.steps = 3});
    if (measures) measure_statistics(trainer.network(), data);
    trainer.fit(data, {.steps = 3});
    ends.push_back(trained_bytes(trainer.network()));
  }
  EXPECT_EQ(ends[0], ends[1]);
}

TEST(Reestimate, MeasuresTheAveragesOfTheWeightsThatEvaluationUses) {
  const Model model = chain_model();
  const Dataset data = samples_for(model);
  Trainer trainer(
      model,
      {.optimizer = Adam{.learning_rate = 0.1, .ema_momentum = 0.5}, .batch_size = 10, .compute = {.threads = 1}});
  trainer.fit(data, {.epochs = 2});
  const auto of_weights = [&] {
    const auto copy = std::make_unique<Network>(model, NetworkOptions{.compute = {.threads = 1}});
    for (const WeightInfo& weight : copy->weights())
      copy->set_weight(weight.name, trainer.network().weight(weight.name));
    return measure_statistics(*copy, data).after;
  };
  const auto of_last = of_weights();
  const AveragedWeights averaged(trainer.network());
  const auto of_averages = of_weights();
  EXPECT_NE(of_averages, of_last);
  EXPECT_EQ(measure_statistics(trainer.network(), data).after, of_averages);
}

TEST(Reestimate, FindsNothingToDoWithoutNormalization) {
  Sequential model({4});
  model.add(Dense{.units = 2});
  const auto network = network_of(model);
  const Reestimated found = reestimate_statistics(*network, samples_for(model));
  EXPECT_TRUE(found.before.empty() && found.after.empty());
}

TEST(Reestimate, RefusesDataThatDoNotFitAndBatchesOfNothing) {
  const auto network = network_of(chain_model());
  EXPECT_SAYS(error_of([&] { reestimate_statistics(*network, normal_data(5, {4})); }), "samples [N, 6, 5, 3]");
  EXPECT_SAYS(error_of([&] { reestimate_statistics(*network, samples_for(chain_model()), {.batch_size = 0}); }),
              "batch size: expected at least 1");
}

TEST(KeptStatistics, PutsTheStatisticsBackBitByBit) {
  const Model model = chain_model();
  const auto network = network_of(model);
  change(*network, "second/moving_mean", [](auto values) { std::ranges::fill(values, 0.1f); });
  const auto before = trained_bytes(*network);
  {
    const KeptStatistics kept(*network);
    reestimate_statistics(*network, samples_for(model));
    EXPECT_NE(trained_bytes(*network), before);
  }
  EXPECT_EQ(trained_bytes(*network), before);
}

}  // namespace
}  // namespace evenkeel
