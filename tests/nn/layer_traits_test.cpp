#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evenkeel/nn/tensor_role.h"
#include "tests/nn/layer_examples.h"

// What a layer says of itself, against what it computes.

namespace evenkeel {
namespace {

double activated(const ActivationFunction& f, double x) {
  using enum ActivationFunction::Kind;
  const auto relu6 = [](double v) { return std::clamp(v, 0.0, 6.0); };
  switch (f.element.kind) {
    case linear: return x;
    case relu: return std::max(x, 0.0);
    case elu: return x > 0 ? x : f.element.a * std::expm1(x);
    case sigmoid: return 1 / (1 + std::exp(-x));
    case ActivationFunction::Kind::tanh: return std::tanh(x);
    case leaky_relu: return x > 0 ? x : f.element.a * x;
    case selu: return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
    case clip: return std::clamp(x, f.element.a, f.element.b);
    case softplus: return std::log(1 + std::exp(x));
    case softsign: return x / (1 + std::abs(x));
    case hard_sigmoid: return relu6(x + 3) / 6;
    case gelu: return x / 2 * (1 + std::erf(x / std::sqrt(2)));
    case gelu_tanh: return x / 2 * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
    case silu: return x / (1 + std::exp(-x));
    case mish: return x * std::tanh(std::log(1 + std::exp(x)));
    case hard_swish: return x * relu6(x + 3) / 6;
  }
  return x;
}

/// The activation of numbers whose last axis has so many.
Numbers activated(const ActivationFunction& f, Numbers x, std::size_t last) {
  for (double& v : x) v = f.is_softmax ? std::exp(v) : activated(f, v);
  if (!f.is_softmax) return x;
  for (std::size_t row = 0; row < x.size(); row += last) {
    double sum = 0;
    for (std::size_t i = 0; i < last; ++i) sum += x[row + i];
    for (std::size_t i = 0; i < last; ++i) x[row + i] = f.is_log ? std::log(x[row + i] / sum) : x[row + i] / sum;
  }
  return x;
}

bool any(const Example&) { return true; }

struct WithoutTraits {
  std::string name = {};
  static constexpr std::string_view kType = "WithoutTraits";
  static void describe(Fields<WithoutTraits>&) {}
};
static_assert(!LayerOptions<WithoutTraits>);
static_assert(LayerOptions<Conv2D>);

TEST(LayerTraits, AreTriedOnEveryLayer) {
  for (const LayerType& type : layer_types())
    EXPECT_FALSE(examples_of(type).empty()) << type.type << " needs a value for a field in tried()";
}

TEST(LayerTraits, NameEveryTensorOfTheLayer) {
  for_each_example(any, [](const Example& example) {
    std::multiset<TensorRole> roles;
    for (const WeightInfo& weight : example.weights) {
      const TensorRole role = role_of(example.layer, weight.name);
      EXPECT_NE(role, TensorRole::other) << weight.name;
      EXPECT_EQ(weight.is_state,
                role == TensorRole::moving_mean || role == TensorRole::moving_variance || role == TensorRole::batches);
      roles.insert(role);
    }
    const LayerTraits traits = example.traits();
    const auto has = [&](TensorRole role) { return roles.count(role) == 1; };
    EXPECT_EQ(has(TensorRole::scale), !traits.scale.empty());
    EXPECT_EQ(has(TensorRole::shift), !traits.shift.empty());
    EXPECT_EQ(has(TensorRole::slope), !traits.slope.empty());
    const std::size_t kernels = !traits.linear ? 0 : traits.linear->first_kernel.empty() ? 1 : 2;
    EXPECT_EQ(roles.count(TensorRole::kernel), kernels);
    EXPECT_EQ(has(TensorRole::bias), traits.linear && !traits.linear->bias.empty());
    const bool moves = traits.normalization && traits.normalization->moving;
    EXPECT_EQ(has(TensorRole::moving_mean), moves);
    EXPECT_EQ(has(TensorRole::moving_variance), moves);
    EXPECT_EQ(has(TensorRole::batches), moves && !traits.normalization->moving->batches.empty());
  });
}

TEST(LayerTraits, SayWhichLayersHandOnTheirInputInEvaluation) {
  for_each_example([](const Example& e) { return !e.merges(); },
                   [](const Example& e) {
                     const Numbers y = e.y();
                     const Numbers expected = activated(e.traits().activation, e.x(), e.channels());
                     EXPECT_EQ(y.size() == expected.size() && agree(y, expected, 1e-6),
                               e.traits().identity_in_evaluation);
                   });
}

TEST(LayerTraits, SayWhichActivationIsAppliedLast) {
  for_each_example(any, [](const Example& e) {
    const auto field = e.field("activation");
    if (!field) {
      EXPECT_EQ(e.traits().activation, ActivationFunction::linear);
      return;
    }
    EXPECT_EQ(field_value(e.traits().activation), *field);
    const auto last = static_cast<std::size_t>(e.output.back());
    EXPECT_TRUE(agree(e.y(), activated(e.traits().activation, e.before_activation().y(), last), 1e-6));
  });
}

TEST(LayerTraits, SayWhichLayersTreatEachChannelByItself) {
  for_each_example(any, [](const Example& e) {
    if (e.merges()) {
      EXPECT_FALSE(e.traits().per_channel);
      return;
    }
    const std::size_t channels = e.channels(), outputs = static_cast<std::size_t>(e.output.back());
    const Numbers x = e.x(), y = e.y();
    bool alone = outputs % channels == 0;
    for (const std::size_t channel : {std::size_t{0}, std::size_t{5}, channels - 1}) {
      Numbers other = x;
      for (std::size_t i = channel; i < x.size(); i += channels) other[i] += 1.25;
      const Numbers changed = e.y_of(other);
      for (std::size_t i = 0; i < y.size(); ++i)
        alone = alone && (i % channels == channel || std::abs(changed[i] - y[i]) < 1e-9);
    }
    EXPECT_EQ(alone, e.traits().per_channel);
  });
}

TEST(LayerTraits, SayWhichLayersRescale) {
  const int rescaling = for_each_example([](const Example& e) { return e.traits().rescales; },
                                         [](const Example& e) {
                                           EXPECT_TRUE(e.weights.empty());
                                           const Numbers x = e.x(), y = e.y();
                                           const Numbers offset = e.y_of(Numbers(x.size()));
                                           for (std::size_t i = 0; i < x.size(); ++i) {
                                             const std::size_t c = i % e.channels();
                                             const double scale = (y[c] - offset[c]) / x[c];
                                             EXPECT_NEAR(y[i], scale * x[i] + offset[c], 1e-9);
                                           }
                                         });
  EXPECT_GE(rescaling, 2);
}

TEST(LayerTraits, SayHowInputsAreMerged) {
  for_each_example(any, [](const Example& e) {
    EXPECT_EQ(e.traits().merge != Merge::none, e.merges());
    if (!e.merges()) return;
    Trial trial = e.trial();
    trial.run(kEvaluation);
    const Numbers a = in_double(trial.input(0)), b = in_double(trial.input(1)), y = trial.output();
    const std::size_t channels = e.channels();
    const Merge merge = e.traits().merge;
    const auto merged = [&](double p, double q) {
      switch (merge) {
        case Merge::product: return p * q;
        case Merge::difference: return p - q;
        case Merge::mean: return (p + q) / 2;
        case Merge::maximum: return std::max(p, q);
        case Merge::minimum: return std::min(p, q);
        default: return p + q;
      }
    };
    ASSERT_EQ(y.size(), merge == Merge::concatenation ? 2 * a.size() : a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (merge != Merge::concatenation) {
        EXPECT_EQ(y[i], merged(a[i], b[i]));
      } else {
        EXPECT_EQ(y[i / channels * 2 * channels + i % channels], a[i]);
        EXPECT_EQ(y[(i / channels * 2 + 1) * channels + i % channels], b[i]);
      }
    }
  });
}

TEST(LayerTraits, SayWhichLayersPool) {
  const int pooling =
      for_each_example([](const Example& e) { return e.traits().pooling != PoolingKind::none; },
                       [](const Example& e) {
                         const Numbers x = e.x(), of_threes = e.y_of(Numbers(x.size(), 3));
                         for (const double y : of_threes) EXPECT_NEAR(y, 3, 1e-9);
                         // A maximum is one of the numbers, a mean is linear.
                         Numbers negative = x;
                         for (double& v : negative) v = -v;
                         const Numbers y = e.y();
                         Numbers back = e.y_of(negative);
                         for (double& v : back) v = -v;
                         const std::set<double> numbers(x.begin(), x.end());
                         const bool maximum = e.traits().pooling == PoolingKind::maximum;
                         EXPECT_EQ(std::ranges::all_of(y, [&](double v) { return numbers.contains(v); }), maximum);
                         EXPECT_EQ(static_cast<bool>(agree(back, y, 1e-9)), !maximum);
                       });
  EXPECT_GE(pooling, 3);
}

TEST(LayerTraits, SayHowAxesMove) {
  const int moving = for_each_example([](const Example& e) { return e.traits().axes != AxisOrder::kept; },
                                      [](const Example& e) {
                                        Numbers x = e.x(), y = e.y();
                                        if (e.traits().axes == AxisOrder::flattened) {
                                          EXPECT_EQ(e.output.rank(), 2);
                                        } else if (e.traits().axes == AxisOrder::reshaped) {
                                          EXPECT_NE(e.output, e.inputs[0]);
                                        } else {
                                          EXPECT_EQ(e.output.rank(), e.inputs[0].rank());
                                          std::ranges::sort(x);
                                          std::ranges::sort(y);
                                        }
                                        EXPECT_EQ(x, y);
                                      });
  EXPECT_GE(moving, 3);
}

TEST(Layer, WithAnotherValueInAFieldIsTheSameOtherwise) {
  const Layer conv = Conv2D{.filters = 4, .strides = 2, .kernel_regularizer = L2{0.5}, .name = "first"};
  const Layer changed = conv.with("use_bias", false).with("kernel_regularizer", {});
  EXPECT_EQ(changed.name(), "first");
  EXPECT_EQ(changed.traits().linear->bias, "");
  EXPECT_EQ(conv.traits().linear->bias, "bias");
  EXPECT_EQ(changed.settings(true),
            Layer(Conv2D{.filters = 4, .strides = 2, .use_bias = false, .name = "first"}).settings(true));
  EXPECT_SAYS(error_of([&] { conv.with("filters", std::int64_t{0}); }), "filters");
  EXPECT_THROW(conv.with("units", std::int64_t{3}), std::logic_error);
}

}  // namespace
}  // namespace evenkeel
