#pragma once

#include <vector>

#include "tests/kernels/kernel_test.h"

// What holds of every noise kernel, given as noise(x, key, y, threads).

namespace evenkeel::kernels {

template <class Noise>
void expect_it_copies(Noise noise, const RandomKey& key) {
  const std::vector<float> x = normal_values(1000, 2);
  std::vector<float> y(x.size());
  noise(x, key, y, Threads(1));
  EXPECT_EQ(y, x);
}

template <class Noise>
void expect_the_same_in_place_and_on_any_thread_count(Noise noise, const RandomKey& key) {
  const std::vector<float> x = normal_values(100000, 3);
  std::vector<float> y(x.size());
  noise(x, key, y, Threads(1));
  for (const int threads : {1, 2, 3}) {
    std::vector<float> in_place = x;
    noise(in_place, key, in_place, Threads(threads));
    EXPECT_EQ(in_place, y) << threads;
  }
}

template <class Noise>
void expect_another_for_each_part_of_the_key(Noise noise, const RandomKey& key) {
  const std::vector<float> x(1000, 1.0f);
  std::vector<float> y(x.size()), other(x.size());
  noise(x, key, y, Threads(1));
  RandomKey seed = key, purpose = key, index = key, step = key;
  seed.seed += 1ull << 32;
  purpose.purpose = Purpose::study;
  index.index += 1;
  step.step += 1ull << 32;
  for (const RandomKey& changed : {seed, purpose, index, step}) {
    noise(x, changed, other, Threads(1));
    EXPECT_NE(other, y);
  }
}

}  // namespace evenkeel::kernels
