#include "evenkeel/diagnose/attribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"

namespace evenkeel {
namespace {

TEST(Attribution, HasPartsThatAddUpToTheWhole) {
  const auto trainer = trained(small_convnet(0.99, 0.3), 60);
  const Diagnosis diagnosis = diagnosed(trainer->network());
  const Attribution& chain = diagnosis.attribution;
  double there = chain.start.value, back = chain.start.value;
  for (const ChainLink& link : chain.links) {
    there += link.cost.loss.value;
    back += link.cost_in_reverse.loss.value;
  }
  EXPECT_NEAR(there, chain.end.value, 1e-5);
  EXPECT_NEAR(back, chain.end.value, 1e-5);
}

TEST(Attribution, SwitchesDropoutOffFirstWhereThereIsAny) {
  const auto trainer = trained(small_convnet(0.9, 0.3), 20);
  EXPECT_EQ(diagnosed(trainer->network()).attribution.links.front().change, "dropout off");
  const auto without = trained(small_convnet(), 20);
  EXPECT_NE(diagnosed(without->network()).attribution.links.front().change, "dropout off");
}

TEST(Attribution, HasNoPartsWhereBothModesComputeTheSame) {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 10});
  const Attribution chain = diagnosed(trained(model, 20)->network()).attribution;
  EXPECT_TRUE(chain.links.empty());
  EXPECT_NEAR(chain.start.value, chain.end.value, 1e-5);
}

TEST(Attribution, BlamesTheLayerThatWasSpoiled) {
  const auto trainer = trained(small_convnet());
  change(trainer->network(), "norm_2/moving_mean", [](std::span<float> v) {
    for (float& m : v) m += 2;
  });
  const Diagnosis diagnosis = diagnosed(trainer->network());
  double dearest = 0;
  std::vector<std::string> layers;
  for (const ChainLink& link : diagnosis.attribution.links)
    if (link.cost.loss.value > dearest) {
      dearest = link.cost.loss.value;
      layers = link.layers;
    }
  EXPECT_EQ(layers, std::vector<std::string>{"norm_2"});
}

TEST(FourCells, OfNumbersThatAreNoneAreThoseOfEvaluationAndCallTheRestACopy) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  struct Case {
    const char* tensor;
    float value;
    FourCells::Gap gap;
  };
  for (const Case& c : {Case{"conv_1/kernel", kNaN, FourCells::Gap::no_result},
                        {"conv_1/kernel", kInfinity, FourCells::Gap::no_result},
                        {"norm_1/gamma", kNaN, FourCells::Gap::no_result},
                        {"head/bias", kNaN, FourCells::Gap::no_result},
                        {"norm_1/moving_mean", kNaN, FourCells::Gap::mode},
                        {"norm_1/moving_variance", kInfinity, FourCells::Gap::mode},
                        {"norm_1/moving_variance", -1.0f, FourCells::Gap::mode}}) {
    const auto trainer = trained(small_convnet(), 20);
    change(trainer->network(), c.tensor, [&](std::span<float> values) { values[0] = c.value; });
    const FourCells cells = diagnosed(trainer->network()).cells;
    const Metrics evaluated = trainer->evaluate(small_data().test).metrics;
    if (std::isnan(evaluated.loss))
      EXPECT_TRUE(std::isnan(cells.evaluation.loss.value)) << c.tensor;
    else
      EXPECT_NEAR(cells.evaluation.loss.value, evaluated.loss, 1e-5) << c.tensor;
    EXPECT_NEAR(cells.evaluation.accuracy->value, *evaluated.accuracy, 1e-9) << c.tensor;
    EXPECT_EQ(cells.verdict.find("no result (NaN)") != std::string::npos, std::isnan(evaluated.loss)) << cells.verdict;
    EXPECT_SAYS(cells.verdict, "copy with 1 value replaced");
    EXPECT_EQ(cells.replaced, 1) << c.tensor;
    EXPECT_EQ(cells.gap, c.gap) << c.tensor << ": " << cells.verdict;
  }
}

TEST(FourCells, SeeNoGapInAHealthyNetwork) {
  const auto trainer = trained(small_convnet());
  const FourCells cells = diagnosed(trainer->network()).cells;
  EXPECT_EQ(cells.gap, FourCells::Gap::none) << cells.verdict;
}

TEST(FourCells, SeeOverfittingInANetworkThatKnowsItsDataByHeart) {
  Trainer trainer(small_mlp(), {.optimizer = Adam{.learning_rate = 5e-3}, .batch_size = 50, .compute = {.threads = 1}});
  const Dataset few = small_data().train.range(0, 600);
  trainer.fit(few, {.epochs = 40});
  const Diagnosis diagnosis = diagnose(trainer.network(), {.data = small_data().test, .train_data = few});
  EXPECT_EQ(diagnosis.cells.gap, FourCells::Gap::overfitting) << diagnosis.cells.verdict;
}

TEST(FourCells, SeeDataOfAnotherKind) {
  const auto trainer = trained(small_convnet());
  Tensor dark = Tensor::copy_of(small_data().test.x());
  for (std::uint8_t& pixel : dark.as<std::uint8_t>()) pixel = static_cast<std::uint8_t>(pixel / 8);
  const Dataset other(
      {.name = "dark", .x = std::move(dark), .y = Tensor::copy_of(small_data().test.y()), .class_names = {}});
  const Diagnosis diagnosis = diagnose(trainer->network(), {.data = other, .train_data = small_data().train});
  EXPECT_NE(diagnosis.cells.gap, FourCells::Gap::none);
  EXPECT_NE(diagnosis.cells.gap, FourCells::Gap::overfitting) << diagnosis.cells.verdict;
}

}  // namespace
}  // namespace evenkeel
