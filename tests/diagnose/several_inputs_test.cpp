#include <gmock/gmock.h>

#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/diagnose/repair.h"
#include "evenkeel/train/run_arrays.h"
#include "tests/diagnose/repairs/mended.h"
#include "tests/support/two_inputs_data.h"

namespace evenkeel {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

std::map<std::string, Tensor> arrays_of(const Dataset& data) {
  std::map<std::string, Tensor> arrays;
  for (std::size_t i = 0; i < data.inputs(); ++i) arrays[data.input_names()[i]] = Tensor::copy_of(data.input(i));
  return arrays;
}

double largest_difference(Network& a, Network& b, Mode mode_of_b = Mode::evaluate) {
  const auto arrays = arrays_of(two_inputs_data(60));
  const auto x = run_arrays(a, arrays, Mode::evaluate), y = run_arrays(b, arrays, mode_of_b);
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, difference(x[i].second, y[i].second));
  return largest;
}

TEST(Reestimation, OfSeveralInputsGivesWhatTheWholeSetAsOneBatchGives) {
  for (const std::int64_t memory : {std::int64_t{0}, std::int64_t{1} << 20}) {
    const auto network = trained(two_inputs_model());
    EXPECT_GT(largest_difference(*network, *network, Mode::train), 0.1);
    reestimate_statistics(*network, two_inputs_data(60), {.batch_size = 25, .memory_bytes = memory});
    EXPECT_LT(largest_difference(*network, *network, Mode::train), 1e-4) << memory;
  }
}

TEST(Fold, KeepsAllOutputsOfANetworkThatHasSeveral) {
  Model model = two_inputs_model();
  // What the normalization would be folded into is an output itself.
  model.set_outputs({"classes", "aux", "conv"});
  const auto network = trained(model);
  Draft draft(*network);
  const RepairLog log = methods_named("fold").front()->apply(draft, {two_inputs_data(40), network->options()});
  const auto folded = draft.network(network->options());
  EXPECT_LT(largest_difference(*network, *folded), kEqual);
  EXPECT_EQ(folded->model().outputs().size(), 3u);
  EXPECT_EQ(folded->model().find("aux_norm"), -1);
  EXPECT_GE(folded->model().find("conv_norm"), 0);
  EXPECT_SAYS(log.left.at(0).text, "before it, \"conv\" is an output of the model");
}

TEST(Draft, KeepsInputsAndOutputsWhileLayersComeAndGo) {
  const auto network = trained(two_inputs_model());
  Draft draft(*network);
  draft.insert_before(network->model().find("aux_conv"), Dropout{.rate = 0.5});
  draft.remove(network->model().find("pooled") - 1);
  Model changed = draft.model();
  EXPECT_EQ(changed.inputs(), network->model().inputs());
  EXPECT_EQ(changed.name_of(changed.outputs()[0]), "classes");
  EXPECT_EQ(changed.name_of(changed.outputs()[1]), "aux");
}

TEST(Draft, LetsTheLayerBeforeARemovedOutputBeTheOutput) {
  Model model({6});
  model.append(Dense{.units = 3, .name = "head"});
  model.append(Dense{.units = 2, .name = "aside"}, {"input"});
  model.append(Dropout{.rate = 0.5, .name = "drop"}, {"head"});
  model.set_outputs({"drop", "aside"});
  Network network(model, {.compute = {.threads = 1}});
  Draft draft(network);
  draft.remove(2);
  EXPECT_EQ(draft.output(), 0);
  EXPECT_THAT(draft.model().outputs(), ElementsAre(0, 1));
  EXPECT_EQ(draft.only_reader(0), -1);
}

TEST(BiasedBefore, LeavesTheBiasOfAnOutput) {
  Model model({6});
  model.append(Dense{.units = 3, .name = "a"});
  model.append(BatchNormalization{});
  EXPECT_EQ(biased_before(model, 1), 0);
  model.set_outputs({"batch_normalization", "a"});
  EXPECT_EQ(biased_before(model, 1), -1);
}

TEST(Graph, EndsAtTheMainOutput) {
  const Model model = two_inputs_model();
  EXPECT_EQ(model.name_of(output_layers(model).front()), "classes");
  EXPECT_FALSE(is_only_way(model, model.find("conv")));
  EXPECT_TRUE(is_only_way(model, model.find("joined")));
}

/// Trained with the auxiliary head, on two samples a class more than needed.
std::unique_ptr<Trainer> trained_with_both_heads() {
  auto trainer = std::make_unique<Trainer>(two_inputs_model(), TrainerOptions{.optimizer = Adam{.learning_rate = 0.02},
                                                                              .loss_weights = {1, 0.3},
                                                                              .batch_size = 30,
                                                                              .compute = {.threads = 1}});
  trainer->fit(two_inputs_data(1200), {.epochs = 4});
  return trainer;
}

std::vector<std::string> codes_of(const Diagnosis& d) {
  std::vector<std::string> codes;
  for (const Finding& f : d.findings)
    if (f.severity != Severity::info) codes.push_back(f.code);
  return codes;
}

TEST(Diagnosis, OfSeveralInputsAndOutputsNamesAStaleLayer) {
  const auto trainer = trained_with_both_heads();
  Network& network = trainer->network();
  const Dataset test = two_inputs_data(1100, 1);
  const Diagnosis healthy = diagnose(network, {.data = test, .train_data = two_inputs_data(1200)});
  EXPECT_THAT(codes_of(healthy), Not(Contains("stale-statistics")));
  change(network, "age_norm/moving_mean", [](auto values) {
    for (float& v : values) v += 60;
  });
  const Diagnosis stale = diagnose(network, {.data = test, .train_data = two_inputs_data(1200)});
  bool found = false;
  for (const Finding& f : stale.findings)
    found = found || (f.severity == Severity::error && std::ranges::count(f.layers, "age_norm") > 0);
  EXPECT_TRUE(found) << testing::PrintToString(codes_of(stale));
  const Dataset validation = two_inputs_data(500, 2);
  const Repaired repaired = repair(network, two_inputs_data(1200), {.fix = "re-estimate", .validation = &validation});
  ASSERT_TRUE(repaired.scores.has_value());
  EXPECT_LT(repaired.scores->after.loss, repaired.scores->before.loss);
}

TEST(Diagnosis, TakesNoCostFromAnOutputThatIsNotTheMainOne) {
  const auto trainer = trained_with_both_heads();
  change(trainer->network(), "aux_norm/moving_mean", [](auto values) {
    for (float& v : values) v += 60;
  });
  const Diagnosis d = diagnose(trainer->network(), {.data = two_inputs_data(1100, 1)});
  for (const Finding& f : d.findings) {
    const bool of_the_head = std::ranges::count(f.layers, "aux_norm") > 0;
    EXPECT_FALSE(of_the_head && f.severity == Severity::error) << f.code << ": " << f.cause;
  }
}

}  // namespace
}  // namespace evenkeel
