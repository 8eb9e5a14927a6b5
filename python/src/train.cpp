#include "train.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>

#include "evenkeel/diagnose/measure/weight_scan.h"
#include "evenkeel/train/callbacks.h"
#include "evenkeel/train/implied_loss.h"
#include "evenkeel/train/settings.h"
#include "evenkeel/train/training_notes.h"
#include "values.h"
#include "work.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

void put(nb::dict& dict, const Metrics& metrics, const std::string& prefix) {
  dict[(prefix + "loss").c_str()] = metrics.loss;
  if (metrics.accuracy) dict[(prefix + "accuracy").c_str()] = *metrics.accuracy;
}

nb::dict dict_of(const EpochRecord& record) {
  nb::dict dict;
  dict["epoch"] = record.epoch;
  dict["step"] = record.step;
  put(dict, record.train, "");
  if (record.validation) put(dict, *record.validation, "val_");
  dict["learning_rate"] = record.learning_rate;
  dict["seconds"] = record.seconds;
  dict["images_per_s"] = record.images_per_s;
  dict["is_whole"] = record.is_whole;
  return dict;
}

nb::dict dict_of(const History& history) {
  nb::list epochs;
  for (const EpochRecord& record : history.epochs) epochs.append(dict_of(record));
  nb::dict dict;
  dict["epochs"] = epochs;
  dict["stopped"] = history.stopped;
  dict["reason"] = history.reason;
  dict["failed"] = history.failed;
  dict["weights_epoch"] = history.weights_epoch ? nb::cast(*history.weights_epoch) : nb::none();
  return dict;
}

/// What Python is told while the library trains: the methods begin, step and epoch of an object. A text that step or
/// epoch returns ends training, and says why. The objects outlive the training.
class Events {
 public:
  Events(Work& work, const nb::object& events, bool every_step)
      : work_(&work), events_(&events), every_step_(every_step) {}

  void on_begin(const FitBegin& begin) {
    if (events_->is_none()) return;
    begin_ = begin;
    work_->ask([&] {
      events_->attr("begin")(begin.total_steps, begin.steps_per_epoch, begin.epochs, begin.batch_size,
                             begin.first_step);
    });
  }
  void on_step(const StepEnd& step, Trainer& trainer) {
    if (events_->is_none()) return;
    const bool due = work_->due();
    if (!due && !every_step_) return;
    tell(trainer, [&] {
      nb::dict logs;
      put(logs, step.epoch_so_far, "");
      logs["learning_rate"] = step.learning_rate;
      return events_->attr("step")(step.step - begin_.first_step, step.epoch, step.step_in_epoch, logs, due);
    });
  }
  void on_epoch(const EpochRecord& record, Trainer& trainer) {
    if (!events_->is_none()) tell(trainer, [&] { return events_->attr("epoch")(dict_of(record)); });
  }

 private:
  void tell(Trainer& trainer, const std::function<nb::object()>& call) {
    std::string reason;
    work_->ask([&] {
      const nb::object answer = call();
      if (nb::isinstance<nb::str>(answer)) reason = nb::cast<std::string>(answer);
    });
    if (!reason.empty()) trainer.stop(reason);
  }

  Work* work_;
  const nb::object* events_;
  bool every_step_;
  FitBegin begin_;
};

nb::dict fit(NetworkModel& model, const Dataset& data, const std::optional<Dataset>& validation, const nb::dict& values,
             bool shuffle, int threads, const std::string& best, const nb::object& events, bool every_step) {
  require_targets(data);
  if (validation) require_targets(*validation);
  const Settings settings = settings_for(model, values, data);
  History history;
  Work::run(&model.mutex(), [&](Work& work) {
    TrainerOptions options = trainer_options(settings, threads);
    FitOptions fit = fit_options(settings);
    fit.shuffle = shuffle;
    fit.validation = validation ? &*validation : nullptr;
    fit.stop = work.token();
    Trainer& trainer = model.trainer(options);
    trainer.check(data, fit);
    trainer.prepare(data);
    fit.callbacks = callbacks_of(settings, {.has_validation = validation.has_value(), .best = best});
    fit.callbacks.emplace_back(Events(work, events, every_step));
    if (trainer.steps_done() == 0 && !events.is_none()) {
      const std::vector<std::string> warnings = training_warnings(model.model(), options, data, fit);
      if (!warnings.empty()) work.ask([&] { events.attr("warn")(warnings); });
    }
    model.set_training(settings);
    if (!data.class_names().empty()) model.set_class_names(data.class_names());
    history = trainer.fit(data, fit);
  });
  return dict_of(history);
}

Mode mode_named(const std::string& name) {
  if (name == "evaluate") return Mode::evaluate;
  if (name == "train") return Mode::train;
  throw Error{{.where = "mode", .expected = "\"evaluate\" or \"train\"", .received = '"' + name + '"'}};
}

EvaluateOptions evaluate_options(Work& work, const Settings& settings, Mode mode, const nb::object& progress,
                                 const char* what) {
  return {.batch_size = batch_size_of(settings),
          .mode = mode,
          .progress = [&work, &progress, what](std::int64_t done, std::int64_t of) {
            show(work, progress, done, of, what);
          }};
}

nb::dict dict_of(Evaluation evaluation) {
  nb::dict dict;
  dict["loss"] = evaluation.metrics.loss;
  dict["accuracy"] = evaluation.metrics.accuracy ? nb::cast(*evaluation.metrics.accuracy) : nb::none();
  dict["samples"] = evaluation.metrics.samples;
  const auto classes = std::ssize(evaluation.per_class);
  Tensor samples({classes}, DType::int64), accuracy({classes}, DType::float64);
  for (std::int64_t i = 0; i < classes; ++i) {
    samples.as<std::int64_t>()[i] = evaluation.per_class[static_cast<std::size_t>(i)].samples;
    accuracy.as<double>()[i] = evaluation.per_class[static_cast<std::size_t>(i)].accuracy;
  }
  dict["class_samples"] = array_of(std::move(samples));
  dict["class_accuracy"] = array_of(std::move(accuracy));
  dict["confusion"] = classes > 0 ? array_of(std::move(evaluation.confusion)) : nb::none();
  return dict;
}

nb::dict evaluate_model(NetworkModel& model, const Dataset& data, const nb::dict& values, const std::string& mode,
                        int threads, const nb::object& progress) {
  const Mode chosen = mode_named(mode);
  require_targets(data);
  const Settings settings = settings_for(model, values, data);
  loss_of(settings);
  Evaluation evaluation;
  Work::run(&model.mutex(), [&](Work& work) {
    Network& network = model.network(options_of(model, settings, threads));
    const auto averages = model.averaged();
    evaluation = evaluate(network, data, evaluate_options(work, settings, chosen, progress, "evaluating"));
  });
  return dict_of(std::move(evaluation));
}

nb::dict predict_model(NetworkModel& model, const Dataset& data, const nb::dict& values, const std::string& mode,
                       int threads, const nb::object& progress) {
  const Mode chosen = mode_named(mode);
  const Settings settings = settings_for(model, values, data);
  Predictions predictions;
  Work::run(&model.mutex(), [&](Work& work) {
    Network& network = model.network(options_of(model, settings, threads));
    const auto averages = model.averaged();
    predictions = predict(network, data, evaluate_options(work, settings, chosen, progress, "predicting"));
  });
  nb::dict others;
  for (auto& [name, tensor] : predictions.others) others[name.c_str()] = array_of(std::move(tensor));
  nb::dict dict;
  dict["outputs"] = array_of(std::move(predictions.outputs));
  dict["scores"] = array_of(std::move(predictions.scores));
  dict["classes"] = array_of(std::move(predictions.classes));
  dict["others"] = others;
  return dict;
}

}  // namespace

void require_targets(const Dataset& data) {
  if (!data.has_targets())
    throw Error{{.where = data.name(),
                 .expected = "labels or targets (y)",
                 .received = "samples alone",
                 .hint = "Give them as y, or as a pair (x, y)."}};
}

Settings settings_for(const NetworkModel& model, const nb::dict& values, const Dataset& data) {
  Settings given = settings_of(values);
  // Which cross-entropy it is, the outputs and the targets say.
  if (const auto loss = given.find("loss"); loss && loss->value == FieldValue(std::string("cross_entropy"))) {
    const ImpliedLoss implied = implied_loss(model.model(), data);
    given.set({.key = "loss",
               .value = implied.name == "mse" ? std::string("sparse_categorical_crossentropy") : implied.name});
  }
  Settings settings = overridden(model.training(), given);
  if (!settings.has("loss") && data.has_targets())
    settings.set({.key = "loss", .value = implied_loss(model.model(), data).name});
  if (!settings.has("seed") && model.seed() > 0)
    settings.set({.key = "seed", .value = static_cast<std::int64_t>(model.seed())});
  return training_keys().checked(settings);
}

NetworkOptions options_of(const NetworkModel& model, const Settings& settings, int threads) {
  NetworkOptions options = network_options(settings);
  options.compute.threads = threads;
  options.seed = model.seed();
  return options;
}

void bind_train(nb::module_& m) {
  m.def("fit", &fit, nb::arg("model"), nb::arg("data"), nb::arg("validation").none(), nb::arg("settings"),
        nb::arg("shuffle"), nb::arg("threads"), nb::arg("best"), nb::arg("events").none(), nb::arg("every_step"));
  m.def("evaluate", &evaluate_model, nb::arg("model"), nb::arg("data"), nb::arg("settings"), nb::arg("mode"),
        nb::arg("threads"), nb::arg("progress").none());
  m.def("predict", &predict_model, nb::arg("model"), nb::arg("data"), nb::arg("settings"), nb::arg("mode"),
        nb::arg("threads"), nb::arg("progress").none());
}

}  // namespace evenkeel::python
