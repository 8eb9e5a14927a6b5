#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {
using namespace activations;

/// A line that falls from 2 towards `end` over `points` steps, with noise of its own for each seed.
inline Trace falling_trace(int seed, int points, double end) {
  Trace trace{.label = "seed " + std::to_string(seed)};
  for (int i = 0; i < points; ++i) {
    const double noise = std::sin(12.9898 * (i + 1) + 78.233 * (seed + 1)) * 0.08;
    trace.x.push_back(i);
    trace.y.push_back(end + (2 - end) * std::exp(-4.0 * i / points) + noise);
  }
  return trace;
}

inline Curve falling_curve(const std::string& name, int seeds, int points, double end) {
  Curve curve{.name = name};
  for (int seed = 0; seed < seeds; ++seed) curve.traces.push_back(falling_trace(seed, points, end));
  return curve;
}

/// A chain of `blocks` times convolution, normalization, activation.
inline Sequential deep_model(int blocks) {
  Sequential model({28, 28, 1}, "deep");
  for (int i = 1; i <= blocks; ++i)
    model.add(Conv2D{.filters = 4 * i, .strides = i % 3 == 0 ? 2 : 1, .padding = Padding::same, .use_bias = false},
              BatchNormalization{}, Activation{relu});
  model.add(Flatten{}, Dense{.units = 10});
  return model;
}

/// One block of a residual network: a branch that is read over the layers between.
inline Model residual_model() {
  Model model({28, 28, 1}, "residual");
  model.append(Conv2D{.filters = 8, .padding = Padding::same, .name = "stem"});
  model.append(Conv2D{.filters = 8, .padding = Padding::same, .name = "inner"});
  model.append(BatchNormalization{.name = "norm"});
  model.append(Add{.name = "sum"}, {"norm", "stem"});
  model.append(Flatten{});
  model.append(Dense{.units = 10});
  return model;
}

/// A page with everything that a page can have.
inline Report sample_report() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  LineChart loss{.title = "Loss while training",
                 .x_label = "step",
                 .y_label = "loss",
                 .curves = {falling_curve("plain", 3, 400, 1.2), falling_curve("batch_norm", 3, 400, 0.1)},
                 .levels = {{.value = 0.2, .label = "published: 0.2"}},
                 .caption = "The line is the mean over seeds, the band goes from the lowest to the highest."};
  loss.curves[0].traces[0].y[200] = loss.curves[0].traces[1].y[200] = loss.curves[0].traces[2].y[200] = nan;
  LineChart accuracy{.title = "Accuracy",
                     .x_label = "batch",
                     .y_label = "accuracy",
                     .curves = {{.name = "batch_norm, test",
                                 .traces = {{.label = "seed 0", .x = {0, 100, 200, 300}, .y = {0.1, 0.7, 0.92, 0.97}}},
                                 .group = "batch_norm"},
                                {.name = "batch_norm, training",
                                 .traces = {{.label = "seed 0", .x = {0, 100, 200, 300}, .y = {0.1, 0.8, 0.95, 0.99}}},
                                 .dashed = true,
                                 .group = "batch_norm"}},
                     .levels = {{.value = 0.1, .label = "chance"}}};
  LineChart layers{.title = "Gradient norm per layer",
                   .x_label = "layer",
                   .y_label = "norm",
                   .curves = {{.name = "plain", .traces = {{.x = {0, 1, 2, 3}, .y = {1e-7, 1e-5, 1e-3, 0.1}}}},
                              {.name = "batch_norm", .traces = {{.x = {0, 1, 2, 3}, .y = {0.2, 0.1, 0.15, 0.12}}}}},
                   .log_y = true,
                   .x_names = {"conv2d", "conv2d_1", "batch_normalization_12", "dense"}};
  DotChart final{
      .title = "Final test accuracy, every seed",
      .x_label = "test accuracy",
      .rows = {{.name = "plain", .dots = {{"seed 0", 0.1135}, {"seed 1", 0.101}, {"seed 2", 0.101}}, .mean = 0.105},
               {.name = "batch_norm",
                .dots = {{"seed 0", 0.974}, {"seed 1", 0.971}, {"seed 2", 0.966}},
                .mean = 0.9703,
                .error = 0.0041,
                .marks = {{"published", 0.98}, {"independent", 0.9725}},
                .published_range = std::pair{0.9, 0.99}}}};
  PageTable table{.title = "Results",
                  .badge = "warning",
                  .columns = {"variant", ">seeds", ">test accuracy", ">images/s"},
                  .rows = {{"plain", "3", "0.105", "5383"}, {"`batch_norm`", "3", "0.970", "5365"}},
                  .caption = "Means over the seeds."};
  return {.title = "depth",
          .question = "Does a network of 19 convolutions train without batch normalization?",
          .answer = "No: `plain` ends at 0.105 on the test images in all 3 seeds, `batch_norm` at 0.970.",
          .notes = {"Scaled down: 500 steps instead of 800.", "3 seeds: no claim."},
          .sections = {{.title = "What was found", .parts = {final, table, loss, accuracy}},
                       {.title = "Why",
                        .parts = {Paragraph{"Gradients of a <deep> network & its layers."},
                                  Formula{"Var[y] = (c² + v) / keep − c²"}, layers,
                                  CommandLine{"evenkeel study depth --sweep 'depth=5,19'"},
                                  Listing{"In Python", "for i in range(3):\n    train(i)"}}},
                       {.title = "Networks",
                        .parts = {Diagram{.title = "batch_norm", .model = deep_model(19)},
                                  Diagram{.title = "residual", .model = residual_model()}}}},
          .provenance = {{"command", "evenkeel study depth --seeds 3"}, {"evenkeel", "0.1.0"}, {"machine", "a CPU"}}};
}

}  // namespace evenkeel
