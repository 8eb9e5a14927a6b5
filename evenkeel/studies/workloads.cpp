#include "evenkeel/studies/workloads.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/studies/depth.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/run_study.h"
#include "evenkeel/studies/speedup.h"

namespace evenkeel {
namespace {

/// A network with the training settings of the study; `batch_size`, if given, replaces the study's.
Workload workload(const std::string& name, const std::string& description, const std::string& study, Model model,
                  std::optional<std::int64_t> batch_size = {}) {
  StudyVariant variant{.name = name, .description = description, .model = std::move(model)};
  const TrainerOptions trainer = make_study(study, {})->training(variant).trainer;
  return {.name = name,
          .description = description,
          .model = std::move(variant.model),
          .loss = trainer.loss,
          .optimizer = trainer.optimizer,
          .batch_size = batch_size.value_or(trainer.batch_size)};
}

std::vector<Workload> all_workloads() {
  // CIFAR-10's training pixels have mean 120.69 and standard deviation 63.86.
  const Rescaling standardizing{.scale = 1 / 63.86, .offset = -120.69 / 63.86};
  return {workload("W1", "placement: three convolutions and a dense layer", "placement",
                   placement_model(PlacementVariant::before, standardizing)),
          workload("W2", "speedup: three convolutions and large dense layers", "speedup",
                   speedup_model(SpeedupVariant::batch_norm), 500),
          workload("W3", "depth: 19 convolutions of few channels", "depth", depth_model(DepthVariant::batch_norm))};
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
