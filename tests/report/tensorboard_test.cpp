#include "evenkeel/report/tensorboard/tensorboard.h"

#include <cmath>
#include <limits>

#include "evenkeel/base/text.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/formats/png.h"
#include "evenkeel/kernels/probe/histogram_reference.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/nn/summary.h"
#include "tests/formats/testing.h"
#include "tests/report/event_reader.h"

namespace evenkeel {
namespace {

using namespace activations;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::SizeIs;

Sequential small_network() {
  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1.0 / 255.0}, Conv2D{.filters = 4, .strides = 4, .use_bias = false},
            BatchNormalization{.momentum = 0.8}, Activation{relu}, Dropout{.rate = 0.3}, Flatten{}, Dense{.units = 10});
  return model;
}

/// The first layer normalizes what the data has: its batch statistics can be computed from the batch.
Sequential normalizing_first() {
  Sequential model({28, 28, 1});
  model.add(BatchNormalization{.name = "bn"}, Flatten{}, Dense{.units = 10, .name = "dense"});
  return model;
}

Trainer trainer_of(const Model& model) {
  return Trainer(
      model,
      {.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{}, .batch_size = 20, .seed = 3, .compute = {.threads = 2}});
}

std::vector<SeenValue> values_of_run(const TestFolder& folder, const std::string& tag) {
  return values_of(read_values(folder.path()), tag);
}

std::vector<std::int64_t> steps_of(const std::vector<SeenValue>& values) {
  std::vector<std::int64_t> steps;
  for (const SeenValue& value : values) steps.push_back(value.step);
  return steps;
}

std::vector<std::string> tags_of(const TestFolder& folder) {
  std::vector<std::string> tags;
  for (const SeenValue& value : read_values(folder.path())) tags.push_back(value.tag);
  return tags;
}

/// Throws nothing and keeps what training reported.
struct Reported {
  struct Step {
    std::uint64_t step;
    Metrics metrics;
    double learning_rate;
  };
  std::vector<Step>& steps;
  void on_step(const StepEnd& e) { steps.push_back({e.step, e.batch, e.learning_rate}); }
};

void expect_histogram(const SeenValue& seen, std::span<const float> expected) {
  kernels::Histogram reference;
  kernels::reference::histogram(expected, reference);
  const EventValue::Buckets buckets = buckets_of(reference);
  const Message histogram = seen.histogram();
  EXPECT_EQ(histogram.reals(6), buckets.limits) << seen.tag;
  EXPECT_EQ(histogram.reals(7), buckets.counts) << seen.tag;
  EXPECT_EQ(histogram.real(1), buckets.min) << seen.tag;
  EXPECT_EQ(histogram.real(2), buckets.max) << seen.tag;
  EXPECT_EQ(histogram.real(3), buckets.count) << seen.tag;
  EXPECT_NEAR(histogram.real(4), buckets.sum, 1e-9 * buckets.count) << seen.tag;
  EXPECT_NEAR(histogram.real(5), buckets.sum_of_squares, 1e-9 * buckets.sum_of_squares) << seen.tag;
}

TEST(TensorBoard, WritesTheFirstStepAndEveryNth) {
  const TestFolder folder;
  trainer_of(small_network()).fit(make_strokes(false, 160), {.callbacks = {TensorBoard{folder.path(), {.every = 3}}}});
  EXPECT_THAT(steps_of(values_of_run(folder, "loss")), ElementsAre(1, 3, 6));
}

TEST(TensorBoard, WritesTheScalarsThatTrainingReports) {
  const TestFolder folder;
  std::vector<Reported::Step> steps;
  trainer_of(small_network())
      .fit(make_strokes(false, 100), {.callbacks = {Reported{steps}, TensorBoard{folder.path(), {.every = 1}}}});
  const auto all = read_values(folder.path());
  ASSERT_THAT(steps, SizeIs(5));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(values_of(all, "loss").at(i).scalar(), static_cast<float>(steps[i].metrics.loss));
    EXPECT_EQ(values_of(all, "accuracy").at(i).scalar(), static_cast<float>(*steps[i].metrics.accuracy));
    EXPECT_EQ(values_of(all, "learning_rate").at(i).scalar(), static_cast<float>(steps[i].learning_rate));
    EXPECT_GT(values_of(all, "images_per_s").at(i).scalar(), 0);
  }
}

TEST(TensorBoard, WritesAnEpochAsTheHistoryHasIt) {
  const TestFolder folder;
  const Dataset validation = make_strokes(true, 30);
  const History history = trainer_of(small_network())
                              .fit(make_strokes(false, 50),
                                   {.epochs = 2, .validation = &validation, .callbacks = {TensorBoard{folder.path()}}});
  const auto all = read_values(folder.path());
  EXPECT_THAT(steps_of(values_of(all, "epoch/loss")), ElementsAre(3, 6));
  for (std::size_t i = 0; i < 2; ++i) {
    const EpochRecord& record = history.epochs.at(i);
    EXPECT_EQ(values_of(all, "epoch/loss").at(i).scalar(), static_cast<float>(record.train.loss));
    EXPECT_EQ(values_of(all, "epoch/accuracy").at(i).scalar(), static_cast<float>(*record.train.accuracy));
    EXPECT_EQ(values_of(all, "validation/loss").at(i).scalar(), static_cast<float>(record.validation->loss));
    EXPECT_EQ(values_of(all, "validation/accuracy").at(i).scalar(), static_cast<float>(*record.validation->accuracy));
  }
}

TEST(TensorBoard, WritesHistogramsOfEveryWeight) {
  const TestFolder folder;
  Trainer trainer = trainer_of(small_network());
  trainer.fit(make_strokes(false, 100), {.callbacks = {TensorBoard{folder.path(), {.every = 5}}}});
  for (const auto& entry : trainer.network().store().parameters.layout().entries)
    expect_histogram(values_of_run(folder, "weights/" + entry.name).back(),
                     trainer.network().weight(entry.name).as<float>());
}

TEST(TensorBoard, WritesHistogramsOfTheGradientsThatTheStepUsed) {
  const TestFolder folder;
  Trainer trainer = trainer_of(small_network());
  trainer.fit(make_strokes(false, 100), {.callbacks = {TensorBoard{folder.path(), {.every = 5}}}});
  const Block& gradients = trainer.network().store().gradients;
  ASSERT_THAT(gradients.layout().entries, SizeIs(5));
  for (const std::string name : {"conv2d/kernel", "batch_normalization/gamma", "dense/bias"})
    expect_histogram(values_of_run(folder, "gradients/" + name).back(), gradients.get(name + "/gradient").as<float>());
}

TEST(TensorBoard, WritesHistogramsOfTheMovingStatistics) {
  const TestFolder folder;
  Trainer trainer = trainer_of(small_network());
  trainer.fit(make_strokes(false, 100), {.callbacks = {TensorBoard{folder.path(), {.every = 5}}}});
  for (const std::string name : {"batch_normalization/moving_mean", "batch_normalization/moving_variance"})
    expect_histogram(values_of_run(folder, "statistics/" + name).back(), trainer.network().weight(name).as<float>());
}

TEST(TensorBoard, WritesTheStatisticsOfTheBatchBesideThem) {
  struct Mean {
    std::vector<double>& means;
    void on_step(const StepEnd& e) {
      const auto x = e.data->x.view().rows(0, e.data->size).as<float>();
      double sum = 0;
      for (const float v : x) sum += double{v};
      means.push_back(sum / static_cast<double>(x.size()));
    }
  };
  const TestFolder folder;
  std::vector<double> means;
  trainer_of(normalizing_first())
      .fit(make_strokes(false, 70), {.callbacks = {Mean{means}, TensorBoard{folder.path(), {.every = 1}}}});
  const auto seen = values_of_run(folder, "statistics/bn/batch_mean");
  ASSERT_THAT(means, SizeIs(4));  // the last batch is a smaller one
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(seen.at(i).histogram().real(4), means[i], 1e-4);
  EXPECT_THAT(values_of_run(folder, "statistics/bn/batch_variance"), SizeIs(4));
}

TEST(TensorBoard, WritesTheModelAsItsSummaryAndItsToml) {
  const TestFolder folder;
  const Sequential model = small_network();
  trainer_of(model).fit(make_strokes(false, 20), {.callbacks = {TensorBoard{folder.path()}}});
  const SeenValue summarized = values_of_run(folder, "model/summary").at(0);
  EXPECT_EQ(summarized.text(), "```\n" + summary(model) + "```\n");
  EXPECT_EQ(summarized.plugin(), "text");
  EXPECT_EQ(values_of_run(folder, "model/toml").at(0).text(), "```\n" + write_model_file({.model = model}) + "```\n");
}

TEST(TensorBoard, WritesImagesWithTheFirstAndEveryTenthSummary) {
  const TestFolder folder;
  trainer_of(small_network())
      .fit(make_strokes(false, 100), {.epochs = 9, .callbacks = {TensorBoard{folder.path(), {.every = 2}}}});
  EXPECT_THAT(steps_of(values_of_run(folder, "images/batch")), ElementsAre(1, 20, 40));
}

TEST(TensorBoard, ShowsARowOfImagesForEachClass) {
  const TestFolder folder;
  trainer_of(small_network())
      .fit(make_strokes(false, 20), {.callbacks = {TensorBoard{folder.path(), {.max_images = 40}}}});
  const Message image = values_of_run(folder, "images/batch").at(0).image();
  const Tensor sheet = formats::decode_png(formats::view_of(image.bytes(4)), "image");
  // 20 images of ten classes, gaps of two pixels, the classes' names on the left.
  EXPECT_EQ(sheet.shape()[0], 10 * 30 - 2);
  EXPECT_GT(sheet.shape()[1], 2 * 30 - 2);
}

TEST(TensorBoard, SaysWhichClassEachRowOfImagesShows) {
  const TestFolder folder;
  const Dataset data = make_strokes(false, 20);
  trainer_of(small_network()).fit(data, {.callbacks = {TensorBoard{folder.path()}}});
  EXPECT_THAT(values_of_run(folder, "images/rows").at(0).text(), HasSubstr(join(data.class_names())));
}

TEST(TensorBoard, ShowsImagesInTheirOrderWhereTheyAreTooFewForARowPerClass) {
  const TestFolder folder;
  trainer_of(small_network())
      .fit(make_strokes(false, 20), {.callbacks = {TensorBoard{folder.path(), {.max_images = 9}}}});
  const Message image = values_of_run(folder, "images/batch").at(0).image();
  EXPECT_EQ(image.integer(1), 3 * 30 - 2);
  EXPECT_TRUE(values_of_run(folder, "images/rows").empty());
}

TEST(TensorBoard, WritesNoImagesWhereNoneAreWanted) {
  const TestFolder folder;
  trainer_of(small_network())
      .fit(make_strokes(false, 20), {.callbacks = {TensorBoard{folder.path(), {.max_images = 0}}}});
  EXPECT_TRUE(values_of_run(folder, "images/batch").empty());
}

TEST(TensorBoard, LeavesHistogramsOutWhereNoneAreWanted) {
  const TestFolder folder;
  trainer_of(small_network())
      .fit(make_strokes(false, 20), {.callbacks = {TensorBoard{folder.path(), {.histograms = false}}}});
  EXPECT_TRUE(values_of_run(folder, "weights/dense/bias").empty());
}

TEST(TensorBoard, CountsWhatIsNotFinite) {
  const TestFolder folder;
  Trainer trainer = trainer_of(small_network());
  Tensor bias({10}, DType::float32);
  bias.as<float>()[3] = std::numeric_limits<float>::quiet_NaN();
  trainer.network().set_weight("dense/bias", bias);
  trainer.fit(make_strokes(false, 20), {.callbacks = {TensorBoard{folder.path()}}});
  EXPECT_THAT(tags_of(folder), IsSupersetOf({"not_finite/weights/dense/bias", "not_finite/gradients/dense/kernel"}));
}

TEST(TensorBoard, ChangesNoWeight) {
  std::vector<std::vector<float>> kernels;
  for (const bool watched : {false, true}) {
    const TestFolder folder;
    Trainer trainer = trainer_of(small_network());
    std::vector<Callback> callbacks;
    if (watched) callbacks.emplace_back(TensorBoard{folder.path(), {.every = 1}});
    trainer.fit(make_strokes(false, 100), {.epochs = 2, .callbacks = callbacks});
    const auto weights = trainer.network().weight("conv2d/kernel").as<float>();
    kernels.emplace_back(weights.begin(), weights.end());
  }
  EXPECT_EQ(kernels[0], kernels[1]);
}

TEST(TensorBoard, ReplacesTheEventsOfARunThatBeginsAnew) {
  const TestFolder folder;
  for (int run = 0; run < 2; ++run)
    trainer_of(small_network()).fit(make_strokes(false, 60), {.callbacks = {TensorBoard{folder.path(), {.every = 1}}}});
  EXPECT_THAT(steps_of(values_of_run(folder, "loss")), ElementsAre(1, 2, 3));
  EXPECT_THAT(values_of_run(folder, "model/toml"), SizeIs(1));
}

TEST(TensorBoard, GoesOnInTheFolderOfAnEarlierFit) {
  const TestFolder folder;
  Trainer trainer = trainer_of(small_network());
  for (int fit = 0; fit < 2; ++fit)
    trainer.fit(make_strokes(false, 60), {.callbacks = {TensorBoard{folder.path(), {.every = 1}}}});
  EXPECT_THAT(steps_of(values_of_run(folder, "loss")), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(values_of_run(folder, "model/toml"), SizeIs(1));
}

/// Keeps the checkpoint of a step, and interrupts the run at another.
struct Interrupt {
  std::optional<Checkpoint>& kept;
  std::uint64_t keep_at, stop_at;
  std::stop_source stop;
  void on_settled(const Settled& e, Trainer& trainer) {
    if (e.step == keep_at) kept = trainer.checkpoint();
  }
  void on_step(const StepEnd& e) {
    if (e.step == stop_at) stop.request_stop();
  }
};

/// Step, tag and value of all but speed, in the order of the files.
std::vector<std::string> content_of(const TestFolder& folder) {
  std::vector<std::string> content;
  for (const SeenValue& value : read_values(folder.path()))
    if (value.tag != "images_per_s")
      content.push_back(std::to_string(value.step) + ' ' + value.tag + ' ' + value.value.bytes(2) +
                        value.value.bytes(5) + value.value.bytes(4));
  return content;
}

void run_interrupted(const TestFolder& folder, std::uint64_t keep_at, std::uint64_t stop_at) {
  const Dataset data = make_strokes(false, 100), validation = make_strokes(true, 30);
  std::optional<Checkpoint> checkpoint;
  std::stop_source stop;
  const auto fit = [&](Trainer& trainer, std::vector<Callback> more) {
    more.emplace_back(TensorBoard{folder.path(), {.every = 2}});
    trainer.fit(data, {.epochs = 2, .validation = &validation, .callbacks = more, .stop = stop.get_token()});
  };
  Trainer interrupted = trainer_of(small_network()), resumed = trainer_of(small_network());
  fit(interrupted, {Interrupt{checkpoint, keep_at, stop_at, stop}});
  stop = {};
  resumed.restore(std::move(checkpoint.value()));
  fit(resumed, {});
}

TEST(TensorBoard, HoldsTheSameAfterAResumedRunAsAfterOneWithoutInterruption) {
  std::vector<std::string> expected;
  {
    const TestFolder folder;
    run_interrupted(folder, 10, 100);
    expected = content_of(folder);
  }
  for (const auto& [keep_at, stop_at] : std::vector<std::pair<int, int>>{{1, 1}, {3, 3}, {3, 4}, {5, 8}, {6, 10}}) {
    const TestFolder folder;
    run_interrupted(folder, static_cast<std::uint64_t>(keep_at), static_cast<std::uint64_t>(stop_at));
    EXPECT_EQ(content_of(folder), expected) << keep_at << ", " << stop_at;
  }
}

TEST(TensorBoard, LetsTrainingGoOnWhereTheDiskIsFull) {
  const TestFolder folder;
  std::vector<std::string> told;
  Trainer trainer = trainer_of(small_network());
  {
    const formats::FileSizeLimit limit(4096);
    trainer.fit(make_strokes(false, 100),
                {.callbacks = {TensorBoard{
                     folder.path(), {.every = 1, .warn = [&](const std::string& text) { told.push_back(text); }}}}});
  }
  EXPECT_EQ(trainer.steps_done(), 5u);
  EXPECT_THAT(told, ElementsAre(HasSubstr("room for the file")));
}

TEST(TensorBoard, ThrowsWhereTheDiskIsFullAndNobodyListens) {
  const TestFolder folder;
  const formats::FileSizeLimit limit(4096);
  EXPECT_THAT(error_of([&] {
                trainer_of(small_network()).fit(make_strokes(false, 100), {.callbacks = {TensorBoard{folder.path()}}});
              }),
              HasSubstr("room for the file"));
}

TEST(TensorBoard, RefusesASummaryEveryZeroSteps) {
  EXPECT_THAT(error_of([] { TensorBoard("x", {.every = 0}); }), HasSubstr("every >= 1"));
}

}  // namespace
}  // namespace evenkeel
