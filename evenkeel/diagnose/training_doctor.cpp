#include "evenkeel/diagnose/training_doctor.h"

#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

void TrainingDoctor::on_begin(const FitBegin& begin) {
  sample_ = sample_of(*begin.data, options_.samples);
  batch_size_ = begin.batch_size;
  const std::int64_t before = (begin.steps_per_epoch - 1) * batch_size_, left = begin.data->size() - before;
  last_batch_ = left < batch_size_ ? std::optional(left) : std::nullopt;
  looked_at_ = begin.first_step;
  epoch_ = begin.history && !begin.history->epochs.empty() ? begin.history->epochs.back().epoch : 0;
}

void TrainingDoctor::on_epoch(const EpochRecord& record, Trainer& trainer) {
  epoch_ = record.epoch;
  const double trained = static_cast<double>(trainer.steps_done() - looked_at_) * static_cast<double>(batch_size_);
  if (trained >= options_.training_per_look * static_cast<double>(sample_.size())) look(trainer);
}

void TrainingDoctor::on_end(const History& history, Trainer& trainer) {
  if (history.stopped) return;  // the resumed run looks
  if (trainer.steps_done() > looked_at_) look(trainer);
}

void TrainingDoctor::look(Trainer& trainer) {
  looked_at_ = trainer.steps_done();
  Subject subject{.data = sample_};
  subject.records.updates = trainer.steps_done();
  subject.records.batch_size = batch_size_;
  subject.records.last_batch = last_batch_;
  for (const Finding& finding : cheap_findings(trainer.network(), std::move(subject))) {
    if (finding.severity < Severity::warning) continue;
    bool is_new = finding.layers.empty() && told_.emplace(finding.code, "").second;
    for (const std::string& layer : finding.layers) is_new = told_.emplace(finding.code, layer).second || is_new;
    if (is_new) options_.tell(finding, epoch_);
  }
}

}  // namespace evenkeel
