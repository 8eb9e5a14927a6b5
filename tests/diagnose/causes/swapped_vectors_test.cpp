#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

using namespace activations;

/// Three architectures: normalizations before and after activations, after convolutions and dense layers.
std::vector<Sequential> architectures() {
  std::vector<Sequential> models = small_models();
  Sequential parts({28, 28, 1}, "parts");
  parts.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 8, .strides = 2, .name = "conv_1"}, Activation{relu},
            BatchNormalizationFromParts{.momentum = 0.9f, .name = "norm_1"},
            Conv2D{.filters = 12, .strides = 2, .use_bias = false, .name = "conv_2"},
            BatchNormalization{.momentum = 0.9, .name = "norm_2"}, Activation{elu}, GlobalAveragePooling2D{},
            Dense{.units = 10, .name = "head"});
  models.push_back(std::move(parts));
  return models;
}

void swap_tensors(Network& network, const std::string& a, const std::string& b) {
  const Tensor of_a = Tensor::copy_of(network.weight(a)), of_b = Tensor::copy_of(network.weight(b));
  network.set_weight(a, of_b);
  network.set_weight(b, of_a);
}

/// What the doctor says of them.
const Finding* swapped(const Diagnosis& d) { return finding_of(d, "swapped-vectors"); }

TEST(SwappedVectors, AreFoundWhereAConverterMixedThemUpEverywhere) {
  const std::vector<std::pair<std::string, std::string>> mistakes = {{"gamma", "beta"},
                                                                     {"gamma", "moving_mean"},
                                                                     {"beta", "moving_mean"},
                                                                     {"moving_mean", "moving_variance"},
                                                                     {"gamma", "moving_variance"}};
  for (const Sequential& model : architectures()) {
    const auto trainer = trained(model, 240);
    const double right = trainer->evaluate(small_data().test).metrics.accuracy.value();
    for (const auto& [a, b] : mistakes) {
      SCOPED_TRACE(model.name() + ": " + a + " and " + b);
      Network& network = trainer->network();
      const auto mix_up = [&] {
        for (const Normalization& n : normalizations(model)) swap_tensors(network, n.name + '/' + a, n.name + '/' + b);
      };
      mix_up();
      const Diagnosis d = diagnosed(network);
      mix_up();
      const Finding* f = swapped(d);
      ASSERT_NE(f, nullptr) << told(d);
      EXPECT_EQ(f->severity, Severity::error);
      EXPECT_EQ(f->layers.size(), normalizations(model).size());
      EXPECT_EQ(f->certainty.level, Confidence::sure);
      const auto promised = std::ranges::find_if(
          f->evidence, [](const Fact& fact) { return fact.what.starts_with("accuracy in evaluation with each"); });
      ASSERT_NE(promised, f->evidence.end());
      EXPECT_NEAR(promised->value, right, 0.01);
      for (const char* code : {"stale-statistics", "bad-variance"})
        if (const Finding* other = finding_of(d, code)) {
          EXPECT_EQ(other->consequence_of, "swapped-vectors") << told(d);
        }
    }
  }
}

TEST(SwappedVectors, AreFoundInASingleLayer) {
  for (const Sequential& model : architectures()) {
    const auto trainer = trained(model, 240);
    swap_tensors(trainer->network(), "norm_2/moving_mean", "norm_2/moving_variance");
    const Diagnosis d = diagnosed(trainer->network());
    const Finding* f = swapped(d);
    ASSERT_NE(f, nullptr) << told(d);
    EXPECT_EQ(f->layers, std::vector<std::string>{"norm_2"});
    EXPECT_SAYS(f->cause, "the slot of moving mean has the moving variance");
    if (const Finding* other = finding_of(d, "stale-statistics")) {
      EXPECT_EQ(other->consequence_of, "swapped-vectors") << told(d);
    }
  }
}

/// Of channels that are alike, with means near 0 and a small deviation: beta would fit in the place of the mean, and
/// the spoilt means, as small as the deviation, would do little harm in the place of beta.
std::unique_ptr<Trainer> with_channels_alike() {
  Sequential model({28, 28, 1}, "alike");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .name = "dense_1"},
            BatchNormalization{.momentum = 0.9, .center = false, .name = "norm_1"},
            Dense{.units = 32, .use_bias = false, .name = "dense_2"},
            BatchNormalization{.momentum = 0.9, .epsilon = 1e-7, .name = "norm_2"}, Activation{relu},
            Dense{.units = 10, .name = "head"});
  auto trainer = trained(model, 240);
  constexpr float kSmall = 0.02f;
  const auto times = [&](const char* weight, float factor) {
    change(trainer->network(), weight, [&](std::span<float> values) {
      for (float& v : values) v *= factor;
    });
  };
  times("dense_2/kernel", kSmall);
  times("norm_2/moving_mean", kSmall);
  times("norm_2/moving_variance", kSmall * kSmall);
  return trainer;
}

TEST(SwappedVectors, AreNotStaleMeansOfChannelsThatAreAlike) {
  const auto trainer = with_channels_alike();
  std::vector<LayerStatistics> statistics = moving_statistics(trainer->network());
  LayerStatistics& of = statistics.back();
  for (std::size_t c = 0; c < of.mean.size(); ++c) of.mean[c] += (c % 2 ? -2 : 2) * std::sqrt(of.variance[c]);
  set_moving_statistics(trainer->network(), statistics);
  const Diagnosis d = diagnosed(trainer->network());
  EXPECT_EQ(swapped(d), nullptr) << told(d);
  const Finding* stale = finding_of(d, "stale-statistics");
  ASSERT_NE(stale, nullptr) << told(d);
  EXPECT_EQ(stale->layers, std::vector<std::string>{"norm_2"});
}

TEST(SwappedVectors, NameStatisticsThatWereStoredAsSomethingElse) {
  struct Stored {
    std::string cause;
    std::function<void(LayerStatistics&, double)> as;
  };
  const auto variances = [](auto f) {
    return [f](LayerStatistics& s, double epsilon) {
      for (double& v : s.variance) v = f(v + epsilon);
    };
  };
  const auto scaled = [](double of_mean, double of_variance) {
    return [=](LayerStatistics& s, double) {
      for (double& m : s.mean) m *= of_mean;
      for (double& v : s.variance) v *= of_variance;
    };
  };
  const std::vector<Stored> all = {
      {"the inverse deviation in place of", variances([](double v) { return 1 / std::sqrt(v); })},
      {"the deviation in place of", variances([](double v) { return std::sqrt(v); })},
      {"of values that were multiplied by 255", scaled(255, 255.0 * 255)},
      {"multiplied by one factor, means and variances alike", scaled(40, 40)}};
  for (const Sequential& model : architectures()) {
    const auto trainer = trained(model, 240);
    const std::vector<LayerStatistics> right = moving_statistics(trainer->network());
    for (const Stored& stored : all) {
      SCOPED_TRACE(model.name() + ": " + stored.cause);
      std::vector<LayerStatistics> wrong = right;
      // Not the first one: what it reads may be data of another scale as well.
      for (std::size_t i = 1; i < wrong.size(); ++i) stored.as(wrong[i], 1e-3);
      set_moving_statistics(trainer->network(), wrong);
      const Diagnosis d = diagnosed(trainer->network());
      // Variances near 1 are their own root.
      if (std::ranges::all_of(d.gaps, [](const StatisticsGap& gap) { return gap.distance < 0.05; })) continue;
      const Finding* f = swapped(d);
      ASSERT_NE(f, nullptr) << told(d);
      EXPECT_SAYS(f->cause, stored.cause);
      EXPECT_TRUE(f->cost.has_value());
      EXPECT_EQ(std::ranges::count(f->layers, "norm_1"), 0);
      if (const Finding* other = finding_of(d, "stale-statistics")) {
        EXPECT_EQ(other->consequence_of, "swapped-vectors") << told(d);
      }
    }
  }
}

TEST(SwappedVectors, AreNoneInHealthyNetworks) {
  for (const Sequential& model : architectures())
    EXPECT_EQ(summaries_of(judged(swapped_vectors, trained(model)->network())), Summaries()) << model.name();
}

TEST(SwappedVectors, AreNotStatisticsThatDoNotFitForOtherReasons) {
  for (const Sequential& model : architectures()) {
    const auto judge = [&](std::int64_t steps, const std::string& tensor, float by) {
      const auto trainer = trained(model, steps);
      change(trainer->network(), tensor, [&](auto values) {
        for (float& v : values) v *= by;
      });
      return summaries_of(judged(swapped_vectors, trainer->network()));
    };
    EXPECT_EQ(judge(120, "norm_2/moving_variance", 12), Summaries()) << model.name();
    EXPECT_EQ(judge(120, "norm_1/gamma", 1.8f), Summaries()) << model.name();
    const std::string kernel = model.name() == "small_mlp" ? "dense_2/kernel" : "conv_2/kernel";
    EXPECT_EQ(judge(120, kernel, 1.8f), Summaries()) << model.name();
    EXPECT_EQ(judge(15, kernel, 1), Summaries()) << model.name() << ", lagging";
  }
}

}  // namespace
}  // namespace evenkeel
