#include "evenkeel/studies/workloads.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "evenkeel/studies/depth.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/run_study.h"
#include "evenkeel/studies/speedup.h"
#include "evenkeel/train/settings.h"

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

/// An architecture with the training settings of its model file, and batches of 8.
Workload workload(const std::string& name, const std::string& description, const std::string& architecture) {
  ModelFile file = make_architecture(architecture);
  return {.name = name,
          .description = description,
          .model = std::move(file.model),
          .loss = loss_of(file.training),
          .optimizer = optimizer_of(file.training),
          .batch_size = 8};
}

struct KnownWorkload {
  std::string name;
  Workload (*make)();
};

const std::vector<KnownWorkload>& known_workloads() {
  // CIFAR-10's training pixels have mean 120.69 and standard deviation 63.86.
  static constexpr auto standardizing = [] { return Rescaling{.scale = 1 / 63.86, .offset = -120.69 / 63.86}; };
  static const std::vector<KnownWorkload> known = {
      {"W1",
       [] {
         return workload("W1", "placement: three convolutions and a dense layer", "placement",
                         placement_model(PlacementVariant::before, standardizing()));
       }},
      {"W2",
       [] {
         return workload("W2", "speedup: three convolutions and large dense layers", "speedup",
                         speedup_model(SpeedupVariant::batch_norm), 500);
       }},
      {"W3",
       [] {
         return workload("W3", "depth: 19 convolutions of few channels", "depth",
                         depth_model(DepthVariant::batch_norm));
       }},
      {"R18", [] { return workload("R18", "ResNet-18: 3x3 convolutions", "resnet18"); }},
      {"M2", [] { return workload("M2", "MobileNetV2: depthwise convolutions", "mobilenet_v2"); }},
      {"E0", [] { return workload("E0", "EfficientNet-B0: the same with squeeze and excitation", "efficientnet_b0"); }},
  };
  return known;
}

}  // namespace

std::vector<std::string> workload_names() {
  std::vector<std::string> names;
  for (const KnownWorkload& known : known_workloads()) names.push_back(known.name);
  return names;
}

std::vector<std::string> study_workload_names() { return {"W1", "W2", "W3"}; }

Workload workload_named(const std::string& name) {
  const auto found = std::ranges::find(known_workloads(), name, &KnownWorkload::name);
  if (found == known_workloads().end())
    throw Error{{.where = "workload", .expected = "one of " + join(workload_names()), .received = '"' + name + '"'}};
  return found->make();
}

}  // namespace evenkeel
