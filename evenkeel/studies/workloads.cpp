#include "evenkeel/studies/workloads.h"

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/studies/depth.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/speedup.h"

namespace evenkeel {
namespace {

std::vector<Workload> all_workloads() {
  // CIFAR-10's training pixels have mean 120.69 and standard deviation 63.86.
  const Rescaling standardizing{.scale = 1 / 63.86, .offset = -120.69 / 63.86};
  return {{.name = "W1",
           .description = "placement: three convolutions and a dense layer",
           .model = placement_model(PlacementVariant::before, standardizing),
           .loss = SoftmaxCrossEntropy{},
           .optimizer = Adam{.learning_rate = 0.001},
           .batch_size = 250},
          {.name = "W2",
           .description = "speedup: three convolutions and large dense layers",
           .model = speedup_model(SpeedupVariant::batch_norm),
           .loss = SoftmaxCrossEntropy{},
           .optimizer = Adam{.learning_rate = 0.001, .epsilon = 1e-8},
           .batch_size = 500},
          {.name = "W3",
           .description = "depth: 19 convolutions of few channels",
           .model = depth_model(DepthVariant::batch_norm),
           .loss = SigmoidCrossEntropy{},
           .optimizer = Adam{.learning_rate = 0.002, .epsilon = 1e-8},
           .batch_size = 64}};
}

}  // namespace

std::vector<std::string> workload_names() {
  std::vector<std::string> names;
  for (const Workload& workload : all_workloads()) names.push_back(workload.name);
  return names;
}

Workload workload_named(const std::string& name) {
  std::vector<Workload> all = all_workloads();
  const auto found = std::ranges::find(all, name, &Workload::name);
  if (found == all.end())
    throw Error{{.where = "workload", .expected = "one of " + join(workload_names()), .received = '"' + name + '"'}};
  return std::move(*found);
}

}  // namespace evenkeel
