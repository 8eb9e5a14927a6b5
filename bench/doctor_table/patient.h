#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel::table {

/// How a network of the table is made. Seeds begin at 100 and the architectures are not those of the tests that
/// thresholds were looked at with.
struct Recipe {
  /// convnet, pooled, residual, mlp, deep; without normalization: plain, bare; as known families (families.h): basic,
  /// inverted, squeezed, concatenated.
  std::string architecture = "convnet";
  std::string data = "strokes";  ///< strokes, patches, mnist (strokes where its files are not there)
  /// What both sets are like: "" as they come; small (1500 to train on, twice), imbalanced (classes of 1 to 1/30), half
  /// (five of the ten classes), long-tailed (pixels whose logarithm is normal), hard (noise: an accuracy of 0.55 to
  /// 0.7).
  std::string condition = {};
  std::uint64_t seed = 100;
  Precision precision = Precision::float32;
  double momentum = 0.9;
  double dropout = 0;  ///< in front of the last normalization
  std::int64_t steps = 240, batch_size = 50;
  double learning_rate = 2e-3;

  std::string text() const;  ///< "residual on patches, seed 101, bfloat16"
};

Model model_of(const Recipe& recipe);
/// The same for pixels that are prepared beforehand.
Model model_without_rescaling(const Recipe& recipe);

/// A network with what the doctor is given about it.
struct Patient {
  std::unique_ptr<Trainer> trainer;
  Dataset train, test;
  Records records;

  Network& network() { return trainer->network(); }
  /// Replaces the elements of a tensor.
  template <class F>
  void change(const std::string& tensor, F&& f) {
    Tensor values = Tensor::copy_of(network().weight(tensor));
    f(values.as<float>());
    network().set_weight(tensor, values);
  }
  /// Replaces the pixels of the data that evaluation is about, as floats.
  template <class F>
  void change_data(F&& f) {
    Tensor x = converted(test.x(), DType::float32);
    f(x);
    test = Dataset({.name = test.name() + ", changed",
                    .x = std::move(x),
                    .y = Tensor::copy_of(test.y()),
                    .class_names = test.class_names()});
  }
  /// Trains on what it has, as the recipe says.
  void fit(const Recipe& recipe) { trainer->fit(train, {.steps = recipe.steps}); }
  Diagnosis diagnosed();
};

/// Whether MNIST's files are there.
bool has_mnist();
Patient untrained(const Recipe& recipe, const Model& model);
/// Trained as the recipe says.
Patient patient_of(const Recipe& recipe);
Patient patient_of(const Recipe& recipe, const Model& model);

}  // namespace evenkeel::table
