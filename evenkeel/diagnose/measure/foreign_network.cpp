#include "evenkeel/diagnose/measure/foreign_network.h"

#include <algorithm>
#include <cstring>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/measure/capacity.h"
#include "evenkeel/diagnose/measure/live_answers.h"
#include "evenkeel/diagnose/measure/other_weights.h"

namespace evenkeel {
namespace {

/// What a layer's values take while a batch passes: what it reads, what it gives, and what the framework copies.
constexpr double kAliveAtOnce = 3;

const LayerStatistics& of_layer(const std::vector<LayerStatistics>& all, const std::string& layer) {
  const auto found = std::ranges::find(all, layer, &LayerStatistics::layer);
  if (found == all.end())
    throw Error{{.kind = Error::internal, .where = layer, .expected = "its statistics", .received = "none"}};
  return *found;
}

/// Which of the framework's samples one is: those of training are counted downwards from -1.
float handle_of(std::int64_t row, bool of_training) { return static_cast<float>(of_training ? -1 - row : row); }

}  // namespace

ForeignNetwork::ForeignNetwork(LiveNetwork& live)
    : live_(live), description_(foreign_description(live.description())), normalizations_(normalizations(model())) {
  for (std::size_t i = 0; i < weights().size(); ++i) index_.emplace(weights()[i].name, i);
  std::optional<LiveSamples> samples = live_.samples(false), of_training = live_.samples(true);
  if (!samples || samples->size < 1)
    throw Error{{.where = "data", .expected = "at least one sample", .received = "none"}};
  has_inputs_ = samples->x.shape().size() > 0 && (!of_training || of_training->x.shape().size() > 0);
  data_ = dataset_of(std::move(*samples), false);
  if (of_training) train_data_ = dataset_of(std::move(*of_training), true);
}

/// The last part of each sample says which of the framework's it is.
Dataset ForeignNetwork::dataset_of(LiveSamples samples, bool of_training) {
  constexpr std::int64_t kMostHandles = 1 << 24;  // whole numbers of a float
  if (samples.size > kMostHandles)
    throw Error{{.where = "data", .expected = "at most 16,777,216 samples", .received = std::to_string(samples.size)}};
  Tensor handles({samples.size, 1}, DType::float32);
  for (std::int64_t i = 0; i < samples.size; ++i)
    handles.as<float>()[static_cast<std::size_t>(i)] = handle_of(i, of_training);
  Dataset::Parts parts{.name = samples.name.empty() ? (of_training ? "train" : "data") : samples.name,
                       .x = {},
                       .y = std::move(samples.y),
                       .class_names = std::move(samples.class_names)};
  if (has_inputs_) {
    parts.x = std::move(samples.x);
    parts.more.push_back(std::move(handles));
    parts.input_names = {model().inputs().front().name, "row"};
  } else {
    parts.x = std::move(handles);
  }
  return Dataset(std::move(parts));
}

LiveBatch ForeignNetwork::batch_of(const Dataset& data) const {
  const auto handles = data.input(data.inputs() - 1).as<float>();
  LiveBatch batch{.of_training = handles[0] < 0};
  for (const float handle : handles) batch.rows.push_back(static_cast<std::int64_t>(handle < 0 ? -1 - handle : handle));
  const Dataset& own = batch.of_training ? *train_data_ : *data_;
  // Sent only where they are others than the framework's own.
  const auto are_same = [&](TensorView theirs, TensorView ours) {
    if (theirs.dtype != ours.dtype || theirs.shape.without_first() != ours.shape.without_first()) return false;
    const std::size_t bytes = ours.bytes() / batch.rows.size();
    for (std::size_t i = 0; i < batch.rows.size(); ++i)
      if (std::memcmp(theirs.data + static_cast<std::size_t>(batch.rows[i]) * bytes, ours.data + i * bytes, bytes) != 0)
        return false;
    return true;
  };
  if (has_inputs_ && !are_same(own.x(), data.x())) batch.x = converted(data.x(), DType::float32);
  if (data.has_targets() && !are_same(own.y(), data.y())) batch.y = Tensor::copy_of(data.y());
  return batch;
}

LiveModes ForeignNetwork::modes_of(const Pass& pass) const {
  LiveModes modes{.noise = pass.noise, .step = pass.step};
  for (const Normalization& n : normalizations_) {
    LiveStatisticsSource source{.statistics = pass.statistics};
    if (std::ranges::count(pass.on_moving, n.name) > 0 || (n.frozen && pass.statistics == Statistics::batch))
      source.statistics = Statistics::moving;
    if (source.statistics == Statistics::supplied) {
      const LayerStatistics& supplied = of_layer(*pass.supplied, n.name);
      source.mean = supplied.mean;
      source.variance = supplied.variance;
    }
    modes.statistics.emplace(their_layer(n.layer), std::move(source));
  }
  return modes;
}

void ForeignNetwork::each_batch(const Dataset& data, const Pass& pass, const LiveWants& wants, const See& see) {
  const std::int64_t size = std::clamp<std::int64_t>(pass.batch_size, 1, data.size());
  LiveModes modes = modes_of(pass);
  for (std::int64_t first = 0; first < data.size(); first += size, ++modes.step) {
    const std::int64_t last = std::min(first + size, data.size());
    const LiveBatch batch = batch_of(data.range(first, last));
    see(batch, live_.run(batch, modes, wants));
    if (pass.after_batch) pass.after_batch(last - first);
  }
}

bool ForeignNetwork::is_undone_by_loss(int layer) const {
  if (!description_.loss_reads_scores) return false;
  int at = model().output();
  while (at > layer && model().nodes()[static_cast<std::size_t>(at)].layer.traits().is_identity())
    at = model().nodes()[static_cast<std::size_t>(at)].inputs.front();
  return at == layer;
}

double ForeignNetwork::flops() const { return flops_of_sample(model()); }

std::string ForeignNetwork::why_not(Measurement measurement) const {
  const auto told = [&](const char* what) {
    const auto found = description_.cannot.find(what);
    return found == description_.cannot.end() ? std::string() : found->second;
  };
  switch (measurement) {
    case Measurement::inputs:
      return has_inputs_ ? told("inputs") : "the network's inputs are no single array of numbers";
    case Measurement::other_axes: {
      const std::vector<Shape> shapes = compile(model(), {.batch_size = 1}).layer_outputs;
      for (const Normalization& n : normalizations_) {
        const auto sizes = shapes[static_cast<std::size_t>(n.layer)].sizes();
        const bool is_unclear = n.axis && std::ranges::any_of(sizes, [&](std::int64_t size) {
                                  return size > 1 && std::ranges::count(sizes, size) > 1;
                                });
        if (is_unclear) return "a live network cannot be run along other axes";
      }
      return {};
    }
    case Measurement::initial_values: {
      bool kernels = false;
      for (std::size_t i = 0; i < weights().size(); ++i) {
        if (!weights()[i].name.ends_with("/kernel")) continue;
        if (description_.tensors[i].has_initializer) return {};
        kernels = true;
      }
      return kernels ? "it is not known how the network's weights were drawn" : "";
    }
    case Measurement::gradients: return told("gradients");
    case Measurement::signals: return told("signals");
    case Measurement::squares: return told("squares");
    case Measurement::histograms: return told("histograms");
  }
  return {};
}

std::size_t ForeignNetwork::index_of(const std::string& tensor) const {
  const auto found = index_.find(tensor);
  if (found == index_.end())
    throw Error{{.where = "tensor \"" + tensor + '"', .expected = "one of the network's", .received = "none"}};
  return found->second;
}

std::string ForeignNetwork::shown_name(const std::string& tensor) const {
  return description_.tensors[index_of(tensor)].theirs;
}

TensorView ForeignNetwork::weight(const std::string& name) const {
  const auto known = read_.find(name);
  if (known != read_.end()) return known->second;
  const std::size_t index = index_of(name);
  Tensor values = live_.weight(description_.tensors[index].theirs);
  const Shape& shape = weights()[index].shape;
  if (values.shape().size() != shape.size())
    throw Error{{.where = "tensor \"" + description_.tensors[index].theirs + '"',
                 .expected = to_string(shape),
                 .received = to_string(values.shape())}};
  Tensor shaped(shape, DType::float32);
  const Tensor floats = converted(values, DType::float32);
  std::memcpy(shaped.data(), floats.data(), floats.bytes());
  return read_.emplace(name, std::move(shaped)).first->second;
}

void ForeignNetwork::set_weight(const std::string& name, TensorView value) {
  const std::size_t index = index_of(name);
  if (value.shape.size() != weights()[index].shape.size())
    throw Error{{.where = "tensor \"" + shown_name(name) + '"',
                 .expected = to_string(weights()[index].shape),
                 .received = to_string(value.shape)}};
  Tensor shaped(weights()[index].shape, DType::float32);
  const Tensor floats = converted(value, DType::float32);
  std::memcpy(shaped.data(), floats.data(), floats.bytes());
  live_.set_weight(description_.tensors[index].theirs, shaped);
  read_[name] = std::move(shaped);
}

/// Those that do not depend on a seed.
std::optional<Tensor> ForeignNetwork::initial_values(std::size_t index) const {
  const ForeignDescription::Tensor& known = description_.tensors[index];
  const Initializer& initializer = weights()[index].initializer;
  if (!known.has_initializer || known.uniform || range_of(weights()[index])) return {};
  Tensor values(weights()[index].shape, DType::float32);
  initializer.fill(values.data(), values.shape(), DType::float32, {.seed = 0, .purpose = Purpose::initializer});
  return values;
}

std::optional<InitialRange> ForeignNetwork::initial_range(std::size_t index) const {
  const ForeignDescription::Tensor& known = description_.tensors[index];
  if (!known.has_initializer) return {};
  return known.uniform ? known.uniform : range_of(weights()[index]);
}

void ForeignNetwork::check(const Dataset& data) const {
  const std::string where = "data \"" + data.name() + '"';
  if (!data.has_targets()) throw Error{{.where = where, .expected = "labels or targets", .received = "none"}};
  if (has_inputs_ && data.sample_shape() != model().input_shape())
    throw Error{{.where = where,
                 .expected = "samples of shape " + to_string(model().input_shape()),
                 .received = to_string(data.sample_shape())}};
  const std::int64_t classes = outputs() / positions();
  if (data.has_labels()) {
    const auto labels = data.y().as<std::int32_t>();
    const std::int32_t most = std::ranges::max(labels);
    if (most >= std::max<std::int64_t>(classes, 2))
      throw Error{{.where = where,
                   .expected = "labels below the number of outputs, " + std::to_string(classes),
                   .received = std::to_string(most)}};
  } else if (data.y().shape.row_size() != outputs()) {
    throw Error{{.where = where,
                 .expected = std::to_string(outputs()) + " targets a sample, as the network has outputs",
                 .received = std::to_string(data.y().shape.row_size())}};
  }
}

/// By the largest layer: a framework frees what no later layer reads.
std::int64_t ForeignNetwork::batch_that_fits(std::int64_t most, std::int64_t bytes) const {
  std::int64_t largest = model().input_shape().size();
  for (const Shape& shape : compile(model(), {.batch_size = 1}).layer_outputs)
    largest = std::max(largest, shape.size());
  const double each = kAliveAtOnce * static_cast<double>(largest) * sizeof(float);
  while (most > 1 && static_cast<double>(most) * each > static_cast<double>(bytes)) most = (most + 1) / 2;
  return most;
}

/// A training step keeps the values of all layers.
std::int64_t ForeignNetwork::training_batch_that_fits(const Dataset&, std::int64_t most, std::int64_t bytes) const {
  double each = static_cast<double>(model().input_shape().size());
  for (const Shape& shape : compile(model(), {.batch_size = 1}).layer_outputs)
    each += 2 * static_cast<double>(shape.size());
  while (most > 1 && static_cast<double>(most) * each * sizeof(float) > static_cast<double>(bytes))
    most = (most + 1) / 2;
  return most;
}

SampleScores ForeignNetwork::score(const Dataset& data, const Pass& pass, std::vector<float>* outputs) {
  SampleScores scores;
  if (outputs) outputs->clear();
  each_batch(data, pass, {.losses = true, .outputs = outputs != nullptr},
             [&](const LiveBatch& batch, const LiveAnswer& answer) {
               require_numbers("losses", batch.rows.size(), answer.losses.size());
               scores.loss.insert(scores.loss.end(), answer.losses.begin(), answer.losses.end());
               scores.correct.insert(scores.correct.end(), answer.correct.begin(), answer.correct.end());
               if (!outputs) return;
               require_numbers("outputs", batch.rows.size() * static_cast<std::size_t>(this->outputs()),
                               answer.outputs.size());
               outputs->insert(outputs->end(), answer.outputs.begin(), answer.outputs.end());
             });
  if (!scores.correct.empty()) require_numbers("correct", scores.loss.size(), scores.correct.size());
  return scores;
}

SampleScores ForeignNetwork::score_with(const NamedTensors& others, const Dataset& data, const Pass& pass) {
  const OtherWeights in_place(*this, others);
  return score(data, pass, nullptr);
}

Draft ForeignNetwork::draft() {
  NamedTensors all;
  for (const WeightInfo& weight : weights()) all.emplace_back(weight.name, Tensor::copy_of(this->weight(weight.name)));
  return Draft(model(), all);
}

}  // namespace evenkeel
