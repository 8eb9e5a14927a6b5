#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/layer_signals.h"
#include "evenkeel/diagnose/reestimate.h"
#include "evenkeel/diagnose/repairs/linear.h"
#include "evenkeel/diagnose/repairs/methods.h"
#include "evenkeel/diagnose/variance_shift.h"
#include "evenkeel/train/evaluate.h"
#include "tests/diagnose/helpers.h"

// What each method does to a network, without training and scores around it.

namespace evenkeel {
namespace {

constexpr double kEqual = 1e-5;  ///< relative difference of outputs (L2) that an exact repair may make

/// Every tensor made of other numbers than a new network has: gamma and statistics that do something.
std::unique_ptr<Network> trained(const Model& model) {
  auto network = std::make_unique<Network>(model, NetworkOptions{.seed = 5, .threads = 1});
  RandomStream stream({.seed = 9, .purpose = Purpose::study});
  for (const WeightInfo& weight : network->weights()) {
    if (weight.name.ends_with("/kernel")) continue;
    const bool positive = weight.name.ends_with("variance") || weight.name.ends_with("gamma");
    change(*network, weight.name, [&](auto values) {
      for (float& v : values) v = static_cast<float>(positive ? 0.5 + 2 * stream.uniform() : stream.normal());
    });
  }
  return network;
}

Tensor outputs_of(Network& network, const Dataset& data) { return predict(network, data).outputs; }

double difference(const Tensor& a, const Tensor& b) {
  double square = 0, size = 0;
  const auto x = a.as<float>(), y = b.as<float>();
  EXPECT_EQ(x.size(), y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    square += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    size += std::pow(static_cast<double>(x[i]), 2);
  }
  return std::sqrt(square / size);
}

/// A network, and what a method made of it.
struct Mended {
  Mended(Network& network, const std::string& method, std::int64_t samples = 40)
      : data(normal_data(samples, network.model().input_shape(), 0.5, 2)), draft(network) {
    log = methods_named(method).front()->apply(draft, {data, network.options()});
    after = draft.network(network.options());
  }
  Dataset data;
  Draft draft;
  RepairLog log;
  std::unique_ptr<Network> after;
};

/// Layers of the type that are left.
template <class T>
int count(const Model& model) {
  int n = 0;
  for (const Model::Node& node : model.nodes()) n += node.layer.as<T>() != nullptr;
  return n;
}

void expect_same_outputs(const Model& model, const std::string& method) {
  SCOPED_TRACE(model.name());
  const auto network = trained(model);
  const Mended mended(*network, method);
  EXPECT_LT(difference(outputs_of(*network, mended.data), outputs_of(*mended.after, mended.data)), kEqual);
}

Sequential chain(const std::string& name, const Shape& input = {8, 7, 3}) { return Sequential(input, name); }

/// Normalizations behind Conv2D and Dense: same and valid padding, strides, with and without bias.
std::vector<Model> foldable_before() {
  Sequential same = chain("same"), strided = chain("strided"), dense = chain("dense", {11});
  same.add(Conv2D{.filters = 5, .padding = Padding::same, .use_bias = false}, BatchNormalization{}, Activation{elu},
           MaxPooling2D{}, Conv2D{.filters = 4, .padding = Padding::same}, BatchNormalization{.scale = false},
           Activation{relu}, Flatten{}, Dense{.units = 2});
  strided.add(Conv2D{.filters = 5, .kernel_size = {3, 2}, .strides = 2, .padding = Padding::same},
              BatchNormalization{.epsilon = 1e-5, .center = false}, Activation{relu},
              Conv2D{.filters = 3, .kernel_size = 2, .strides = {1, 2}}, BatchNormalization{}, Flatten{},
              Dense{.units = 2});
  dense.add(Dense{.units = 6}, BatchNormalization{}, Activation{relu}, Dense{.units = 5, .use_bias = false},
            BatchNormalizationFromParts{}, Activation{elu}, Dense{.units = 2}, BatchNormalization{});
  return {same, strided, dense};
}

/// Normalizations in front of those that do not pad.
std::vector<Model> foldable_behind() {
  Sequential valid = chain("valid"), flat = chain("flat"), first = chain("first", {9}), point = chain("point");
  valid.add(BatchNormalization{}, Conv2D{.filters = 5, .strides = 2, .activation = relu, .use_bias = false},
            BatchNormalization{}, Conv2D{.filters = 4, .kernel_size = 2}, Flatten{}, Dense{.units = 2});
  flat.add(Conv2D{.filters = 5, .activation = elu}, BatchNormalization{}, Flatten{},
           Dense{.units = 7, .activation = relu}, BatchNormalization{.scale = false},
           Dense{.units = 2, .use_bias = false});
  first.add(BatchNormalization{.center = false}, Dense{.units = 4, .activation = ActivationFunction::tanh},
            BatchNormalization{}, Dense{.units = 2});
  point.add(BatchNormalization{}, Conv2D{.filters = 4, .kernel_size = 1, .padding = Padding::same, .activation = relu},
            Flatten{}, Dense{.units = 2});
  return {valid, flat, first, point};
}

TEST(Fold, KeepsTheOutputsWhereALayerWithoutActivationComesBefore) {
  for (const Model& model : foldable_before()) expect_same_outputs(model, "fold");
}

TEST(Fold, KeepsTheOutputsWhereALayerThatDoesNotPadComesBehind) {
  for (const Model& model : foldable_behind()) expect_same_outputs(model, "fold");
}

TEST(Fold, LeavesNoNormalizationWhereAllCanBeFolded) {
  for (const auto& models : {foldable_before(), foldable_behind()})
    for (const Model& model : models) {
      const auto network = trained(model);
      EXPECT_TRUE(normalizations(Mended(*network, "fold").after->model()).empty()) << model.name();
    }
}

TEST(Fold, KeepsTheOutputsOfABranchedNetworkAndFoldsWhatHasOneReader) {
  const Model model = residual_model();
  expect_same_outputs(model, "fold");
  const auto network = trained(model);
  const Mended mended(*network, "fold");
  // "right" is read by two normalizations, and behind "of_joined" is a pooling.
  std::vector<std::string> left;
  for (const RepairNote& note : mended.log.left) left.push_back(note.layer);
  EXPECT_EQ(left, (std::vector<std::string>{"of_right", "of_right_too", "of_joined"}));
}

/// What folding says of a normalization between these two, which it cannot fold.
std::string refusal(Layer before, Layer behind) {
  Sequential model = chain("refused");
  model.append(before);
  model.append(BatchNormalization{});
  model.append(behind);
  model.add(Flatten{}, Dense{.units = 2});
  const auto network = trained(model);
  return error_of([&] { Mended(*network, "fold"); });
}

TEST(Fold, RefusesWhereAnActivationComesBetween) {
  EXPECT_SAYS(refusal(Conv2D{.filters = 3, .activation = elu, .name = "conv"}, MaxPooling2D{}),
              "before it, \"conv\" applies its elu first");
}

TEST(Fold, RefusesWhereAPoolingComesBetween) {
  const std::string said = refusal(MaxPooling2D{.name = "before"}, MaxPooling2D{.name = "behind"});
  EXPECT_SAYS(said, "before it is \"before\", a MaxPooling2D");
  EXPECT_SAYS(said, "behind it is \"behind\", a MaxPooling2D");
}

TEST(Fold, RefusesWhereTheLayerBehindPads) {
  EXPECT_SAYS(refusal(MaxPooling2D{}, Conv2D{.filters = 3, .padding = Padding::same, .name = "conv"}),
              "behind it, \"conv\" pads with zeros");
}

TEST(DropBias, KeepsTheOutputs) {
  for (const Model& model : foldable_before()) expect_same_outputs(model, "drop-bias");
}

TEST(DropBias, DropsWhatTheNormalizationTakesOutAndNothingElse) {
  const Model model = residual_model();
  const auto network = trained(model);
  const Mended mended(*network, "drop-bias");
  const Model& after = mended.after->model();
  const auto has_bias = [&](const char* layer) {
    return linear_options(after.nodes()[static_cast<std::size_t>(after.find(layer))].layer)->use_bias;
  };
  EXPECT_FALSE(has_bias("stem"));
  EXPECT_FALSE(has_bias("left"));
  EXPECT_TRUE(has_bias("right"));  // two normalizations read it
  EXPECT_TRUE(has_bias("head"));
}

TEST(DropBias, FindsNothingToDoWhereThereIsNoSuchBias) {
  Sequential model = chain("clean", {5});
  model.add(Dense{.units = 4, .use_bias = false}, BatchNormalization{}, Dense{.units = 2});
  const auto network = trained(model);
  EXPECT_TRUE(Mended(*network, "drop-bias").log.changes.empty());
}

TEST(FrozenAffine, KeepsTheOutputs) {
  for (const auto& models : {foldable_before(), foldable_behind(), {residual_model(), chain_model()}})
    for (const Model& model : models) expect_same_outputs(model, "affine");
}

TEST(FrozenAffine, ComputesTheSameInTrainingAsInEvaluation) {
  Sequential model = chain("frozen");
  model.add(Conv2D{.filters = 4}, BatchNormalization{}, Activation{relu}, Flatten{}, Dense{.units = 2});
  const auto network = trained(model);
  const Mended mended(*network, "affine");
  const Tensor train = predict(*mended.after, mended.data, {.mode = Mode::train}).outputs;
  EXPECT_EQ(difference(outputs_of(*mended.after, mended.data), train), 0);
  EXPECT_EQ(count<Affine>(mended.after->model()), 1);
}

/// Sets one element.
void spoil(Network& network, const std::string& tensor, std::size_t at, float value = NAN) {
  change(network, tensor, [&](auto values) { values[at] = value; });
}

/// The same network with what channel c of a layer brings to its reader set to 0: what removing it must come to.
void blank(Network& network, const std::string& reader, std::size_t channel, std::size_t channels) {
  const TensorView kernel = network.weight(reader + "/kernel");
  const auto outputs = static_cast<std::size_t>(kernel.shape.back());
  change(network, reader + "/kernel", [&](auto values) {
    for (std::size_t k = 0; k < values.size(); ++k)
      if (k / outputs % channels == channel) values[k] = 0;
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
  Sequential conv = chain("conv"), flat = chain("flat"), dense = chain("dense", {6});
  conv.add(Conv2D{.filters = 5, .padding = Padding::same, .name = "a"}, BatchNormalization{.name = "bn"},
           Activation{elu}, MaxPooling2D{}, Conv2D{.filters = 4, .padding = Padding::same, .name = "b"}, Flatten{},
           Dense{.units = 2, .name = "head"});
  flat.add(Conv2D{.filters = 5, .activation = relu, .name = "a"}, AveragePooling2D{}, Flatten{},
           BatchNormalization{.name = "bn"}, Dropout{}, Dense{.units = 3, .name = "b"},
           Dense{.units = 2, .name = "head"});
  dense.add(Dense{.units = 5, .name = "a"}, BatchNormalization{.scale = false, .name = "bn"}, Activation{sigmoid},
            Dense{.units = 4, .name = "b"}, Dense{.units = 2, .name = "head"});
  return {{"a kernel", conv, "a/kernel", 5 * 7 + 3, "b", 3, 5},
          {"a bias", conv, "a/bias", 0, "b", 0, 5},
          {"gamma", conv, "bn/gamma", 4, "b", 4, 5},
          {"a mean", conv, "bn/moving_mean", 2, "b", 2, 5},
          {"behind a Flatten", flat, "a/bias", 1, "b", 1, 5},
          {"a dense layer", dense, "a/kernel", 12, "b", 2, 5},
          {"a dense variance", dense, "bn/moving_variance", 1, "b", 1, 5}};
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
    EXPECT_EQ(mended.after->weight("a/kernel").shape.back(), 4) << c.name;
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

TEST(RemoveChannels, SetsAnOutputOfTheModelToZero) {
  const Model model = residual_model();
  const auto network = trained(model);
  spoil(*network, "head/bias", 1);
  const Mended mended(*network, "remove-channels");
  const Tensor outputs = outputs_of(*mended.after, mended.data);
  EXPECT_EQ(outputs.as<float>()[1], 0);
  EXPECT_NE(outputs.as<float>()[0], 0);
}

TEST(RemoveChannels, RefusesWhereNothingOfALayerIsLeft) {
  const Spoiled c = spoiled_networks().front();
  const auto network = trained(c.model);
  change(*network, "a/kernel", [](auto values) { std::ranges::fill(values, INFINITY); });
  EXPECT_SAYS(error_of([&] { Mended(*network, "remove-channels"); }),
              "layer \"a\": expected a channel of finite numbers");
}

TEST(RemoveChannels, FindsNothingToDoInAHealthyNetwork) {
  const auto network = trained(residual_model());
  EXPECT_TRUE(Mended(*network, "remove-channels").log.changes.empty());
}

/// Dropout right before a normalization, with two of them behind; the moving statistics are those of training.
std::unique_ptr<Network> with_shift(const Layer& noise) {
  Sequential model = chain("shifted", {6});
  model.add(Dense{.units = 8, .activation = relu, .name = "hidden"}, BatchNormalization{.name = "before"});
  model.append(noise);
  model.add(BatchNormalization{.name = "behind"}, Dense{.units = 5, .activation = relu},
            BatchNormalization{.name = "next"}, Dense{.units = 2});
  return trained(model);
}

TEST(RestoreVariance, IsTheClosedFormOfTheMovingVarianceAndTheMeasuredMean) {
  const auto network = with_shift(Dropout{.rate = 0.4});
  change(*network, "behind/moving_variance", [](auto values) { std::ranges::fill(values, 50.0f); });
  const Mended mended(*network, "restore-variance");
  const auto measured = input_statistics(*network, mended.data, network->context(Mode::evaluate).modes)[1];
  const LayerStatistics restored = moving_statistics(*mended.after)[1];
  for (std::size_t c = 0; c < measured.mean.size(); ++c) {
    const double expected = variance_before_dropout(measured.mean[c], 50, 0.6);
    EXPECT_NEAR(restored.variance[c], expected, 1e-6 * expected);
  }
}

TEST(RestoreVariance, UndoesUoutToo) {
  const auto network = with_shift(Uout{.beta = 0.8});
  change(*network, "behind/moving_variance", [](auto values) { std::ranges::fill(values, 50.0f); });
  const Mended mended(*network, "restore-variance");
  const auto measured = input_statistics(*network, mended.data, network->context(Mode::evaluate).modes)[1];
  EXPECT_NEAR(moving_statistics(*mended.after)[1].variance[0], variance_before_uout(measured.mean[0], 50, 0.8), 1e-4);
}

TEST(RestoreVariance, ReestimatesWhatFollowsGivenTheRestoredAndNothingBefore) {
  const auto network = with_shift(Dropout{.rate = 0.4});
  change(*network, "behind/moving_variance", [](auto values) { std::ranges::fill(values, 50.0f); });
  const Mended mended(*network, "restore-variance");
  const auto before = moving_statistics(*network), after = moving_statistics(*mended.after);
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[1].mean, before[1].mean);
  const auto reads = input_statistics(*mended.after, mended.data, mended.after->context(Mode::evaluate).modes)[2];
  for (std::size_t c = 0; c < reads.mean.size(); ++c) {
    EXPECT_NEAR(after[2].mean[c], reads.mean[c], 1e-6 * std::sqrt(reads.variance[c]) + 1e-6);
    EXPECT_NEAR(after[2].variance[c], reads.variance[c], 1e-5 * reads.variance[c]);
  }
}

TEST(RestoreVariance, TakesTheMeasuredVarianceWhereTheFormGivesNone) {
  const auto network = with_shift(Dropout{.rate = 0.4});
  change(*network, "behind/moving_variance", [](auto values) { std::ranges::fill(values, 1e-6f); });
  const Mended mended(*network, "restore-variance");
  const auto measured = input_statistics(*network, mended.data, network->context(Mode::evaluate).modes)[1];
  EXPECT_NEAR(moving_statistics(*mended.after)[1].variance[0], measured.variance[0], 1e-5 * measured.variance[0]);
  EXPECT_SAYS(mended.log.changes.front().text, "where it gives none");
}

TEST(RestoreVariance, FindsNothingToDoWithoutNoiseRightBefore) {
  Sequential model = chain("clean", {5});
  model.add(Dropout{}, Dense{.units = 4}, BatchNormalization{}, Dense{.units = 2});
  const auto network = trained(model);
  EXPECT_TRUE(Mended(*network, "restore-variance").log.changes.empty());
}

TEST(ReestimateKeeping, LeavesSomeAsTheyAreAndMeasuresTheOthersGivenThem) {
  const auto network = trained(chain_model());
  const Dataset data = normal_data(37, {6, 5, 3}, 2.5, 3);
  const auto before = moving_statistics(*network);
  const Reestimated found = measure_statistics(*network, data, {.keep = {"first", "third"}});
  EXPECT_EQ(found.after[0], before[0]);
  EXPECT_EQ(found.after[2], before[2]);
  set_moving_statistics(*network, found.after);
  const auto reads = input_statistics(*network, data, network->context(Mode::evaluate).modes);
  for (const std::size_t i : {1u, 3u})
    for (std::size_t c = 0; c < reads[i].mean.size(); ++c)
      EXPECT_NEAR(found.after[i].mean[c], reads[i].mean[c], 1e-5 * std::sqrt(reads[i].variance[c]) + 1e-6);
}

TEST(UoutForDropout, InjectsTheSameVarianceAndChangesNoOutput) {
  const Model model = chain_model();
  const auto network = trained(model);
  const Mended mended(*network, "uout");
  const auto* uout = mended.after->model().nodes()[4].layer.as<Uout>();
  ASSERT_TRUE(uout);
  EXPECT_NEAR(uout->beta, uout_beta_for_dropout(0.4), 1e-12);
  EXPECT_EQ(difference(outputs_of(*network, mended.data), outputs_of(*mended.after, mended.data)), 0);
}

TEST(UoutForDropout, LeavesDropoutBehindTheLastNormalization) {
  Sequential model = chain("last", {5});
  model.add(Dense{.units = 4}, BatchNormalization{}, Dropout{}, Dense{.units = 2});
  const auto network = trained(model);
  EXPECT_TRUE(Mended(*network, "uout").log.changes.empty());
}

TEST(DropoutLast, MovesAllDropoutBehindTheLastNormalization) {
  Sequential model = chain("moved");
  model.add(Conv2D{.filters = 3}, Dropout{.rate = 0.2}, BatchNormalization{}, Activation{relu}, Dropout{.rate = 0.4},
            Flatten{}, Dense{.units = 4}, BatchNormalization{}, Activation{relu}, Dense{.units = 2, .name = "head"});
  const auto network = trained(model);
  const Mended mended(*network, "dropout-last");
  const Model& after = mended.after->model();
  ASSERT_EQ(count<Dropout>(after), 1);
  const auto* dropout = after.nodes()[static_cast<std::size_t>(after.layers() - 2)].layer.as<Dropout>();
  ASSERT_TRUE(dropout);
  EXPECT_EQ(dropout->rate, 0.4);
  EXPECT_EQ(difference(outputs_of(*network, mended.data), outputs_of(*mended.after, mended.data)), 0);
}

TEST(DropoutLast, RefusesWhereNoLayerComesBehindTheLastNormalization) {
  Sequential model = chain("ends", {5});
  model.add(Dropout{}, Dense{.units = 2}, BatchNormalization{});
  const auto network = trained(model);
  EXPECT_SAYS(error_of([&] { Mended(*network, "dropout-last"); }), "a Conv2D or Dense behind the last normalization");
}

TEST(SwapForBatchRenormalization, KeepsTheOutputs) {
  for (const Model& model : foldable_before()) expect_same_outputs(model, "batch-renormalization");
}

TEST(SwapForBatchRenormalization, LeavesNoBatchNormalization) {
  const auto network = trained(chain_model());
  const Mended mended(*network, "batch-renormalization");
  EXPECT_EQ(count<BatchNormalization>(mended.after->model()), 0);
  EXPECT_EQ(count<BatchRenormalization>(mended.after->model()), 4);
}

TEST(SwapForGroupNormalization, GivesGroupsThatHaveChannelsEnoughAndDivideThem) {
  for (const auto& [channels, groups] :
       std::vector<std::pair<int, int>>{{5, 1}, {30, 1}, {64, 4}, {76, 4}, {512, 32}}) {
    Sequential model = chain("grouped");
    model.add(Conv2D{.filters = channels, .kernel_size = 1}, BatchNormalization{}, Flatten{}, Dense{.units = 2});
    const auto network = trained(model);
    const Mended mended(*network, "group-normalization");
    const auto* layer = mended.after->model().nodes()[1].layer.as<GroupNormalization>();
    ASSERT_TRUE(layer) << channels;
    EXPECT_EQ(layer->groups, groups) << channels;
  }
}

TEST(SwapForGroupNormalization, KeepsGammaAndBeta) {
  const auto network = trained(foldable_before().front());
  const Mended mended(*network, "group-normalization");
  const TensorView before = network->weight("batch_normalization/gamma"),
                   after = mended.after->weight("batch_normalization/gamma");
  EXPECT_EQ(difference(Tensor::copy_of(before), Tensor::copy_of(after)), 0);
}

TEST(ANormalizationOfAnotherAxis, IsLeftByMethodsThatWorkOnChannels) {
  Sequential model = chain("rows");
  model.add(Conv2D{.filters = 4}, BatchNormalization{.axis = 1}, Flatten{}, Dense{.units = 2});
  const auto network = trained(model);
  for (const char* method : {"fold", "affine", "group-normalization", "batch-renormalization"})
    EXPECT_SAYS(error_of([&] { Mended(*network, method); }), "it normalizes another axis than the last") << method;
  EXPECT_TRUE(Mended(*network, "drop-bias").log.changes.empty());
}

TEST(ANormalizationOfAnotherAxis, HasItsBadRowsSetToZeroBehindIt) {
  Sequential model = chain("rows");
  model.add(Conv2D{.filters = 4}, BatchNormalization{.axis = 1, .name = "bn"}, Flatten{}, Dense{.units = 2});
  const auto healthy = trained(model), network = trained(model);
  for (const char* tensor : {"bn/gamma", "bn/beta"}) spoil(*healthy, tensor, 2, 0);
  spoil(*network, "bn/moving_mean", 2);
  const Mended mended(*network, "remove-channels");
  EXPECT_LT(difference(outputs_of(*healthy, mended.data), outputs_of(*mended.after, mended.data)), kEqual);
}

TEST(Methods, AreFoundByTheCodeThatTheyMend) {
  EXPECT_EQ(methods_named("never-updated").front()->name, "re-estimate");
  EXPECT_EQ(methods_named("not-finite").front()->name, "remove-channels");
}

TEST(Methods, AreThereForEveryCodeThatNamesOne) {
  for (const CodeInfo& info : all_codes()) {
    if (info.repair.empty()) continue;
    EXPECT_EQ(methods_named(std::string(info.code)).front()->name, info.repair) << info.code;
  }
}

TEST(Methods, OfAllKeepTheArchitecture) {
  for (const RepairMethod* method : methods_named("all")) EXPECT_FALSE(method->changes_architecture) << method->name;
}

TEST(Methods, AreNamedWhereAWordIsNearOne) {
  EXPECT_SAYS(error_of([] { methods_named("re-estimat"); }), "Did you mean \"re-estimate\"?");
  EXPECT_SAYS(error_of([] { methods_named("laging"); }), "Did you mean \"lagging\"?");
}

TEST(Methods, RefuseACodeThatNoneMends) {
  EXPECT_SAYS(error_of([] { methods_named("extreme-gamma"); }), "no repair mends \"extreme-gamma\"");
}

}  // namespace
}  // namespace evenkeel
