#include "evenkeel/data/drawn.h"

#include "evenkeel/base/error.h"
#include "evenkeel/base/threads.h"

namespace evenkeel {

Dataset drawn_dataset(const DrawnImages& images, bool test_split, std::int64_t count, std::uint64_t seed) {
  if (count < 1) throw Error{{.where = images.name, .expected = "1 sample or more", .received = std::to_string(count)}};
  Tensor x(images.image.batched(count), DType::uint8), y({count}, DType::int32);
  const auto pixels = x.as<std::uint8_t>();
  const auto labels = y.as<std::int32_t>();
  const auto size = static_cast<std::size_t>(images.image.size());
  Threads::bound().parallel(count, 64, [&](std::int64_t begin, std::int64_t end, int) {
    for (auto sample = static_cast<std::size_t>(begin); sample < static_cast<std::size_t>(end); ++sample) {
      const RandomStream random(
          {.seed = seed, .purpose = images.purpose, .index = test_split ? 1u : 0u, .step = sample});
      labels[sample] = images.draw(random, pixels.subspan(sample * size, size));
    }
  });
  return Dataset({.name = images.name + (test_split ? ":test" : ":train"),
                  .x = std::move(x),
                  .y = std::move(y),
                  .class_names = images.class_names});
}

}  // namespace evenkeel
