#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/nn/layer_examples.h"

// What a layer says of itself, against what it computes.

namespace evenkeel {
namespace {

bool is_linear(const Example& e) { return e.traits().linear.has_value(); }

TEST(LinearTraits, CountOutputsAndGroupsOfALayerWhoseInputsAreGroupsEach) {
  const LinearTraits each{.outputs = 2, .groups = -1};
  EXPECT_EQ(each.outputs_of(5), 10);
  EXPECT_EQ(each.groups_of(5), 5);
  EXPECT_EQ(each.inputs_of({3, 3, 5, 2}), 5);
  const LinearTraits grouped{.outputs = 6, .groups = 3};
  EXPECT_EQ(grouped.outputs_of(9), 6);
  EXPECT_EQ(grouped.groups_of(9), 3);
  EXPECT_EQ(grouped.inputs_of({3, 3, 3, 6}), 9);
}

TEST(LayerTraits, NameTheFieldsOfALinearLayersBiasAndPenalty) {
  for_each_example(is_linear, [](const Example& e) {
    const LinearTraits map = *e.traits().linear;
    EXPECT_EQ(e.layer.with(map.bias_field, false).traits().linear->bias, "");
    EXPECT_NE(e.layer.with(map.bias_field, true).traits().linear->bias, "");
    EXPECT_TRUE(e.field(map.regularizer_field).has_value());
  });
}

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
    Numbers bias(e.outputs());
    if (!map.bias.empty()) bias = in_double(trial.store().parameters.get("layer/" + map.bias));
    for (std::size_t i = 0; i < at_zero.size(); ++i) EXPECT_NEAR(at_zero[i], bias[i % bias.size()], 1e-9) << i;
  });
  EXPECT_GE(linear, 10);
}

TEST(LayerTraits, SayHowManyOutputsALinearLayerHasAndItsWindow) {
  for_each_example(is_linear, [](const Example& e) {
    const LinearTraits map = *e.traits().linear;
    const Shape output = e.output;
    EXPECT_EQ(output.back(), map.outputs_of(e.inputs[0].back()));
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
    const std::size_t outputs = e.outputs();
    EXPECT_EQ(map.inputs_of(kernel.shape), e.inputs[0].back());
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
    const std::size_t outputs = e.outputs();
    Numbers x = e.x();
    const Numbers before = linear_part.y_of(x);
    for (std::size_t i = 0; i < x.size(); i += e.channels()) x[i] += 1;
    const Numbers after = linear_part.y_of(x);
    std::set<std::size_t> reached;
    for (std::size_t i = 0; i < after.size(); ++i)
      if (after[i] != before[i]) reached.insert(i % outputs);
    EXPECT_EQ(reached.size(), outputs / static_cast<std::size_t>(map.groups_of(e.inputs[0].back())));
  });
}

}  // namespace
}  // namespace evenkeel
