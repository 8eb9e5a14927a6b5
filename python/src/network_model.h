#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/evidence.h"
#include "evenkeel/runs/open_model.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel::python {

/// A model as Python holds it: its description, its settings, and one set of weights, which all networks that are
/// compiled from it share: for other losses and precisions, and to train. So an array over a weight stays valid.
class NetworkModel {
 public:
  /// With the weights of the model that was opened, or, where it has none, weights drawn from its seed. `folder`: of
  /// the run that it was opened from; empty: none. Runs OpenMP, so call it on a worker.
  explicit NetworkModel(OpenedModel opened, std::filesystem::path folder = {});
  explicit NetworkModel(std::unique_ptr<Network> network, Settings training, std::vector<std::string> class_names);

  /// What computing locks. Held by a thread of Python, never by a worker.
  std::recursive_mutex& mutex() { return mutex_; }

  const Model& model() const { return weights_->model(); }
  ModelFile file() const { return {.model = model(), .training = training_}; }
  const Settings& training() const { return training_; }
  void set_training(Settings settings) { training_ = std::move(settings); }
  const std::vector<std::string>& class_names() const { return class_names_; }
  void set_class_names(std::vector<std::string> names) { class_names_ = std::move(names); }
  const std::vector<std::string>& notes() const { return notes_; }
  const std::optional<interchange::Record>& record() const { return record_; }
  const ReadAs& read_as() const { return read_as_; }
  std::uint64_t seed() const { return seed_; }
  std::uint64_t steps_done() const { return trainer_ ? trainer_->steps_done() : 0; }

  /// The network that owns the weights. It has no loss.
  Network& weights() { return *weights_; }
  /// One with this loss and so on, over the same weights. Its reference is valid until the next call.
  Network& network(NetworkOptions options);
  /// The trainer with these options, over the same weights. It is kept as long as the options are the same; one with
  /// others goes on from its optimizer's state, if that fits.
  Trainer& trainer(const TrainerOptions& options);
  /// Held while the trainer is in use, so that no callback puts another one in its place.
  class InTraining {
   public:
    /// Throws Error if the model is being trained.
    explicit InTraining(NetworkModel& model);
    ~InTraining() { model_.is_trained_now_ = false; }
    InTraining(const InTraining&) = delete;
    InTraining& operator=(const InTraining&) = delete;

   private:
    NetworkModel& model_;
  };
  Trainer* current_trainer() { return trainer_.get(); }

  /// Puts averages of the weights in their place while it lives, if the optimizer keeps some.
  std::unique_ptr<AveragedWeights> averaged();

  /// What is known of how the weights were trained.
  Records records() const;

  /// Another model with copies of everything but the optimizer's state.
  std::unique_ptr<NetworkModel> clone();

 private:
  struct Compiled {
    std::string key;
    std::unique_ptr<Network> network;
  };
  void share_weights(Network& network);

  std::recursive_mutex mutex_;
  std::unique_ptr<Network> weights_;
  Settings training_;
  std::vector<std::string> class_names_, notes_;
  std::optional<interchange::Record> record_;
  ReadAs read_as_;
  TensorsInMemory slots_;
  std::filesystem::path folder_;
  std::uint64_t seed_ = 0;
  bool from_seed_ = false;  ///< the weights began with what the seed draws
  std::list<Compiled> compiled_;
  std::unique_ptr<Trainer> trainer_;
  std::string trainer_key_;
  bool is_trained_now_ = false;
};

}  // namespace evenkeel::python
