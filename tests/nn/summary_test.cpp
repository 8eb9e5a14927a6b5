#include "evenkeel/nn/summary.h"

#include <gtest/gtest.h>

#include "helpers.h"

namespace evenkeel {
namespace {

using namespace activations;

// The expected tables are what Keras 3.15 prints in a terminal of 80 columns.

TEST(Summary, IsKerassTableForAChain) {
  Sequential model({32, 32, 3}, "placement");
  model.add(Rescaling{.scale = 1 / 63.86});
  model.add(Conv2D{.filters = 16, .padding = Padding::same, .use_bias = false});
  model.add(BatchNormalization{}, Activation{elu}, MaxPooling2D{}, Flatten{}, Dense{.units = 300});
  EXPECT_EQ(summary(model), R"(Model: "placement"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ rescaling (Rescaling)           │ (None, 32, 32, 3)      │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ conv2d (Conv2D)                 │ (None, 32, 32, 16)     │           432 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ batch_normalization             │ (None, 32, 32, 16)     │            64 │
│ (BatchNormalization)            │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ activation (Activation)         │ (None, 32, 32, 16)     │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ max_pooling2d (MaxPooling2D)    │ (None, 16, 16, 16)     │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flatten (Flatten)               │ (None, 4096)           │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense (Dense)                   │ (None, 300)            │     1,229,100 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 1,229,596 (4.69 MB)
 Trainable params: 1,229,564 (4.69 MB)
 Non-trainable params: 32 (128.00 B)
)");
}

TEST(Summary, SaysWhatABranchIsConnectedTo) {
  Model model({28, 28, 8}, "branches");
  model.append(Conv2D{.filters = 8, .kernel_size = 1});
  model.append(Add{}, {"conv2d", "input"});
  model.append(Flatten{});
  model.append(Dense{.units = 3});
  EXPECT_EQ(summary(model), R"(Model: "branches"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ input (InputLayer)  │ (None, 28, 28, 8) │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ conv2d (Conv2D)     │ (None, 28, 28, 8) │         72 │ input[0][0]       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ add (Add)           │ (None, 28, 28, 8) │          0 │ conv2d[0][0]      │
│                     │                   │            │ input[0][0]       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ flatten (Flatten)   │ (None, 6272)      │          0 │ add[0][0]         │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ dense (Dense)       │ (None, 3)         │     18,819 │ flatten[0][0]     │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 18,891 (73.79 KB)
 Trainable params: 18,891 (73.79 KB)
 Non-trainable params: 0 (0.00 B)
)");
}

TEST(Summary, WidensAColumnRatherThanCutANameOff) {
  Sequential model({4});
  const std::string name = "a_very_long_layer_name_that_does_not_fit";
  model.add(Dense{.units = 2, .name = name}, Dense{.units = 2});
  const std::string text = summary(model);
  EXPECT_SAYS(text, "│ " + name + " │");
  EXPECT_SAYS(text, "│ dense (Dense)                            │");
}

TEST(Summary, CountsCharactersOfAnyScript) {
  Sequential model({4});
  model.add(Dense{.units = 2, .name = "größe"});
  EXPECT_SAYS(summary(model), "│ größe (Dense)                   │");
}

TEST(Summary, CountsLayersThatAreNotTrainableAsKerasDoes) {
  Sequential model({784});
  model.add(Dense{.units = 3, .trainable = false});
  const ModelSummary counted = summarize(model);
  EXPECT_EQ(counted.total, 2355);
  EXPECT_EQ(counted.trainable, 0);
  EXPECT_EQ(counted.non_trainable, 2355);
}

TEST(Summary, ShowsAnInputLayerUnderItsName) {
  Model model({4});
  model.append(Input{.name = "pixels"});
  model.append(Dense{.units = 2});
  const ModelSummary counted = summarize(model);
  ASSERT_EQ(counted.layers.size(), 2u);
  EXPECT_EQ(counted.layers[0].name, "pixels");
  EXPECT_EQ(counted.layers[0].type, "InputLayer");
  EXPECT_TRUE(counted.layers[0].connected_to.empty());
  EXPECT_EQ(counted.layers[1].connected_to, std::vector<std::string>{"pixels"});
  EXPECT_TRUE(counted.is_chain);
}

TEST(Summary, KnowsTheShapeBehindALayerThatChangesNothing) {
  Sequential model({6});
  model.add(Activation{linear}, Dense{.units = 2});
  EXPECT_EQ(summarize(model).layers[0].output_shape, Shape({6}));
}

}  // namespace
}  // namespace evenkeel
