// N processes compute what one computes. The processes are threads here (distributed/thread_group.h); tests/app starts
// real ones.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <mutex>

#include "evenkeel/base/error.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/distributed/thread_group.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/training.h"

namespace evenkeel {
namespace {

/// Everything whose result depends on the whole batch or on a sample's place in it.
Sequential network_with(float rate) {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1.0 / 255.0}, Conv2D{.filters = 5, .strides = 2, .use_bias = false},
            BatchNormalization{.momentum = 0.8, .unbiased_moving_variance = true}, Activation{ActivationFunction::relu},
            MaxPooling2D{}, SpatialDropout2D{.rate = rate}, Flatten{}, Dense{.units = 7, .use_bias = false},
            BatchNormalizationFromParts{.momentum = 0.7}, Activation{ActivationFunction::elu}, Dropout{.rate = rate},
            Dense{.units = 10});
  return model;
}

struct Outcome {
  std::vector<double> losses;
  std::vector<double> weights, state;  ///< in the order of their blocks
  std::vector<std::byte> bits;         ///< of both
  std::vector<Metrics> validation;
};

void append(std::vector<double>& to, const Block& block) {
  for (const auto& entry : block.layout().entries) {
    const Tensor exact = converted(block.get(entry.name), DType::float64);
    const auto values = exact.as<double>();
    to.insert(to.end(), values.begin(), values.end());
  }
}

void put_weights(Outcome& outcome, Network& network) {
  append(outcome.weights, network.store().parameters);
  append(outcome.state, network.store().state);
  outcome.bits = bytes_of(network.store().parameters);
  const auto state = bytes_of(network.store().state);
  outcome.bits.insert(outcome.bits.end(), state.begin(), state.end());
}

/// Trains with a trainer in float32: 70 samples in batches of 32, 32 and 6; or of 66 in 32, 32 and 2.
Outcome trained(int processes, const TrainerOptions& options, std::int64_t samples = 70, std::int64_t epochs = 17) {
  Outcome outcome;
  std::mutex mutex;
  const Dataset data = make_strokes(false, samples), test = make_strokes(true, 45);
  ThreadGroup::run(processes, [&](Communicator& among) {
    TrainerOptions own = options;
    own.spreading.among = processes > 1 ? &among : nullptr;
    own.compute.threads = 1;
    Trainer trainer(network_with(0.3f), own);
    struct Watch {
      std::vector<double>* losses;
      std::vector<Metrics>* validation;
      void on_step(const StepEnd& step) { losses->push_back(step.batch.loss); }
      void on_epoch(const EpochRecord& record) { validation->push_back(*record.validation); }
    };
    Outcome mine;
    trainer.fit(data, {.epochs = epochs, .validation = &test, .callbacks = {Watch{&mine.losses, &mine.validation}}});
    put_weights(mine, trainer.network());
    const std::lock_guard lock(mutex);
    if (!among.is_first()) {
      if (options.spreading.statistics == StatisticsOf::synchronized && !outcome.bits.empty()) {
        EXPECT_EQ(mine.bits, outcome.bits);
      }
      if (!outcome.bits.empty()) return;
    }
    outcome = mine;
  });
  return outcome;
}

TrainerOptions options_of(std::int64_t batch_size) {
  return {.optimizer = SGD{.learning_rate = 0.05, .momentum = 0.9}, .batch_size = batch_size, .seed = 3};
}

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double relative, const char* what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, std::abs(a[i] - b[i]) / std::max(1.0, std::abs(b[i])));
  EXPECT_LE(worst, relative) << what;
}

TEST(Spreading, GivesTheLossesOfOneProcess) {
  const Outcome one = trained(1, options_of(32));
  ASSERT_EQ(one.losses.size(), 51u);
  for (const int processes : {2, 3, 4}) {
    const Outcome several = trained(processes, options_of(32));
    expect_near(several.losses, one.losses, 1e-5, "losses");
    expect_near(several.state, one.state, 1e-4, "moving statistics");
    for (std::size_t i = 0; i < one.validation.size(); ++i) {
      EXPECT_EQ(several.validation[i].samples, 45);
      EXPECT_NEAR(several.validation[i].loss, one.validation[i].loss, 1e-4);
    }
  }
}

TEST(Spreading, IsBitIdenticalForTheSameNumberOfProcesses) {
  EXPECT_EQ(trained(3, options_of(32), 70, 3).bits, trained(3, options_of(32), 70, 3).bits);
}

TEST(Spreading, RefusesABatchThatIsSmallerThanTheProcesses) { EXPECT_THROW(trained(4, options_of(3)), Error); }

/// The same in double, step by step.
Outcome trained_in_double(int processes, const Sequential& model, std::int64_t samples, int steps) {
  Outcome outcome;
  const Dataset data = make_strokes(false, samples);
  std::mutex mutex;
  ThreadGroup::run(processes, [&](Communicator& among) {
    Network network(model, {.loss = SoftmaxCrossEntropy{},
                            .optimizer = SGD{.learning_rate = 0.05, .momentum = 0.9},
                            .seed = 5,
                            .spreading = {.among = processes > 1 ? &among : nullptr},
                            .compute = {.threads = 1, .real = DType::float64}});
    std::int64_t unit = 1;
    for (const Model::Node& node : model.nodes())
      if (const auto& n = node.layer.traits().normalization; n && n->moving && n->moving->virtual_batch_size > 0)
        unit = n->moving->virtual_batch_size;
    Batches batches(data, {.batch_size = 16, .seed = 5, .rank = among.rank(), .processes = processes, .unit = unit});
    Outcome mine;
    for (int step = 0; step < steps; ++step) {
      const Batch& narrow = batches.next();
      Batch batch;
      batch.size = narrow.size;
      batch.part = narrow.part;
      batch.x = converted(narrow.x, DType::float64);
      batch.labels = narrow.labels.clone();
      Network::Runner& runner = network.training_runner(batch);
      network.run(runner, batch, network.context(Mode::train, static_cast<std::uint64_t>(step)));
      double sums[] = {0, 0};
      const auto losses = runner.read(runner.compiled.loss).as<double>();
      for (std::int64_t i = 0; i < batch.size; ++i) {
        sums[0] += losses[static_cast<std::size_t>(i)];
        ++sums[1];
      }
      among.sum(std::span<double>(sums));
      mine.losses.push_back(sums[0] / sums[1]);
    }
    put_weights(mine, network);
    const std::lock_guard lock(mutex);
    if (among.is_first()) outcome = mine;
  });
  return outcome;
}

TEST(Spreading, IsExactInDouble) {
  const Sequential model = network_with(0.3f);
  const Outcome one = trained_in_double(1, model, 35, 50);  // batches of 16, 16 and 3
  for (const int processes : {2, 3, 4}) {
    const Outcome several = trained_in_double(processes, model, 35, 50);
    expect_near(several.losses, one.losses, 1e-12, "losses");
    expect_near(several.state, one.state, 1e-12, "moving statistics");
    expect_near(several.weights, one.weights, 1e-12, "weights");
  }
}

TEST(Spreading, IsExactWhereALastBatchHasFewerSamplesThanProcesses) {
  // Of two samples a normalization makes 1 and -1, whatever they are: rounding grows.
  const Sequential model = network_with(0.3f);
  const Outcome one = trained_in_double(1, model, 34, 30);  // batches of 16, 16 and 2
  for (const int processes : {3, 4}) {
    const Outcome several = trained_in_double(processes, model, 34, 30);
    expect_near(several.losses, one.losses, 1e-9, "losses");
    expect_near(several.weights, one.weights, 1e-9, "weights");
  }
}

TEST(Spreading, KeepsTheStatisticsOfVirtualBatchesTogether) {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1.0 / 255.0}, Flatten{}, Dense{.units = 6},
            BatchNormalization{.momentum = 0.8, .virtual_batch_size = 3}, Dense{.units = 10});
  const Outcome one = trained_in_double(1, model, 32, 20);
  for (const int processes : {2, 3}) {
    const Outcome several = trained_in_double(processes, model, 32, 20);
    expect_near(several.losses, one.losses, 1e-12, "losses");
    expect_near(several.state, one.state, 1e-12, "moving statistics");
  }
}

TEST(Spreading, NormalizesByEachProcessesSamplesIfAsked) {
  // Without noise, the first process's moving statistics after a step are those of its part of the batch.
  TrainerOptions options = options_of(30);
  options.spreading.statistics = StatisticsOf::local;
  const Dataset data = make_strokes(false, 30);
  Sequential model({28, 28, 1});
  model.add(Flatten{}, BatchNormalization{.momentum = 0.5}, Dense{.units = 10});
  Tensor local, alone;
  ThreadGroup::run(2, [&](Communicator& among) {
    TrainerOptions own = options;
    own.spreading.among = &among;
    own.compute.threads = 1;
    Trainer trainer(model, own);
    trainer.fit(data, {.steps = 1, .shuffle = false});
    if (among.is_first()) local = Tensor::copy_of(trainer.network().weight("batch_normalization/moving_mean"));
  });
  Trainer trainer(model, options_of(15));
  trainer.fit(data.range(0, 15), {.steps = 1, .shuffle = false});
  alone = Tensor::copy_of(trainer.network().weight("batch_normalization/moving_mean"));
  for (std::size_t i = 0; i < 784; ++i) EXPECT_FLOAT_EQ(local.as<float>()[i], alone.as<float>()[i]);
}

TEST(Spreading, EndsEverywhereIfACallbackThrowsInOneProcess) {
  const Dataset data = make_strokes(false, 64);
  struct Fails {
    bool here;
    void on_step(const StepEnd& step) const {
      if (here && step.step == 2) throw Error{{.kind = Error::environment, .received = "the disk is full"}};
    }
  };
  try {
    ThreadGroup::run(3, [&](Communicator& among) {
      TrainerOptions own = options_of(16);
      own.spreading.among = &among;
      own.compute.threads = 1;
      Trainer trainer(network_with(0.1f), own);
      trainer.fit(data, {.epochs = 3, .callbacks = {Fails{among.rank() == 1}}});
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the disk is full.");
  }
}

}  // namespace
}  // namespace evenkeel
