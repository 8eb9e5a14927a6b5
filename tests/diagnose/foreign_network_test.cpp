#include "evenkeel/diagnose/measure/foreign_network.h"

#include <cmath>
#include <set>
#include <stdexcept>

#include "evenkeel/base/philox.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "tests/diagnose/causes/judged.h"
#include "tests/diagnose/live_double.h"

namespace evenkeel {
namespace {

/// Smaller sets than those that rules are tested with: every case is diagnosed twice.
struct FewData {
  Dataset train = small_data().train.range(0, 1200), test = small_data().test;
};
const FewData& few() {
  static const FewData data;
  return data;
}

/// Code, severity and layers, with the certainty where no seed of ours plays a part.
std::vector<std::string> told_of(const Diagnosis& d) {
  std::vector<std::string> all;
  for (const Finding& f : d.findings) {
    std::string text = summary_of(f) + (f.consequence_of.empty() ? "" : " from " + f.consequence_of);
    if (f.code != "not-loaded") text += ' ' + std::string(name_of(f.certainty.level));
    all.push_back(std::move(text));
  }
  std::ranges::sort(all);
  return all;
}

void expect_near(double a, double b, const std::string& what) {
  if (std::isfinite(a) || std::isfinite(b)) {
    EXPECT_NEAR(a, b, 1e-4 * std::max(1.0, std::abs(b))) << what;
  }
}

void expect_equal(const Diagnosis& live, const Diagnosis& own) {
  EXPECT_EQ(told_of(live), told_of(own)) << told(live) << "\nand directly\n" << told(own);
  // A framework cannot normalize along another axis, which is asked for where statistics do not fit.
  const auto without_axes = [](std::vector<std::string> checked) {
    std::erase_if(checked, [](const std::string& what) { return what.starts_with("the axis of normalizations"); });
    return checked;
  };
  EXPECT_EQ(without_axes(live.checked), without_axes(own.checked));
  EXPECT_EQ(live.cells.gap, own.cells.gap);
  expect_near(live.cells.evaluation.loss.value, own.cells.evaluation.loss.value, "evaluation");
  expect_near(live.cells.training.loss.value, own.cells.training.loss.value, "training");
  ASSERT_EQ(live.gaps.size(), own.gaps.size());
  for (std::size_t i = 0; i < own.gaps.size(); ++i) {
    EXPECT_EQ(live.gaps[i].layer, own.gaps[i].layer);
    expect_near(live.gaps[i].distance, own.gaps[i].distance, own.gaps[i].layer);
  }
  ASSERT_EQ(live.shifts.size(), own.shifts.size());
  for (std::size_t i = 0; i < own.shifts.size(); ++i) {
    ASSERT_EQ(live.shifts[i].has_value(), own.shifts[i].has_value());
    if (!own.shifts[i]) continue;
    EXPECT_EQ(live.shifts[i]->noise, own.shifts[i]->noise);
    expect_near(live.shifts[i]->measured, own.shifts[i]->measured, "variance ratio");
    ASSERT_EQ(live.shifts[i]->closed_form.has_value(), own.shifts[i]->closed_form.has_value());
    if (own.shifts[i]->closed_form)
      expect_near(*live.shifts[i]->closed_form, *own.shifts[i]->closed_form, "closed form");
  }
  ASSERT_EQ(live.histograms.size(), own.histograms.size());
  for (std::size_t i = 0; i < own.histograms.size(); ++i)
    for (std::size_t bin = 0; bin < own.histograms[i].at.size(); ++bin) {
      EXPECT_NEAR(live.histograms[i].training[bin], own.histograms[i].training[bin], 1e-3);
      EXPECT_NEAR(live.histograms[i].evaluation[bin], own.histograms[i].evaluation[bin], 1e-3);
    }
}

/// Diagnoses it directly and through the live interface, and compares.
void compare(Network& network, const Dataset& test, const std::optional<Dataset>& train, const Records& records = {}) {
  const Diagnosis own = diagnose(network, {.data = test, .train_data = train, .records = records, .samples = 0});
  const std::vector<std::byte> before = trained_bytes(network);
  LiveDouble live(network, test, train);
  ForeignNetwork foreign(live);
  const Diagnosis asked =
      diagnose(foreign, {.data = foreign.data(), .train_data = foreign.train_data(), .records = records, .samples = 0});
  expect_equal(asked, own);
  EXPECT_EQ(trained_bytes(network), before);
}

/// A planted defect: what it is, in which model, and how.
struct Planted {
  std::string what;
  std::function<Sequential()> model = [] { return small_convnet(); };
  std::function<void(Network&)> plant = [](Network&) {};
  std::function<Dataset(const Dataset&)> data = [](const Dataset& as_it_is) { return as_it_is; };
  Records records = {};
};

void fill(Network& network, const std::string& tensor, float value, std::size_t count = 1000000) {
  change(network, tensor, [&](auto values) {
    for (std::size_t i = 0; i < std::min(count, values.size()); ++i) values[i] = value;
  });
}

void exchange(Network& network, const std::string& a, const std::string& b) {
  const Tensor first = Tensor::copy_of(network.weight(a)), second = Tensor::copy_of(network.weight(b));
  network.set_weight(a, second);
  network.set_weight(b, first);
}

std::vector<Planted> planted() {
  return {
      {.what = "nothing"},
      {.what = "never updated",
       .plant =
           [](Network& n) {
             fill(n, "norm_2/moving_mean", 0);
             fill(n, "norm_2/moving_variance", 1);
           }},
      {.what = "stale",
       .plant =
           [](Network& n) {
             change(n, "norm_1/moving_mean", [](auto v) {
               for (float& m : v) m = 2 * m + 1;
             });
           }},
      {.what = "swapped", .plant = [](Network& n) { exchange(n, "norm_1/moving_mean", "norm_1/moving_variance"); }},
      {.what = "variance shift", .model = [] { return small_convnet(0.9, 0.6); }},
      {.what = "not finite", .plant = [](Network& n) { fill(n, "norm_1/gamma", NAN, 1); }},
      {.what = "an impossible variance", .plant = [](Network& n) { fill(n, "norm_2/moving_variance", -1, 2); }},
      {.what = "huge gamma", .plant = [](Network& n) { fill(n, "norm_1/gamma", 5e3F, 1); }},
      {.what = "dead", .plant = [](Network& n) { fill(n, "norm_2/beta", -50, 8); }},
      {.what = "small batches", .plant = [](Network&) {}, .records = {.batch_size = 2}},
      {.what = "divided by 255",
       .data =
           [](const Dataset& d) {
             return corrected(
                 d, InputHypothesis{.name = "scaled", .correction = "scaled", .scale = {1 / 255.0}, .offset = {0}});
           }},
      {.what = "classes in another order",
       .data =
           [](const Dataset& d) {
             return d.relabelled({1, 2, 3, 4, 5, 6, 7, 8, 9, 0}, std::vector<std::string>(10));
           }},
      {.what = "not loaded",
       .plant =
           [](Network& n) {
             change(n, "dense_1/kernel", [](auto v) {
               RandomStream stream({.seed = 5, .purpose = Purpose::study});
               const double bound = std::sqrt(6.0 / (static_cast<double>(v.size()) / 32 + 32));
               for (float& w : v) w = static_cast<float>(bound * (2 * stream.uniform() - 1));
             });
           }},
      {.what = "a softmax twice",
       .model =
           [] {
             Sequential model = small_mlp();
             model.add(Activation{softmax}, Activation{softmax});
             return model;
           }},
      {.what = "a relu before the loss, a bias without effect",
       .model =
           [] {
             Sequential model({28, 28, 1}, "bent");
             model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .name = "dense_1"},
                       BatchNormalization{.momentum = 0.9, .name = "norm_1"}, Activation{relu},
                       Dense{.units = 10, .activation = relu, .name = "head"});
             return model;
           }},
      {.what = "inputs and outputs of a matrix exchanged",
       .model =
           [] {
             Sequential model({28, 28, 1}, "square");
             model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 32, .activation = relu, .name = "in"},
                       Dense{.units = 32, .activation = relu, .name = "middle"}, Dense{.units = 10, .name = "head"});
             return model;
           },
       .plant =
           [](Network& n) {
             change(n, "middle/kernel", [](auto v) {
               for (std::size_t i = 0; i < 32; ++i)
                 for (std::size_t j = 0; j < i; ++j) std::swap(v[i * 32 + j], v[j * 32 + i]);
             });
           }},
  };
}

class PlantedDefect : public testing::TestWithParam<std::size_t> {};

TEST_P(PlantedDefect, IsFoundInALiveNetworkAsDirectly) {
  const Planted defect = planted()[GetParam()];
  SCOPED_TRACE(defect.what);
  const auto trainer = trained(defect.model(), 100);
  defect.plant(trainer->network());
  compare(trainer->network(), defect.data(few().test), few().train, defect.records);
}

INSTANTIATE_TEST_SUITE_P(Each, PlantedDefect, testing::Range(std::size_t{0}, planted().size()));

TEST(ForeignNetwork, NamesTensorsAsTheirFrameworkDoes) {
  const auto trainer = trained(small_mlp(), 20);
  fill(trainer->network(), "norm_1/gamma", NAN, 1);
  LiveDouble live(trainer->network(), few().test);
  ForeignNetwork foreign(live);
  const Diagnosis found = diagnose(foreign, {.data = foreign.data(), .samples = 0});
  const Finding* f = finding_of(found, "not-finite");
  ASSERT_TRUE(f);
  EXPECT_SAYS(f->cause, "norm_1.gamma has values that are NaN");
  EXPECT_SAYS(found.cells.verdict, "\"norm_1.gamma\" is not finite");
}

TEST(ForeignNetwork, SendsOnlySamplesThatAreNotTheFrameworksOwn) {
  const auto trainer = trained(small_mlp(), 60);
  LiveDouble live(trainer->network(), few().test, few().train);
  ForeignNetwork foreign(live);
  const SampleScores own = foreign.score(foreign.data(), {}, nullptr);
  foreign.score(*foreign.train_data(), {.statistics = Statistics::batch}, nullptr);
  EXPECT_EQ(live.sent_inputs, 0);
  const Dataset other = corrected(
      foreign.data(), InputHypothesis{.name = "scaled", .correction = "scaled", .scale = {0.5}, .offset = {0}});
  EXPECT_NE(foreign.score(other, {}, nullptr).loss, own.loss);
  EXPECT_EQ(live.sent_inputs, other.size());
}

TEST(ForeignNetwork, SaysWhatInputsThatAreNoArrayLeaveUnchecked) {
  const auto trainer = trained(small_mlp(), 60);
  LiveDouble live(trainer->network(), few().test, few().train);
  live.gives_inputs = false;
  ForeignNetwork foreign(live);
  const Diagnosis found = diagnose(foreign, {.data = foreign.data(), .train_data = foreign.train_data(), .samples = 0});
  EXPECT_EQ(live.sent_inputs, 0);
  EXPECT_SAYS(unchecked_reason(found, "range, scale, channels"), "no single array of numbers");
  EXPECT_SAYS(unchecked_reason(found, "samples of another size"), "no single array of numbers");
  EXPECT_EQ(unchecked_reason(found, "moving statistics against those of the data"), "");
}

TEST(ForeignNetwork, SaysWhatItsFrameworkCannotMeasure) {
  const auto trainer = trained(small_mlp(), 60);
  class Limited : public LiveDouble {
   public:
    using LiveDouble::LiveDouble;
    std::string description() override {
      auto json = described();
      json["cannot"] = {{"gradients", "it has none"}, {"signals", "no hooks"}, {"histograms", "no hooks"}};
      for (auto& layer : json["layers"])
        for (auto& weight : layer["weights"]) weight.erase("initializer");
      return formats::json_text(json);
    }
  } live(trainer->network(), few().test);
  ForeignNetwork foreign(live);
  const Diagnosis found = diagnose(foreign, {.data = foreign.data(), .samples = 0});
  EXPECT_EQ(unchecked_reason(found, "gradients from the first layer"), "it has none");
  EXPECT_EQ(unchecked_reason(found, "never active"), "no hooks");
  EXPECT_EQ(unchecked_reason(found, "in both modes"), "no hooks");
  EXPECT_SAYS(unchecked_reason(found, "initial values while"), "not known how");
}

TEST(ForeignNetwork, RefusesAnswersThatDoNotFit) {
  const auto trainer = trained(small_mlp(), 2);
  class Wrong : public LiveDouble {
   public:
    using LiveDouble::LiveDouble;
    LiveAnswer run(const LiveBatch& batch, const LiveModes& modes, const LiveWants& wants) override {
      LiveAnswer answer = LiveDouble::run(batch, modes, wants);
      answer.losses.pop_back();
      return answer;
    }
  } live(trainer->network(), few().test);
  ForeignNetwork foreign(live);
  EXPECT_SAYS(error_of([&] { foreign.score(foreign.data(), {}, nullptr); }), "the network's answer: losses");
}

TEST(ForeignNetwork, EndsWithTheFirstErrorWhereWeightsCannotBePutBack) {
  const auto trainer = trained(small_mlp(), 2);
  class Stopped : public LiveDouble {
   public:
    using LiveDouble::LiveDouble;
    LiveAnswer run(const LiveBatch&, const LiveModes&, const LiveWants&) override {
      stopped = true;
      throw std::runtime_error("stopped");
    }
    void set_weight(const std::string& tensor, TensorView values) override {
      if (stopped) throw std::runtime_error("stopped before");
      LiveDouble::set_weight(tensor, values);
    }
    bool stopped = false;
  } live(trainer->network(), few().test);
  ForeignNetwork foreign(live);
  NamedTensors others;
  others.emplace_back("norm_1/gamma", Tensor(foreign.weight("norm_1/gamma").shape, DType::float32));
  try {
    foreign.score_with(others, foreign.data(), {});
    FAIL() << "no error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "stopped");
  }
}

}  // namespace
}  // namespace evenkeel
