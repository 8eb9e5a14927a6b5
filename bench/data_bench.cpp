// How long a batch of the placement workload (W1: 250 images of 32x32x3) takes to gather, as its consumer would wait if
// it did nothing else. CPU is that of all threads, and what to look at on a busy machine.
#include <benchmark/benchmark.h>

#include "evenkeel/data/batches.h"
#include "evenkeel/data/patches.h"

namespace evenkeel {
namespace {

void gather(benchmark::State& state, Augmentation augmentation) {
  const Dataset set = make_patches(false, 20000);
  Batches batches(set, {.batch_size = 250, .augmentation = augmentation});
  for (auto _ : state) benchmark::DoNotOptimize(batches.next().x.data());
  state.SetItemsProcessed(state.iterations() * 250);
}

BENCHMARK_CAPTURE(gather, plain, Augmentation{})->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(gather, flip_and_crop, Augmentation{.flip = true, .crop_padding = 4})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(gather, flip_crop_and_cutout, Augmentation{.flip = true, .crop_padding = 4, .cutout = 16})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace evenkeel
