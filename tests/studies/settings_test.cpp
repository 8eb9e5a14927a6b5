// Every study trains as its notebook did: section 8 of the design as a table.
#include <gtest/gtest.h>

#include <ostream>

#include "evenkeel/data/patches.h"
#include "evenkeel/studies/run_study.h"
#include "tests/studies/study_test.h"

namespace evenkeel {
namespace {

struct Published {
  const char *study, *variant, *loss;
  double learning_rate, epsilon;  ///< Adam's
  std::int64_t batch_size;
  std::int64_t epochs;  ///< 0: steps count
  std::int64_t steps;
  bool shuffle;
};

std::ostream& operator<<(std::ostream& out, const Published& p) { return out << p.study << ' ' << p.variant; }

class PublishedSettings : public testing::TestWithParam<Published> {};

TEST_P(PublishedSettings, AreTheStudys) {
  const Published& p = GetParam();
  const StudyData data{.train = make_patches(false, 20), .test = make_patches(true, 5)};
  // depth keeps 5000 samples for validation.
  const auto study = make_study(p.study, {}, std::string(p.study) == "depth" ? StudyData{} : data);
  const StudyVariant* variant = nullptr;
  std::vector<StudyVariant> variants;
  if (std::string(p.study) == "depth")
    variants.push_back({.name = p.variant, .description = "", .model = Model({1})});
  else
    variants = study->variants();
  for (const StudyVariant& v : variants)
    if (v.name == p.variant) variant = &v;
  ASSERT_NE(variant, nullptr);
  const StudyTraining training = study->training(*variant);
  EXPECT_EQ(name_of(training.trainer.loss), p.loss);
  const auto* adam = std::get_if<Adam>(&training.trainer.optimizer);
  ASSERT_NE(adam, nullptr);
  EXPECT_EQ(adam->learning_rate, p.learning_rate);
  EXPECT_EQ(adam->beta_1, 0.9);
  EXPECT_EQ(adam->beta_2, 0.999);
  EXPECT_EQ(adam->epsilon, p.epsilon);
  EXPECT_EQ(adam->weight_decay, std::nullopt);
  EXPECT_TRUE(std::holds_alternative<ConstantSchedule>(training.trainer.schedule));
  EXPECT_EQ(training.trainer.batch_size, p.batch_size);
  EXPECT_EQ(training.steps.value_or(0), p.steps);
  if (p.steps == 0) {
    EXPECT_EQ(training.epochs, p.epochs);
  }
  EXPECT_EQ(training.shuffle, p.shuffle);
}

constexpr const char *kSoftmax = "sparse_categorical_crossentropy", *kSigmoid = "binary_crossentropy",
                     *kSquares = "mse";

INSTANTIATE_TEST_SUITE_P(Of, PublishedSettings,
                         testing::Values(
                             // 800 batches of 64.
                             Published{"depth", "plain", kSigmoid, 0.002, 1e-8, 64, 0, 800, true},
                             Published{"depth", "batch_norm", kSigmoid, 0.002, 1e-8, 64, 0, 800, true},
                             Published{"depth", "batch_norm_parts", kSigmoid, 0.002, 1e-8, 64, 0, 800, true},
                             Published{"placement", "before", kSoftmax, 0.001, 1e-7, 250, 10, 0, true},
                             Published{"placement", "after", kSoftmax, 0.001, 1e-7, 250, 10, 0, true},
                             // Rounds of two epochs in the order of the file.
                             Published{"speedup", "plain", kSoftmax, 0.001, 1e-8, 5000, 40, 0, false},
                             Published{"speedup", "batch_norm", kSoftmax, 0.001, 1e-8, 5000, 10, 0, false},
                             Published{"speedup", "frozen", kSoftmax, 0.001, 1e-8, 5000, 10, 0, false},
                             Published{"dropout", "with_batch_norm", kSoftmax, 0.001, 1e-8, 5000, 60, 0, false},
                             Published{"dropout", "without_batch_norm", kSoftmax, 0.001, 1e-8, 5000, 60, 0, false},
                             Published{"variance-shift", "batch_norm", kSquares, 0.001, 1e-7, 32, 50, 0, true},
                             Published{"variance-shift", "dropout_batch_norm", kSquares, 0.001, 1e-7, 32, 100, 0, true},
                             Published{"variance-shift", "uout_batch_norm", kSquares, 0.001, 1e-7, 32, 100, 0, true}));

}  // namespace
}  // namespace evenkeel
