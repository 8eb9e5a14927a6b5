// How fast images of a folder or of shards become batches: stream_speed SPEC [WORKERS] [MEMORY in MB] [BATCH] [HEIGHT
// WIDTH]. Two epochs without a consumer that computes; the second one is measured. Prints images/s and the peak of the
// resident memory.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <string>

#include "evenkeel/base/error.h"
#include "evenkeel/data/batches.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/data/streamed_images.h"

using namespace evenkeel;

int main(int argc, char** argv) try {
  const auto number = [&](int i, int otherwise) { return argc > i ? std::stoi(argv[i]) : otherwise; };
  ImageOptions images;
  if (argc > 6) images = {.resize_to = Shape{number(5, 0), number(6, 0)}, .resize = true};
  const Dataset data = stream_images(find_images(argv[1], false).value(), images,
                                     {.memory = std::int64_t{1'000'000} * number(3, 0), .workers = number(2, 1)});
  Batches batches(data, {.batch_size = number(4, 250)});
  double seconds = 0;
  for (int epoch = 0; epoch < 2; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    while (!batches.next().last_of_epoch) continue;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("{{\"images_per_s\": {:.1f}, \"images\": {}, \"peak_mb\": {:.1f}}}\n",
             static_cast<double>(data.size()) / seconds, data.size(),
             static_cast<double>(usage.ru_maxrss) * 1024 / 1e6);
} catch (const Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
