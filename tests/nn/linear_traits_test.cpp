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
  const LinearTraits back{.outputs = 6, .groups = 3, .transposed = true};
  EXPECT_EQ(back.inputs_of({3, 3, 2, 9}), 9);
}

TEST(LinearTraits, SayWhatAnElementOfAKernelConnects) {
  const auto expect_ends = [](const LinearTraits& map, const Shape& kernel, std::int64_t k, std::int64_t input,
                              std::int64_t output) {
    EXPECT_EQ(map.ends_of(k, kernel).input, input) << k;
    EXPECT_EQ(map.ends_of(k, kernel).output, output) << k;
  };
  const LinearTraits depthwise{.outputs = 2, .groups = -1};
  expect_ends(depthwise, {1, 2, 3, 2}, 6 + 5, 2, 5);
  const LinearTraits grouped{.outputs = 6, .groups = 2};  // kernel [..., 2, 6] of 4 inputs
  expect_ends(grouped, {2, 6}, 6 + 1, 1, 1);
  expect_ends(grouped, {2, 6}, 6 + 5, 3, 5);
  const LinearTraits back{.outputs = 6, .groups = 2, .transposed = true};  // kernel [..., 3, 4]
  expect_ends(back, {3, 4}, 2 * 4 + 1, 1, 2);
  expect_ends(back, {3, 4}, 2 * 4 + 3, 3, 5);
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
    if (!map.window) {  // a product at each position
      EXPECT_EQ(output.with(output.rank() - 1, e.inputs[0].back()), e.inputs[0]);
      return;
    }
    const kernels::Window window = map.over(e.inputs[0]);
    const std::int64_t height = map.transposed ? window.h : window.oh, width = map.transposed ? window.w : window.ow;
    EXPECT_EQ(map.window_axes == 1 ? 1 : output[1], height);
    EXPECT_EQ(output[map.window_axes], width);
  });
}

/// Some elements of a kernel.
std::vector<std::int64_t> some_of(const Shape& kernel, std::int64_t outputs) {
  return {0, std::min(outputs + 1, kernel.size() - 1), kernel.size() / 2, kernel.size() - 1};
}

/// The outputs of a layer that change if an element of its kernel does.
std::set<std::size_t> outputs_moved_by(Trial& trial, const TensorView& kernel, std::int64_t k, std::size_t outputs) {
  auto* weights = reinterpret_cast<double*>(const_cast<std::byte*>(kernel.data));
  trial.run(kEvaluation);
  const Numbers before = trial.output();
  const double kept = weights[k];
  weights[k] += 1;
  trial.run(kEvaluation);
  const Numbers after = trial.output();
  weights[k] = kept;
  std::set<std::size_t> changed;
  for (std::size_t i = 0; i < after.size(); ++i)
    if (after[i] != before[i]) changed.insert(i % outputs);
  return changed;
}

TEST(LayerTraits, SayWhichElementsOfAKernelBelongToAnOutput) {
  for_each_example(is_linear, [](const Example& e) {
    const LinearTraits map = *e.traits().linear;
    Trial trial = e.before_activation().trial();
    const TensorView kernel = trial.variable("layer/" + map.kernel);
    const std::string first = map.first_kernel.empty() ? map.kernel : map.first_kernel;
    EXPECT_EQ(map.inputs_of(trial.variable("layer/" + first).shape), e.inputs[0].back());
    for (const std::int64_t k : some_of(kernel.shape, static_cast<std::int64_t>(e.outputs())))
      EXPECT_EQ(outputs_moved_by(trial, kernel, k, e.outputs()),
                std::set{static_cast<std::size_t>(map.ends_of(k, kernel.shape).output)})
          << "element " << k;
  });
}

TEST(LayerTraits, SayWhichInputAnElementOfAKernelMultiplies) {
  for_each_example(is_linear, [](const Example& e) {
    const LinearTraits map = *e.traits().linear;
    if (!map.first_kernel.empty()) return;
    Trial trial = e.before_activation().trial();
    const TensorView kernel = trial.variable("layer/" + map.kernel);
    const Numbers x = e.x();
    for (const std::int64_t k : some_of(kernel.shape, static_cast<std::int64_t>(e.outputs())))
      for (const bool only : {true, false}) {
        const auto input = static_cast<std::size_t>(map.ends_of(k, kernel.shape).input);
        const std::span<double> given = trial.input(0).as<double>();
        for (std::size_t i = 0; i < given.size(); ++i) given[i] = (i % e.channels() == input) == only ? x[i] : 0;
        EXPECT_EQ(outputs_moved_by(trial, kernel, k, e.outputs()).size(), only ? 1 : 0) << "element " << k;
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
