#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/nn/layer_examples.h"

// What a layer says of itself, against what it computes.

namespace evenkeel {
namespace {

bool is_linear(const Example& e) { return e.traits().linear.has_value(); }

TEST(LayerTraits, SayWhichLayersAreLinear) {
  const int linear = for_each_example(is_linear, [](const Example& e) {
    const Example linear_part = e.before_activation();
    const auto f = [&](const Numbers& x) { return linear_part.y_of(x); };
    const Numbers a = e.x();
    Numbers b(a.rbegin(), a.rend()), sum = a;
    for (std::size_t i = 0; i < a.size(); ++i) sum[i] = 2 * a[i] - 3 * b[i];
    const Numbers at_zero = f(Numbers(a.size())), at_a = f(a), at_b = f(b);
    Numbers expected = at_zero;
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] += 2 * (at_a[i] - at_zero[i]) - 3 * (at_b[i] - at_zero[i]);
    EXPECT_TRUE(agree(f(sum), expected, 1e-9));
    // Nothing but the bias is added.
    Trial trial = e.trial();
    const LinearTraits map = *e.traits().linear;
    Numbers bias(static_cast<std::size_t>(map.outputs));
    if (!map.bias.empty()) bias = in_double(trial.store().parameters.get("layer/" + map.bias));
    for (std::size_t i = 0; i < at_zero.size(); ++i) EXPECT_NEAR(at_zero[i], bias[i % bias.size()], 1e-9) << i;
  });
  EXPECT_GE(linear, 10);
}

TEST(LayerTraits, SayHowManyOutputsALinearLayerHasAndItsWindow) {
  for_each_example(is_linear, [](const Example& e) {
    const LinearTraits map = *e.traits().linear;
    const Shape output = e.output;
    EXPECT_EQ(output.back(), map.outputs);
    EXPECT_EQ(e.field(map.outputs_field), FieldValue(map.outputs));
    EXPECT_EQ(map.window.has_value(), output.rank() == 4);
    if (!map.window) return;
    const kernels::Window window = ops::window_over(e.inputs[0], *map.window);
    EXPECT_EQ(output[1], window.oh);
    EXPECT_EQ(output[2], window.ow);
  });
}

TEST(LayerTraits, SayWhichElementsOfAKernelBelongToAnOutput) {
  for_each_example(is_linear, [](const Example& e) {
    const LinearTraits map = *e.traits().linear;
    Trial trial = e.before_activation().trial();
    trial.run(kEvaluation);
    const Numbers before = trial.output();
    const TensorView kernel = trial.variable("layer/" + map.kernel);
    const auto outputs = static_cast<std::size_t>(map.outputs);
    EXPECT_EQ(kernel.shape.size() % map.outputs, 0);
    auto* weights = reinterpret_cast<double*>(const_cast<std::byte*>(kernel.data));
    for (std::size_t k : {std::size_t{0}, outputs + 1, static_cast<std::size_t>(kernel.shape.size()) - 1}) {
      const double kept = weights[k];
      weights[k] += 1;
      trial.run(kEvaluation);
      const Numbers after = trial.output();
      weights[k] = kept;
      std::set<std::size_t> changed;
      for (std::size_t i = 0; i < after.size(); ++i)
        if (after[i] != before[i]) changed.insert(i % outputs);
      EXPECT_EQ(changed, std::set{k % outputs}) << "element " << k;
    }
  });
}

TEST(LayerTraits, SayIntoHowManyGroupsALinearLayerPutsItsChannels) {
  for_each_example(is_linear, [](const Example& e) {
    const LinearTraits map = *e.traits().linear;
    const Example linear_part = e.before_activation();
    const auto outputs = static_cast<std::size_t>(map.outputs);
    Numbers x = e.x();
    const Numbers before = linear_part.y_of(x);
    for (std::size_t i = 0; i < x.size(); i += e.channels()) x[i] += 1;
    const Numbers after = linear_part.y_of(x);
    std::set<std::size_t> reached;
    for (std::size_t i = 0; i < after.size(); ++i)
      if (after[i] != before[i]) reached.insert(i % outputs);
    EXPECT_EQ(reached.size(), outputs / static_cast<std::size_t>(map.groups));
  });
}

}  // namespace
}  // namespace evenkeel
