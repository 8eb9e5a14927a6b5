#include "evenkeel/train/callbacks/model_checkpoint.h"

#include "evenkeel/base/error.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

}  // namespace

void ModelCheckpointOptions::describe(Fields<ModelCheckpointOptions>& fields) {
  describe_monitor(fields);
  fields.add("save_best", &ModelCheckpointOptions::save_best_only,
             "keep the weights of the best epoch in best.safetensors");
}

ModelCheckpoint::ModelCheckpoint(ModelCheckpointOptions options)
    : options_(std::move(options)), monitor_{.name = options_.monitor} {
  figure_of({}, monitor_.name);  // refuses an unknown name now, not after the first epoch
  if (options_.save_best_only && options_.every_steps > 0)
    throw Error{{.where = "ModelCheckpoint",
                 .expected = "either the best by a figure, which epochs have, or a file every so many steps",
                 .received = "both"}};
}

void ModelCheckpoint::on_begin(const FitBegin& begin) {
  if (begin.done_steps == 0) monitor_.best.reset();
}

void ModelCheckpoint::write(Trainer& trainer, std::int64_t epoch, std::uint64_t step) const {
  if (options_.file.empty()) return;
  std::string file = replaced(options_.file.string(), "{epoch}", std::to_string(epoch));
  file = replaced(file, "{step}", std::to_string(step));
  const AveragedWeights averaged(trainer.network());
  save_weights(file, trainer.network().weights(), trainer.network().store(), options_.metadata);
}

void ModelCheckpoint::on_step(const StepEnd& step, Trainer& trainer) {
  if (options_.every_steps > 0 && step.step % static_cast<std::uint64_t>(options_.every_steps) == 0)
    write(trainer, step.epoch, step.step);
}

void ModelCheckpoint::on_epoch(const EpochRecord& record, Trainer& trainer) {
  if (options_.every_steps > 0) return;
  if (options_.save_best_only) {
    const double value = monitor_.read(record);
    if (!monitor_.improves(value, monitor_.best)) return;
    monitor_.best = value;
  }
  write(trainer, record.epoch, record.step);
}

CallbackState ModelCheckpoint::save() const {
  CallbackState state;
  monitor_.save(state);
  return state;
}

}  // namespace evenkeel
