// Training on images that are read when they are needed gives the bits of training on those in memory.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "evenkeel/data/image_folder.h"
#include "evenkeel/data/pack.h"
#include "evenkeel/data/shards.h"
#include "evenkeel/data/streamed_images.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/formats/png.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/images.h"
#include "tests/support/testing.h"
#include "tests/support/training.h"

namespace evenkeel {
namespace {

TrainerOptions options() {
  return {.optimizer = Adam{.learning_rate = 3e-3},
          .batch_size = 16,
          .seed = 7,
          .augmentation = {.flip = true},
          .compute = {.threads = 2}};
}

std::vector<std::byte> weights_of(const Trainer& trainer) {
  auto all = bytes_of(trainer.network().store().parameters);
  const auto state = bytes_of(trainer.network().store().state);
  all.insert(all.end(), state.begin(), state.end());
  return all;
}

/// A hundred strokes as files of their classes, and in shards.
class Streaming : public testing::Test {
 protected:
  Streaming() {
    const Dataset strokes = make_strokes(false, 100);
    for (std::int64_t i = 0; i < strokes.size(); ++i) {
      const Tensor image = Tensor::copy_of(strokes.x().rows(i, i + 1).reshaped({28, 28, 1}));
      const std::int32_t label = strokes.y().as<std::int32_t>()[static_cast<std::size_t>(i)];
      put_file(folder_ / fmt::format("photos/{}/{:03}.png", label, i), formats::encode_png(image));
    }
    pack_images(list_image_folder(folder_ / "photos", false), folder_ / "shards", {.shard_bytes = 40'000});
  }
  ImageFiles photos() const { return list_image_folder(folder_ / "photos", false); }
  ImageFiles shards() const { return list_shards(folder_ / "shards", false); }

  TestFolder folder_;
};

TEST_F(Streaming, GivesTheWeightsOfTrainingInMemory) {
  for (const ImageFiles& files : {photos(), shards()})
    for (const FitOptions& fit : {FitOptions{.epochs = 2}, FitOptions{.steps = 15}}) {
      Trainer memory(small_network(), options()), stream(small_network(), options());
      const History a = memory.fit(load_images(files, {}), fit);
      const History b = stream.fit(stream_images(files, {}, {.workers = 3}), fit);
      EXPECT_EQ(weights_of(memory), weights_of(stream));
      EXPECT_EQ(a.epochs.back().train.loss, b.epochs.back().train.loss);
    }
}

TEST_F(Streaming, EvaluatesAndPredictsAsInMemory) {
  const Dataset memory = load_images(shards(), {}), stream = stream_images(shards(), {}, {.workers = 2});
  Trainer trainer(small_network(), options());
  EXPECT_EQ(trainer.evaluate(memory).metrics.loss, trainer.evaluate(stream).metrics.loss);
  const Predictions a = trainer.predict(memory), b = trainer.predict(stream);
  EXPECT_TRUE(std::ranges::equal(a.outputs.as<float>(), b.outputs.as<float>()));
}

TEST_F(Streaming, GoesOnInTheMiddleOfAnEpoch) {
  struct Saver {
    std::shared_ptr<std::optional<Checkpoint>> saved;
    std::uint64_t step;
    void on_settled(const Settled& e, Trainer& trainer) {
      if (e.step == step) *saved = trainer.checkpoint();
    }
  };
  const Dataset data = stream_images(shards(), {}, {.workers = 2, .window = 20});
  for (const std::uint64_t step : {3u, 9u}) {
    const auto saved = std::make_shared<std::optional<Checkpoint>>();
    Trainer whole(small_network(), options()), resumed(small_network(), options());
    whole.fit(data, {.epochs = 3, .callbacks = {Saver{saved, step}}});
    ASSERT_TRUE(saved->has_value());
    resumed.restore(std::move(**saved));
    resumed.fit(stream_images(shards(), {}, {.workers = 3, .window = 20}), {.epochs = 3});
    EXPECT_EQ(weights_of(resumed), weights_of(whole));
  }
}

TEST_F(Streaming, DoesNotGoOnInAnotherOrder) {
  struct Saver {
    std::shared_ptr<std::optional<Checkpoint>> saved;
    void on_settled(const Settled& e, Trainer& trainer) {
      if (e.step == 3) *saved = trainer.checkpoint();
    }
  };
  const auto saved = std::make_shared<std::optional<Checkpoint>>();
  Trainer first(small_network(), options()), other(small_network(), options());
  first.fit(stream_images(shards(), {}, {.window = 20}), {.epochs = 1, .callbacks = {Saver{saved}}});
  other.restore(std::move(saved->value()));
  EXPECT_SAYS(error_of([&] { other.fit(stream_images(shards(), {}, {.window = 21}), {.epochs = 1}); }),
              "order of the data");
}

}  // namespace
}  // namespace evenkeel
