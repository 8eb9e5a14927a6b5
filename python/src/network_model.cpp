#include "network_model.h"

#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/measure/training_records.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/train/settings.h"

namespace evenkeel::python {
namespace {

constexpr std::size_t kMostCompiled = 2;  ///< networks that are kept besides the one that trains

std::string text_of(const Settings& settings) {
  std::string text;
  for (const Setting& setting : settings.all()) text += setting.key + '=' + to_string(setting.value) + '\n';
  return text;
}

/// What tells two compiled networks of a model apart.
std::string key_of(const ComputeOptions& compute) {
  return std::to_string(compute.threads) + ' ' + std::string(name_of(compute.precision)) +
         (compute.fuse ? " fused" : "") + (compute.force_precision ? " forced" : "");
}

std::string key_of(const NetworkOptions& options) {
  std::string key = key_of(options.compute) + ' ' + std::to_string(options.seed);
  if (options.loss) {
    key += ' ' + name_of(*options.loss);
    for (const auto& [name, value] : settings_of(*options.loss)) key += ' ' + to_string(value);
  }
  return key;
}

NamedTensors copies_of(const Block& block) {
  NamedTensors tensors;
  for (const auto& entry : block.layout().entries)
    tensors.emplace_back(entry.name, Tensor::copy_of(block.get(entry.name)));
  return tensors;
}

}  // namespace

NetworkModel::NetworkModel(OpenedModel opened, std::filesystem::path folder)
    : training_(opened.file.training),
      notes_(opened.notes),
      record_(opened.record),
      read_as_(opened.read_as),
      slots_(opened.slots),
      folder_(std::move(folder)),
      seed_(network_options(opened.file.training).seed),
      from_seed_(!opened.weights && !opened.tensors) {
  if (from_seed_) {
    weights_ = std::make_unique<Network>(opened.file.model, NetworkOptions{.seed = seed_});
    return;
  }
  LoadedNetwork loaded = load_network(opened, {.seed = seed_});
  weights_ = std::move(loaded.network);
  class_names_ = std::move(loaded.class_names);
}

NetworkModel::NetworkModel(std::unique_ptr<Network> network, Settings training, std::vector<std::string> class_names)
    : weights_(std::move(network)),
      training_(std::move(training)),
      class_names_(std::move(class_names)),
      seed_(network_options(training_).seed) {}

void NetworkModel::share_weights(Network& network) {
  network.store().parameters = weights_->store().parameters;
  network.store().state = weights_->store().state;
}

Network& NetworkModel::network(NetworkOptions options) {
  options.draw_weights = false;
  const std::string key = key_of(options);
  for (auto at = compiled_.begin(); at != compiled_.end(); ++at)
    if (at->key == key) {
      compiled_.splice(compiled_.begin(), compiled_, at);
      return *at->network;
    }
  auto made = std::make_unique<Network>(model(), std::move(options));
  share_weights(*made);
  compiled_.push_front({key, std::move(made)});
  if (compiled_.size() > kMostCompiled) compiled_.pop_back();
  return *compiled_.front().network;
}

Trainer& NetworkModel::trainer(const TrainerOptions& options) {
  const std::string key = key_of(options.compute) + '\n' + text_of(training_settings(options));
  if (trainer_ && key == trainer_key_) return *trainer_;
  auto made = std::make_unique<Trainer>(model(), options);
  share_weights(made->network());
  if (trainer_) {
    // Averages are what the weights were for all others: training goes on from them, as the program's --weights does.
    trainer_->network().swap_averages();
    made->set_optimizer_state(copies_of(trainer_->network().store().slots), trainer_->steps_done());
  } else if (slots_) {
    set_optimizer_state(*made, {.file = file(), .record = record_, .slots = slots_});
    slots_.reset();
  }
  trainer_ = std::move(made);
  trainer_key_ = key;
  return *trainer_;
}

NetworkModel::InTraining::InTraining(NetworkModel& model) : model_(model) {
  if (model.is_trained_now_)
    throw Error{{.where = "fit",
                 .expected = "a model that is not being trained",
                 .received = "one whose training has called this",
                 .hint = "A callback may look at the model, evaluate it, and train a copy: model.copy()."}};
  model.is_trained_now_ = true;
}

std::unique_ptr<AveragedWeights> NetworkModel::averaged() {
  return trainer_ ? std::make_unique<AveragedWeights>(trainer_->network()) : nullptr;
}

Records NetworkModel::records() const {
  Records records;
  if (!folder_.empty() && !trainer_ && formats::exists(folder_ / "run.json"))
    records = training_records(folder_, model());
  if (!records.batch_size) records.batch_size = training_.get<std::int64_t>("batch_size");
  if (!records.weight_decay && (training_.has("optimizer") || training_.has("weight_decay")))
    records.weight_decay = common_options(optimizer_of(training_)).weight_decay;
  if (trainer_ && from_seed_) records.updates = trainer_->steps_done();
  if (record_) records.lost = record_->lost;
  return records;
}

std::unique_ptr<NetworkModel> NetworkModel::clone() {
  auto network = std::make_unique<Network>(model(), NetworkOptions{.seed = seed_, .draw_weights = false});
  const auto averages = averaged();
  for (const WeightInfo& weight : weights_->weights()) network->set_weight(weight.name, weights_->weight(weight.name));
  auto copy = std::make_unique<NetworkModel>(std::move(network), training_, class_names_);
  copy->notes_ = notes_;
  copy->record_ = record_;
  copy->read_as_ = read_as_;
  copy->folder_ = trainer_ ? std::filesystem::path() : folder_;
  return copy;
}

}  // namespace evenkeel::python
