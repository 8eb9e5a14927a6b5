// Trains a small network with batch normalization and dropout on `strokes`, evaluates it, and looks at a prediction.
//   cmake -S examples -B build/examples -DCMAKE_PREFIX_PATH=PREFIX && cmake --build build/examples
#include <evenkeel/evenkeel.h>
#include <cstdio>

int main() try {
  using namespace evenkeel;
  using namespace evenkeel::activations;
  const Dataset train = load_dataset("strokes:train[:6400]", Split::train);
  const Dataset test = load_dataset("strokes:test[:1000]", Split::test);

  Sequential model({28, 28, 1});
  model.add(Rescaling{.scale = 1.0 / 255.0});
  for (int filters : {8, 16}) {
    model.add(Conv2D{.filters = filters, .padding = Padding::same, .use_bias = false});
    model.add(BatchNormalization{.momentum = 0.9}, Activation{relu}, MaxPooling2D{});
  }
  model.add(Flatten{}, Dense{.units = 64, .activation = relu}, Dropout{.rate = 0.3}, Dense{.units = 10});

  Trainer trainer(model, {.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 64});
  const History history = trainer.fit(train, {.epochs = 2, .validation = &test});
  for (const EpochRecord& epoch : history.epochs)
    std::printf("epoch %ld: loss %.3f, test accuracy %.3f\n", static_cast<long>(epoch.epoch), epoch.train.loss,
                *epoch.validation->accuracy);

  const Predictions predictions = trainer.predict(test.range(0, 1));
  std::printf("first test image: class %d\n", predictions.classes.as<std::int32_t>()[0]);
  return *trainer.evaluate(test).metrics.accuracy > 0.5 ? 0 : 1;
} catch (const evenkeel::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
