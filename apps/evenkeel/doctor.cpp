#include "commands.h"
#include "common.h"
#include "doctor_text.h"
#include "evenkeel/base/cpu.h"
#include "evenkeel/base/version.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/expectation.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/report/doctor_page.h"
#include "evenkeel/report/html.h"
#include "evenkeel/report/training_records.h"
#include "evenkeel/train/run_folder.h"
#include "evenkeel/train/settings.h"

namespace evenkeel::app {
namespace {

struct DoctorArguments {
  Shared shared;
  TrainingSettings settings;
  std::string model, weights, data, train_data, validation, run, html, expect;
  std::int64_t samples = 2048;
  bool strict = false;
};

/// A folder of a run is its own record, unless another one is named.
Records records_of(const DoctorArguments& a, const Model& model) {
  Records records;
  if (!a.run.empty())
    records = training_records(a.run, model);
  else if (std::filesystem::is_directory(a.model))
    records = training_records(a.model, model);
  if (a.settings.batch_size) records.batch_size = a.settings.batch_size;
  if (!a.weights.empty()) records.raw_weights = raw_weights_of(a.weights);
  return records;
}

/// --expect: what another program got, outputs or scores, against what this network yields for all of the data.
std::optional<Expectation> expectation_of(const DoctorArguments& a, Network& network, const Subject& subject) {
  if (a.expect.empty()) return {};
  const auto arrays = formats::read_npz(a.expect, {"outputs", "scores"});
  if (arrays.empty())
    throw Error{{.where = a.expect, .expected = "an array \"outputs\" or \"scores\" [N, K]", .received = "neither"}};
  std::vector<std::int64_t> batch_sizes;
  if (subject.records.batch_size) batch_sizes.push_back(*subject.records.batch_size);
  return explain_difference(network, subject.data, arrays.begin()->second, batch_sizes);
}

Subject subject_of(const DoctorArguments& a, const Model& model) {
  // --validation is what evaluation is about where it is given; --data is then what the network was trained on.
  const bool has_validation = !a.validation.empty();
  const std::string train = !a.train_data.empty() ? a.train_data : has_validation ? a.data : std::string();
  Subject subject{.data = load_data(a.shared, model, has_validation ? a.validation : a.data, Split::test)};
  if (!train.empty()) subject.train_data = load_data(a.shared, model, train, Split::train);
  subject.records = records_of(a, model);
  subject.samples = a.samples;
  return subject;
}

Report page_of(const DoctorArguments& a, const Network& network, const Diagnosis& diagnosis, const DoctorWords& words) {
  Report page = doctor_page(diagnosis, network.model(), [&](const Finding& f) { return remedy_command(f, words); });
  page.provenance = {{"model", a.model},
                     {"weights", a.weights.empty() ? "the model's" : a.weights},
                     {"data", a.data},
                     {"version", std::string("Evenkeel ") + kVersion},
                     {"machine", Machine::here().cpu + " (" + Machine::here().features() + ')'},
                     {"samples", std::to_string(diagnosis.samples)}};
  return page;
}

int run_doctor(const DoctorArguments& a) {
  if (!a.html.empty()) check_ending("--html", a.html, {".html"});
  const TrainedModel model = open_trained(a.model, a.weights);
  const TrainingSettings settings = overridden(model.file.training, a.settings);
  NetworkOptions options = network_options(a.shared, settings);
  const TrainerOptions trainer = trainer_options(settings, a.shared.threads);
  options.loss = trainer.loss;
  options.seed = trainer.seed;
  Subject subject = subject_of(a, model.file.model);
  const LoadedNetwork loaded = load_network(model, options);
  const std::optional<Expectation> expectation = expectation_of(a, *loaded.network, subject);
  const Diagnosis diagnosis = diagnose(*loaded.network, std::move(subject));
  const DoctorWords words{a.model, a.weights, a.train_data.empty() ? a.data : a.train_data};
  if (!a.html.empty()) {
    const Report page = page_of(a, *loaded.network, diagnosis, words);
    formats::write_file_atomically(a.html, html(page));
    say(a.shared, "the page is {}", a.html);
  }
  if (a.shared.json)
    print_json(json_of(diagnosis, words, expectation));
  else
    fmt::print("{}", text_of(diagnosis, words, expectation));
  const bool well = diagnosis.worst().value_or(Severity::info) < Severity::warning;
  return a.strict && !(well && (!expectation || expectation->equal)) ? kCheckFailed : kDone;
}

}  // namespace

void add_doctor(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<DoctorArguments>();
  CLI::App& command = add_command(
      app, "doctor", "Says why a network behaves in evaluation as it does: layer, cause, evidence, cost, remedy.",
      "  evenkeel doctor runs/lenet --data mnist:test --train-data mnist:train\n"
      "  evenkeel doctor model.toml --weights w.safetensors --data images.npz --strict --json");
  add_model(command, a->model);
  add_data_flag(command, a->data, true);
  command.add_option("--train-data", a->train_data, "what it was trained on: statistics are judged by it")
      ->option_text("SPEC");
  command.add_option("--validation", a->validation, "what evaluation is about; --data is then the training data")
      ->option_text("SPEC");
  add_weights_flag(command, a->weights);
  command.add_option("--run", a->run, "the run folder that the weights come from; default: MODEL, if it is one")
      ->option_text("DIR");
  command.add_option("--samples", a->samples, "samples of each set to look at; 0: all; default 2048")
      ->option_text("N")
      ->check(at_least(0));
  add_setting(command, a->settings, "loss", "L");
  add_setting(command, a->settings, "batch_size", "N");
  command.add_option("--html", a->html, "write it as a page, with pictures")->option_text("FILE.html");
  command
      .add_option(
          "--expect", a->expect,
          "an .npz with the outputs or scores that another program got from these weights for --data, in order: "
          "says whether they are equal, and if not, why")
      ->option_text("FILE");
  command.add_flag("--strict", a->strict,
                   "exit code 1 if there is an error or a warning, or if --expect is not what the network yields");
  add_image_flags(command, a->shared);
  add_computing_flags(command, a->shared, a->settings);
  command.callback([a, &chosen] { chosen = [a] { return run_doctor(*a); }; });
}

}  // namespace evenkeel::app
