#include <cmath>
#include <functional>
#include <map>
#include <memory>

#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/repair.h"
#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"

namespace evenkeel {
namespace {

using namespace activations;

/// A network with a defect, and what is known of how it came to be.
struct Planted {
  std::unique_ptr<Network> network;
  Records records = {};
};

/// The trained network under these options, changed.
Planted changed(const Model& model, const std::function<void(Network&)>& plant, std::int64_t steps = 120) {
  const auto trainer = trained(model, steps);
  auto network =
      std::make_unique<Network>(model, NetworkOptions{.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  for (const WeightInfo& weight : network->weights())
    network->set_weight(weight.name, trainer->network().weight(weight.name));
  plant(*network);
  return {std::move(network)};
}

void scale(Network& network, const std::string& weight, float by) {
  change(network, weight, [&](auto values) {
    for (float& v : values) v *= by;
  });
}

Planted averaged() {
  Planted planted = changed(small_mlp(), [](Network&) {});
  auto raw = std::make_shared<NamedTensors>();
  for (const WeightInfo& weight : planted.network->weights())
    raw->emplace_back(weight.name, Tensor::copy_of(planted.network->weight(weight.name)));
  scale(*planted.network, "dense_1/kernel", 0.4f);
  planted.records.raw_weights = raw;
  return planted;
}

Planted frozen() {
  Sequential model({28, 28, 1}, "frozen");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .activation = elu},
            BatchNormalization{.momentum = 0.9, .trainable = false, .name = "norm"}, Dense{.units = 10});
  return changed(model, [](Network& n) { scale(n, "norm/moving_variance", 12); });
}

Planted biased() {
  Sequential model({28, 28, 1}, "biased");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 24, .name = "biased"},
            BatchNormalization{.momentum = 0.9}, Activation{relu}, Dense{.units = 10});
  return changed(model, [](Network&) {});
}

Planted small_batches() {
  Planted planted = changed(small_convnet(), [](Network&) {});
  planted.records.batch_size = 2;
  return planted;
}

Planted of_the_batch() {
  Sequential model({28, 28, 1}, "of_the_batch");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .use_bias = false},
            BatchNormalization{.moving_statistics = false}, Activation{relu}, Dense{.units = 10});
  return changed(model, [](Network&) {});
}

const std::map<std::string, std::function<Planted()>>& plants() {
  static const std::map<std::string, std::function<Planted()>> all = {
      {"never-updated", [] { return changed(small_convnet(1.0), [](Network&) {}); }},
      {"lagging",
       [] {
         return changed(
             small_convnet(0.99), [](Network&) {}, 60);
       }},
      {"momentum-inverted", [] { return changed(small_convnet(0.01), [](Network&) {}); }},
      {"variance-shift", [] { return changed(small_convnet(0.9, 0.7), [](Network&) {}); }},
      {"stale-statistics", [] { return changed(small_mlp(), [](Network& n) { scale(n, "dense_2/kernel", 1.8f); }); }},
      {"not-finite",
       [] { return changed(small_mlp(), [](Network& n) { change(n, "norm_1/gamma", [](auto v) { v[3] = NAN; }); }); }},
      {"bad-variance",
       [] {
         return changed(small_mlp(),
                        [](Network& n) { change(n, "norm_1/moving_variance", [](auto v) { v[3] = -1; }); });
       }},
      {"averaged-weights", averaged},
      {"frozen-statistics", frozen},
      {"small-batch", small_batches},
      {"evaluation-by-batch", of_the_batch},
      {"redundant-bias", biased}};
  return all;
}

TEST(RepairedFindings, AreGone) {
  for (const CodeInfo& info : all_codes()) {
    if (info.repair.empty()) continue;
    const std::string code(info.code);
    ASSERT_TRUE(plants().contains(code)) << code;
    const Planted planted = plants().at(code)();
    const Diagnosis before = diagnosed(*planted.network, planted.records);
    EXPECT_TRUE(finding_of(before, code)) << code << ":\n" << told(before);
    RepairOptions options{.fix = code, .training = {.batch_size = 50, .compute = {.threads = 1}}};
    if (code == "small-batch" || code == "evaluation-by-batch") options.then_train = 1;
    const Repaired repaired = repair(*planted.network, small_data().train, options);
    ASSERT_TRUE(repaired.network) << code;
    const Diagnosis after = diagnosed(*repaired.network, planted.records);
    EXPECT_FALSE(finding_of(after, code)) << code << ":\n" << told(after);
  }
}

TEST(RepairedFindings, LeaveTheMomentumThatWasMeant) {
  const Planted planted = plants().at("momentum-inverted")();
  const Repaired repaired = repair(*planted.network, small_data().train, {.fix = "momentum-inverted"});
  EXPECT_TRUE(repaired.architecture_changed);
  for (const Normalization& n : normalizations(repaired.network->model())) EXPECT_NEAR(n.momentum, 0.99, 1e-12);
}

}  // namespace
}  // namespace evenkeel
