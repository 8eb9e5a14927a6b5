#include "evenkeel/diagnose/codes.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

// One pass over all data with statistics of this one batch in every layer, and dropout off.
constexpr std::string_view kReestimateKeras =
    "for layer in model.layers:\n"
    "    if isinstance(layer, keras.layers.BatchNormalization): layer.momentum = 0.0\n"
    "    if isinstance(layer, keras.layers.Dropout): layer.rate = 0.0\n"
    "model(x_all, training=True)";
constexpr std::string_view kReestimatePytorch =
    "for m in model.modules():\n"
    "    if isinstance(m, torch.nn.Dropout): m.p = 0.0\n"
    "torch.optim.swa_utils.update_bn(loader, model)";

constexpr std::array kCodes = {
    CodeInfo{"never-updated", "Moving statistics were never updated", "re-estimate",
             "Estimate the statistics from data; then find out why nothing updated them.", kReestimateKeras,
             kReestimatePytorch},
    CodeInfo{"lagging", "Too few updates for this momentum", "re-estimate",
             "Estimate the statistics from data, or train on; a smaller momentum follows sooner.",
             "BatchNormalization(momentum=0.9)", "nn.BatchNorm2d(c, momentum=0.1)"},
    CodeInfo{"momentum-inverted", "The momentum's convention is inverted", "re-estimate",
             "Set momentum to one minus what it is; estimate the statistics from data.",
             "BatchNormalization(momentum=0.9)  # weight of the old value",
             "nn.BatchNorm2d(c, momentum=0.1)  # weight of the new value"},
    CodeInfo{"variance-shift", "Dropout in front of a normalization", "re-estimate",
             "Estimate the statistics with dropout off; better, put dropout behind the last normalization.",
             "# Dropout behind the last BatchNormalization, or the statistics estimated anew", kReestimatePytorch},
    CodeInfo{"stale-statistics", "Moving statistics do not fit the data", "re-estimate",
             "Estimate the statistics with the data that evaluation is about.", kReestimateKeras, kReestimatePytorch},
    CodeInfo{"not-finite", "Weights that are no numbers", "remove-channels",
             "Go back to a checkpoint from before; or remove the channels.",
             "callbacks=[keras.callbacks.TerminateOnNaN()]", "torch.autograd.set_detect_anomaly(True)"},
    CodeInfo{"bad-variance", "A moving variance that cannot be one", "re-estimate",
             "Estimate the statistics from data.", kReestimateKeras, kReestimatePytorch},
    CodeInfo{"extreme-gamma", "A scale beyond all measure", "",
             "Look at the learning rate and at weight decay of gamma; train on from an earlier checkpoint.",
             "BatchNormalization(gamma_constraint=...)", "bn.weight.data.clamp_(-10, 10)"},
    CodeInfo{"input-mismatch", "The data are not prepared as in training", "",
             "Prepare the data as for training, best in the model itself: a Rescaling layer as its first one. Estimate "
             "nothing from data that mismatch.",
             "model = keras.Sequential([keras.layers.Rescaling(1 / 255), model])",
             "transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])  # the same in both"},
    CodeInfo{"class-order", "The classes are in another order", "",
             "Read the classes in the order of training: with explicit names, not as folders or files happen to sort.",
             "image_dataset_from_directory(path, class_names=names_of_training)",
             "labels = torch.tensor(output_of_label)[labels]"},
    CodeInfo{"double-softmax", "A softmax of a softmax", "",
             "Take one of the two out, and train on: the network was trained against scores that cannot be sure.",
             "Dense(10), compile(loss=SparseCategoricalCrossentropy(from_logits=True))",
             "nn.CrossEntropyLoss()(logits, labels)  # no softmax in the model"},
    CodeInfo{"averaged-weights", "Averaged weights with the statistics of others", "re-estimate",
             "Estimate the statistics with the averaged weights.", kReestimateKeras,
             "torch.optim.swa_utils.update_bn(loader, swa_model)"},
};

}  // namespace

std::span<const CodeInfo> all_codes() { return kCodes; }

const CodeInfo& code_info(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code, &CodeInfo::code);
  if (found != kCodes.end()) return *found;
  std::vector<std::string> known;
  for (const CodeInfo& info : kCodes) known.emplace_back(info.code);
  const std::string near = nearest(code, known);
  throw Error{{.where = "finding",
               .expected = "one of " + join(known),
               .received = '"' + std::string(code) + '"',
               .hint = near.empty() ? "" : "Did you mean \"" + near + "\"?"}};
}

std::string documentation_of(std::string_view code) { return "docs/doctor/" + std::string(code) + ".md"; }

}  // namespace evenkeel
