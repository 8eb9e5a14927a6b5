#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/callbacks/early_stopping.h"
#include "evenkeel/train/callbacks/reduce_lr_on_plateau.h"
#include "evenkeel/train/trainer.h"
#include "tests/fuzz/checkpoint_file.h"

using namespace evenkeel;

namespace {

constexpr std::int64_t kSamples = 7, kEpochs = 4, kStepsPerEpoch = 3;

const Dataset& data() {
  static const Dataset samples(
      {.name = "seven",
       .x = Tensor::of<float>({kSamples, 2}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}),
       .y = Tensor::of<std::int32_t>({kSamples}, std::vector<std::int32_t>{0, 1, 0, 1, 1, 0, 1}),
       .class_names = {}});
  return samples;
}

std::unique_ptr<Trainer> trainer() {
  const ModelFile file = parse_model_file("input = [2]\n[[layer]]\ntype = \"Dense\"\nunits = 2\n", "model");
  return std::make_unique<Trainer>(
      file.model, TrainerOptions{.optimizer = SGD{.momentum = 0.5}, .batch_size = 3, .compute = {.threads = 1}});
}

/// Takes a checkpoint in the second epoch.
struct Keeper {
  Checkpoint* kept;
  void on_settled(const Settled& settled, Trainer& trainer) const {
    if (settled.step == 4) *kept = trainer.checkpoint();
  }
};

FitOptions fit_options() {
  return {.epochs = kEpochs,
          .callbacks = {EarlyStopping({.monitor = "loss", .patience = 1, .restore_best_weights = true}),
                        ReduceLROnPlateau({.monitor = "loss", .patience = 0, .cooldown = 1})}};
}

/// The checkpoint of such a run, as a file.
formats::SafetensorsFile whole(const fuzz::Folder& folder) {
  Checkpoint checkpoint;
  FitOptions options = fit_options();
  options.callbacks.emplace_back(Keeper{&checkpoint});
  trainer()->fit(data(), options);
  write_checkpoint(folder / "whole.safetensors", checkpoint);
  return formats::read_safetensors(folder / "whole.safetensors");
}

/// Fills a tensor with one byte, gives it another shape or type, or takes it away.
void damage(std::vector<std::pair<std::string, Tensor>>& tensors, fuzz::Parts& parts) {
  const auto at = tensors.begin() + static_cast<std::ptrdiff_t>(parts.byte() % tensors.size());
  Tensor& tensor = at->second;
  const std::uint8_t how = parts.byte();
  if (how % 4 == 0) std::fill_n(tensor.data(), tensor.bytes(), std::byte{parts.byte()});
  if (how % 4 == 1) tensor = Tensor({parts.byte()}, tensor.dtype());
  if (how % 4 == 2) tensor = Tensor(tensor.shape(), DType::int64);
  if (how % 4 == 3) tensors.erase(at);
}

}  // namespace

// A run goes on from a checkpoint whose sums are right and whose content is any: a line of each of three entries, then
// what is changed in its tensors. An empty line leaves an entry as it was.
int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const fuzz::Folder folder;
  static const formats::SafetensorsFile first = whole(folder);
  fuzz::Parts parts(bytes, size);
  formats::SafetensorsFile file;
  file.metadata = first.metadata;
  for (const auto& [name, tensor] : first.tensors) file.tensors.emplace_back(name, tensor.clone());
  for (const char* key : {"progress", "callbacks", "learning_rate_scale"})
    if (const std::string_view line = parts.until('\n'); !line.empty()) file.metadata[key] = line;
  for (int changes = 0; changes < 4 && !parts.rest().empty() && !file.tensors.empty(); ++changes)
    damage(file.tensors, parts);
  const auto path = folder / "x.safetensors";
  if (!fuzz::accepts([&] { fuzz::write_mended(path, file); })) return 0;
  const auto resumed = trainer();
  if (!fuzz::accepts([&] { resumed->restore(read_checkpoint(path)); })) return 0;
  const std::uint64_t before = resumed->steps_done();
  History history;
  if (!fuzz::accepts([&] { history = resumed->fit(data(), fit_options()); })) return 0;
  // It ended where such a run ends, or a callback ended it.
  fuzz::require(resumed->steps_done() - before <= kEpochs * kStepsPerEpoch);
  fuzz::require(!history.reason.empty() || std::ssize(history.epochs) == kEpochs);
  for (std::size_t i = 0; i < history.epochs.size(); ++i)
    fuzz::require(i == 0 || history.epochs[i].epoch == history.epochs[i - 1].epoch + 1);
  return 0;
}
