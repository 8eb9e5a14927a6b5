#include <gtest/gtest.h>

#include "tests/diagnose/repairs/mended.h"

namespace evenkeel {
namespace {

using namespace activations;

/// The same network with what channel c of a layer brings to its reader set to 0: what removing it must come to.
void blank(Network& network, const std::string& reader, std::size_t channel, std::size_t channels) {
  const Model& model = network.model();
  const LinearTraits linear = *model.nodes()[static_cast<std::size_t>(model.find(reader))].layer.traits().linear;
  const Shape shape = network.weight(reader + "/kernel").shape;
  change(network, reader + "/kernel", [&](auto values) {
    for (std::size_t k = 0; k < values.size(); ++k)
      if (static_cast<std::size_t>(linear.ends_of(static_cast<std::int64_t>(k), shape).input) % channels == channel)
        values[k] = 0;
  });
}

struct Spoiled {
  const char* name;
  Model model;
  const char* tensor;
  std::size_t at;
  const char* reader;
  std::size_t channel, channels;
};

std::vector<Spoiled> spoiled_networks() {
  Sequential conv = chain("conv"), flat = chain("flat"), dense = chain("dense", {6}), instance = chain("instance");
  conv.add(Conv2D{.filters = 5, .padding = Padding::same, .name = "a"}, BatchNormalization{.name = "bn"},
           Activation{elu}, MaxPooling2D{}, Conv2D{.filters = 4, .padding = Padding::same, .name = "b"}, Flatten{},
           Dense{.units = 2, .name = "head"});
  flat.add(Conv2D{.filters = 5, .activation = relu, .name = "a"}, AveragePooling2D{}, Flatten{},
           BatchNormalization{.name = "bn"}, Dropout{}, Dense{.units = 3, .name = "b"},
           Dense{.units = 2, .name = "head"});
  dense.add(Dense{.units = 5, .name = "a"}, BatchNormalization{.scale = false, .name = "bn"}, Activation{sigmoid},
            Dense{.units = 4, .name = "b"}, Dense{.units = 2, .name = "head"});
  instance.add(Conv2D{.filters = 5, .name = "a"}, GroupNormalization{.groups = -1, .name = "gn"},
               Permute{.dims = {2, 1, 3}}, Conv2D{.filters = 4, .name = "b"}, Flatten{},
               Dense{.units = 2, .name = "head"});
  Sequential up = chain("up"), wider = chain("wider"), shaped = chain("shaped");
  up.add(Conv2DTranspose{.filters = 5, .strides = 2, .name = "a"}, BatchNormalization{.name = "bn"}, Activation{relu},
         Conv2D{.filters = 4, .name = "b"}, Flatten{}, Dense{.units = 2, .name = "head"});
  wider.add(Conv2D{.filters = 5, .name = "a"}, BatchNormalization{.name = "bn"},
            Conv2DTranspose{.filters = 4, .padding = Padding::same, .name = "b"}, Flatten{},
            Dense{.units = 2, .name = "head"});
  shaped.add(Conv2D{.filters = 5, .name = "a"}, BatchNormalization{.cumulative_average = true, .name = "bn"},
             ZeroPadding2D{}, UpSampling2D{}, AdaptiveAveragePooling2D{.output_size = 3},
             Dense{.units = 4, .activation = relu, .name = "b"}, Flatten{}, Dense{.units = 2, .name = "head"});
  return {{"a transposed kernel", up, "a/kernel", 4 * 3 + 1, "b", 4, 5},
          {"read by a transposed convolution", wider, "bn/gamma", 3, "b", 3, 5},
          {"a kernel", conv, "a/kernel", 5 * 7 + 3, "b", 3, 5},
          {"a bias", conv, "a/bias", 0, "b", 0, 5},
          {"gamma", conv, "bn/gamma", 4, "b", 4, 5},
          {"a mean", conv, "bn/moving_mean", 2, "b", 2, 5},
          {"an instance normalization", instance, "gn/gamma", 2, "b", 2, 5},
          {"behind a Flatten", flat, "a/bias", 1, "b", 1, 5},
          {"a dense layer", dense, "a/kernel", 12, "b", 2, 5},
          {"a dense variance", dense, "bn/moving_variance", 1, "b", 1, 5},
          {"padded and resized", shaped, "bn/moving_mean", 3, "b", 3, 5}};
}

TEST(RemoveChannels, GivesTheNetworkInWhichTheChannelIsZeroWhereItIsRead) {
  for (const Spoiled& c : spoiled_networks()) {
    SCOPED_TRACE(c.name);
    const auto healthy = trained(c.model), network = trained(c.model);
    blank(*healthy, c.reader, c.channel, c.channels);
    spoil(*network, c.tensor, c.at);
    const Mended mended(*network, "remove-channels");
    EXPECT_LT(difference(outputs_of(*healthy, mended.data), outputs_of(*mended.after, mended.data)), kEqual);
  }
}

TEST(RemoveChannels, MakesTheLayerNarrower) {
  for (const Spoiled& c : spoiled_networks()) {
    const auto network = trained(c.model);
    spoil(*network, c.tensor, c.at);
    const Mended mended(*network, "remove-channels");
    EXPECT_EQ(mended.after->weight("a/bias").shape.back(), 4) << c.name;
    EXPECT_TRUE(mended.draft.not_finite().empty()) << c.name;
  }
}

TEST(RemoveChannels, TakesANegativeVarianceForWhatItIs) {
  const Spoiled c = spoiled_networks().front();
  const auto network = trained(c.model);
  spoil(*network, "bn/moving_variance", 1, -0.5f);
  EXPECT_EQ(Mended(*network, "remove-channels").after->weight("bn/gamma").shape.back(), 4);
}

TEST(RemoveChannels, BlamesTheChannelOfWhichTheReaderCanMakeNothing) {
  const Spoiled c = spoiled_networks().front();
  const auto healthy = trained(c.model), network = trained(c.model);
  blank(*healthy, "b", 2, 5);
  change(*network, "b/kernel", [](auto values) {
    for (std::size_t k = 0; k < values.size(); ++k)
      if (k / 4 % 5 == 2) values[k] = NAN;
  });
  const Mended mended(*network, "remove-channels");
  EXPECT_EQ(mended.after->weight("b/kernel").shape, Shape({3, 3, 4, 4}));
  EXPECT_LT(difference(outputs_of(*healthy, mended.data), outputs_of(*mended.after, mended.data)), kEqual);
}

TEST(RemoveChannels, SetsToZeroWhereTheGraphDoesNotLetAChannelGo) {
  const Model model = residual_model();
  const auto healthy = trained(model), network = trained(model);
  for (const char* tensor : {"of_left/gamma", "of_left/beta"}) spoil(*healthy, tensor, 1, 0);
  spoil(*network, "left/kernel", 1);
  spoil(*network, "of_left/moving_variance", 1);
  const Mended mended(*network, "remove-channels");
  EXPECT_LT(difference(outputs_of(*healthy, mended.data), outputs_of(*mended.after, mended.data)), kEqual);
  EXPECT_EQ(mended.after->weight("left/kernel").shape.back(), 4);
}

TEST(RemoveChannels, TouchesNoOutputOfTheModel) {
  const auto refusal = [](const Model& model, const std::string& tensor) {
    const auto network = trained(model);
    spoil(*network, tensor, 1);
    return error_of([&] { Mended(*network, "remove-channels"); });
  };
  EXPECT_SAYS(refusal(residual_model(), "head/bias"), "layer \"head\": expected finite values, since its channels are");
  Sequential normalized = chain("normalized", {6});
  normalized.add(Dense{.units = 3}, BatchNormalization{.name = "norm"}, Activation{softmax});
  EXPECT_SAYS(refusal(normalized, "norm/gamma"), "layer \"norm\": expected finite values, since its channels are");
  EXPECT_SAYS(refusal(normalized, "norm/gamma"), "earlier checkpoint");
}

TEST(RemoveChannels, RefusesWhereNothingOfALayerIsLeft) {
  const Spoiled c = spoiled_networks().front();
  const auto network = trained(c.model);
  change(*network, "a/kernel", [](auto values) { std::ranges::fill(values, INFINITY); });
  EXPECT_SAYS(error_of([&] { Mended(*network, "remove-channels"); }),
              "layer \"a\": expected at least one channel with finite values");
}

TEST(RemoveChannels, FindsNothingToDoInAHealthyNetwork) {
  const auto network = trained(residual_model());
  EXPECT_TRUE(Mended(*network, "remove-channels").log.changes.empty());
}

}  // namespace
}  // namespace evenkeel
