#include "evenkeel/studies/depth.h"

#include <algorithm>
#include <chrono>

#include "evenkeel/base/error.h"
#include "evenkeel/data/batches.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kValidationSize = 5000;

struct Described {
  DepthVariant variant;
  const char* name;
  const char* description;
};
constexpr Described kVariants[] = {
    {DepthVariant::plain, "plain", "no normalization"},
    {DepthVariant::batch_norm, "batch_norm", "normalization before every relu"},
    {DepthVariant::batch_norm_parts, "batch_norm_parts", "the same, composed of moments, moving average, scale, shift"},
};

Dataset at_most(const Dataset& data, std::int64_t limit) {
  return limit > 0 && limit < data.size() ? data.range(0, limit) : data;
}

/// One variant trained with one seed.
class DepthRun {
 public:
  DepthRun(const Model& model, const DepthOptions& options, const DepthData& data, std::uint64_t seed)
      : options_(options),
        data_(data),
        trainer_(model, {.loss = SigmoidCrossEntropy{},
                         .optimizer = Adam{.learning_rate = options.learning_rate, .epsilon = 1e-8},
                         .batch_size = options.batch_size,
                         .seed = seed,
                         .threads = options.threads}) {
    run_.seed = seed;
  }

  /// False if stopped before the end.
  bool train(StudyObserver& observer, const std::stop_token& stop) {
    Batches batches(data_.train, {.batch_size = options_.batch_size,
                                  .shuffle = true,
                                  .seed = run_.seed,
                                  .across_epochs = true});
    for (std::int64_t i = 0; i < options_.steps; ++i) {
      if (stop.stop_requested()) return false;
      const auto start = std::chrono::steady_clock::now();
      const Batch& batch = batches.next();
      trainer_.step(batch);
      run_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const bool on_validation = i % options_.validation_every == 0;
      if (!on_validation && i % options_.batch_every != 0) continue;
      const Metrics metrics =
          on_validation ? trainer_.evaluate(data_.validation).metrics : trainer_.evaluate_batch(batch);
      run_.curve.push_back({.batch = i, .on_validation = on_validation, .metrics = metrics});
      observer.point(run_.curve.back());
    }
    return true;
  }

  void measure() {
    const Metrics test = trainer_.evaluate(at_most(data_.test, options_.evaluation_limit)).metrics;
    run_.test_accuracy = *test.accuracy;
    run_.test_loss = test.loss;
    run_.validation_accuracy = *trainer_.evaluate(data_.validation).metrics.accuracy;
    run_.train_accuracy = *trainer_.evaluate(at_most(data_.train, options_.evaluation_limit)).metrics.accuracy;
    const Dataset singles = at_most(data_.test, options_.single_images);
    run_.single_accuracy = *evaluate(trainer_.network(), singles, {.batch_size = 1}).metrics.accuracy;
    run_.images_per_s = static_cast<double>(options_.steps * options_.batch_size) / std::max(run_.seconds, 1e-9);
  }

  const StudyRun& run() const { return run_; }
  Trainer& trainer() { return trainer_; }

 private:
  const DepthOptions& options_;
  const DepthData& data_;
  Trainer trainer_;
  StudyRun run_;
};

void count_parameters(StudyVariant& variant, const Model& model) {
  for (const WeightInfo& weight : weights_of(model)) {
    variant.parameters += weight.shape.size();
    if (weight.trainable) variant.trainable_parameters += weight.shape.size();
  }
}

void append_normalization(Model& model, DepthVariant variant, bool of_images) {
  if (variant == DepthVariant::batch_norm)
    model.append(BatchNormalization{.unbiased_moving_variance = of_images});
  else if (variant == DepthVariant::batch_norm_parts)
    model.append(BatchNormalizationFromParts{});
}

}  // namespace

DepthOptions DepthOptions::make_quick() {
  DepthOptions options;
  options.steps = 500;
  options.evaluation_limit = 2000;
  options.quick = true;
  return options;
}

Model depth_model(DepthVariant variant, int layers, const Shape& images) {
  const bool plain = variant == DepthVariant::plain;
  const Initializer kernels = variant == DepthVariant::batch_norm_parts ? Initializer::truncated_normal(0.05)
                                                                        : Initializer::glorot_uniform();
  Model model(images, std::string("depth_") + kVariants[static_cast<int>(variant)].name);
  model.append(Rescaling{.scale = 1.0 / 255.0});
  for (int i = 1; i <= layers; ++i) {
    model.append(Conv2D{.filters = 4 * i,
                        .kernel_size = 3,
                        .strides = i % 3 == 0 ? 2 : 1,
                        .padding = Padding::same,
                        .use_bias = plain,
                        .kernel_initializer = kernels});
    append_normalization(model, variant, true);
    model.append(Activation{relu});
  }
  model.append(Flatten{});
  model.append(Dense{.units = 100, .use_bias = plain});
  append_normalization(model, variant, false);
  model.append(Activation{relu});
  model.append(Dense{.units = 10});
  return model;
}

DepthData split_for_depth(const Dataset& train_split, const Dataset& test_split) {
  if (train_split.size() <= kValidationSize)
    throw Error{{.where = "study depth: data \"" + train_split.name() + '"',
                 .expected = "more than " + std::to_string(kValidationSize) + " training samples",
                 .received = std::to_string(train_split.size())}};
  return {.train = train_split.range(kValidationSize, train_split.size()),
          .validation = train_split.range(0, kValidationSize),
          .test = test_split};
}

StudyResult run_depth(const DepthOptions& options, const DepthData& data, StudyObserver& observer,
                      std::stop_token stop) {
  StudyResult result{.study = "depth",
                     .data = data.train.name(),
                     .data_fingerprint = data.train.fingerprint(),
                     .quick = options.quick,
                     .steps = options.steps,
                     .batch_size = options.batch_size,
                     .threads = Threads(options.threads).count(),
                     .variants = {}};
  for (const Described& described : kVariants) {
    const Model model = depth_model(described.variant, options.layers, data.train.sample_shape());
    StudyVariant variant{.name = described.name, .description = described.description, .runs = {}};
    count_parameters(variant, model);
    for (std::uint64_t seed : options.seeds) {
      observer.variant_begins(variant, seed);
      DepthRun run(model, options, data, seed);
      if (!run.train(observer, stop)) break;
      run.measure();
      variant.runs.push_back(run.run());
      observer.variant_ends(variant, run.run(), model, run.trainer());
    }
    if (!variant.runs.empty()) result.variants.push_back(std::move(variant));
    if (stop.stop_requested()) break;
  }
  return result;
}

}  // namespace evenkeel
