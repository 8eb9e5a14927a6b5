#include "evenkeel/report/tensorboard/tensorboard.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/contact_sheet.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/report/tensorboard/tensor_histograms.h"

namespace evenkeel {
namespace {

EventValue code_block(const std::string& tag, const std::string& text) {
  return {.tag = tag, .value = EventValue::Text{"```\n" + text + "```\n"}};
}

void add_metrics(std::vector<EventValue>& values, const std::string& group, const Metrics& metrics) {
  values.push_back({.tag = group + "loss", .value = metrics.loss});
  if (metrics.accuracy) values.push_back({.tag = group + "accuracy", .value = *metrics.accuracy});
}

bool holds_images(const Batch& batch) {
  const Shape& shape = batch.x.shape();
  return shape.rank() == 4 && (shape[3] == 1 || shape[3] == 3);
}

constexpr std::int64_t kImagesPerClass = 4;  ///< fewer would not be a fair sample of a class

/// Whether `count` images show enough of each class for a row of its own.
bool has_row_per_class(const Dataset& data, std::int64_t count) {
  return data.has_labels() && data.classes() * kImagesPerClass <= count;
}

/// A contact sheet of at most `count` images.
EventValue images_of(const Batch& batch, const Dataset& source, std::int64_t count) {
  // Enough to fill most rows; the rest of a large batch need not be copied.
  const std::int64_t n = std::min(batch.size, kImagesPerClass * count);
  const bool by_class = has_row_per_class(source, count);
  const Dataset data({.name = "batch",
                      .x = Tensor::copy_of(batch.x.view().rows(0, n)),
                      .y = by_class ? Tensor::copy_of(batch.labels.view().rows(0, n)) : Tensor(),
                      .class_names = by_class ? source.class_names() : std::vector<std::string>()});
  const auto wished = static_cast<double>(std::min(n, count));
  const double rows = by_class ? static_cast<double>(source.classes()) : std::sqrt(wished);
  const auto columns = static_cast<std::int64_t>(std::ceil(wished / rows));
  return {.tag = "images/batch", .value = image_of(contact_sheet(data, columns, count))};
}

/// What stays the same during a run.
std::vector<EventValue> constants_of(const Model& model, const Dataset& data, std::int64_t max_images) {
  std::vector<EventValue> values{code_block("model/summary", summary(model)),
                                 code_block("model/toml", write_model_file({.model = model}))};
  if (has_row_per_class(data, max_images) && !data.class_names().empty())
    values.push_back(
        {.tag = "images/rows", .value = EventValue::Text{"Classes, from the top: " + join(data.class_names()) + '.'}});
  return values;
}

}  // namespace

TensorBoard::TensorBoard(std::filesystem::path folder, TensorBoardOptions options)
    : folder_(std::move(folder)), options_(std::move(options)) {
  if (options_.every < 1 || options_.max_images < 0)
    throw Error{{.where = "TensorBoard",
                 .expected = "every >= 1 and max_images >= 0",
                 .received = std::to_string(options_.every) + " and " + std::to_string(options_.max_images)}};
}

void TensorBoard::on_begin(const FitBegin& e, Trainer& trainer) {
  data_ = e.data;
  guarded([&] { begin_file(e.first_step, trainer.network().model()); });
  meter_ = {};
}

void TensorBoard::begin_file(std::uint64_t first_step, const Model& model) {
  const std::uint64_t from = first_step == 0 ? 0 : first_step + 1;
  file_.reset();
  drop_events_from(folder_, from);
  file_.emplace(folder_, from);
  if (first_step == 0) file_->write(0, constants_of(model, *data_, options_.max_images));
}

void TensorBoard::on_step(const StepEnd& e, Trainer& trainer) {
  meter_.seconds += std::chrono::duration<double>(Clock::now() - meter_.since).count();
  meter_.samples += e.batch.samples;
  if (file_ && is_due(e.step)) {
    Values values;
    add_scalars(values, e);
    Network& network = trainer.network();
    if (options_.histograms) add_histograms(values, network, network.training_runner(*e.data));
    // Packing the image costs as much as ten summaries of a small network.
    if (options_.max_images > 0 && is_due(e.step, 10) && holds_images(*e.data))
      values.push_back(images_of(*e.data, *data_, options_.max_images));
    write(e.step, values);
  }
  meter_.since = Clock::now();
}

bool TensorBoard::is_due(std::uint64_t step, std::int64_t summaries) const {
  return step == 1 || step % static_cast<std::uint64_t>(options_.every * summaries) == 0;
}

void TensorBoard::add_scalars(Values& values, const StepEnd& e) {
  add_metrics(values, "", e.batch);
  values.push_back({.tag = "learning_rate", .value = e.learning_rate});
  values.push_back(
      {.tag = "images_per_s", .value = static_cast<double>(meter_.samples) / std::max(meter_.seconds, 1e-9)});
  meter_.seconds = 0;
  meter_.samples = 0;
}

void TensorBoard::on_epoch(const EpochRecord& record) {
  Values values;
  add_metrics(values, "epoch/", record.train);
  if (record.validation) add_metrics(values, "validation/", *record.validation);
  write(record.step, values);
  meter_.since = Clock::now();
}

void TensorBoard::on_partial_epoch(const EpochRecord& record) {
  if (!record.validation) return;
  Values values;
  add_metrics(values, "validation/", *record.validation);
  write(record.step, values);
}

void TensorBoard::write(std::uint64_t step, const Values& values) {
  guarded([&] {
    if (file_) file_->write(step, values);
  });
}

void TensorBoard::guarded(const std::function<void()>& action) try { action(); } catch (const Error& error) {
  file_.reset();
  if (!options_.warn) throw;
  options_.warn(std::string(error.what()) + " (training goes on without TensorBoard's events)");
}

}  // namespace evenkeel
