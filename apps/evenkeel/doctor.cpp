#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <variant>

#include "commands.h"
#include "common.h"
#include "evenkeel/base/cpu.h"
#include "evenkeel/base/shell.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/version.h"
#include "evenkeel/data/class_names.h"
#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/diagnose/expectation.h"
#include "evenkeel/diagnose/measure/training_records.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/report/doctor/json.h"
#include "evenkeel/report/doctor/page.h"
#include "evenkeel/report/doctor/text.h"
#include "evenkeel/report/writers/html.h"
#include "evenkeel/runs/import_folder.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/train/settings.h"
#include "expected_outputs.h"
#include "processes.h"
#include "progress.h"
#include "terminal.h"

namespace evenkeel::app {
namespace {

struct DoctorArguments {
  Shared shared;
  Settings settings;
  std::string model, weights, data, train_data, validation, run, html, expect;
  std::int64_t samples = Subject().samples;
  std::uint64_t memory = static_cast<std::uint64_t>(Subject().memory_bytes);
  bool strict = false, verbose = false;
};

/// The folder of the run that the weights come from; empty where none is known.
std::string run_folder_of(const DoctorArguments& a) {
  return a.run.empty() && formats::exists(std::filesystem::path(a.model) / "run.json") ? a.model : a.run;
}

/// What is known of training: the run's record, and where that is silent the model file. A flag is before both.
Records records_of(const DoctorArguments& a, const Model& model, const Settings& settings) {
  // What led to a folder's own weights did not lead to others.
  const std::string run = a.weights.empty() ? run_folder_of(a) : a.run;
  Records records = run.empty() ? Records() : training_records(run, model);
  if (!records.batch_size || a.settings.has("batch_size"))
    records.batch_size = settings.get<std::int64_t>("batch_size");
  if (!records.weight_decay && (settings.has("optimizer") || settings.has("weight_decay")))
    records.weight_decay = common_options(optimizer_of(settings)).weight_decay;
  if (!a.weights.empty()) records.raw_weights = raw_weights_of(a.weights);
  return records;
}

/// What is looked at.
struct Sets {
  Dataset evaluated;
  std::string evaluated_spec;
  std::optional<Dataset> trained = {};  ///< nothing where only the evaluated one is known
  std::string trained_spec = {};
  ReadAs read_as = {};  ///< as the network's own data were
};

/// A bare name means one split here and another one to other commands: with its split it means the same everywhere.
std::string spelled_out(const std::string& spec, const Dataset& data) {
  const std::string name = spec.substr(0, spec.find_first_of(":["));
  const bool named = std::ranges::any_of(named_sources(), [&](const auto& s) { return same_name(s.name, name); });
  return named || name.ends_with(".npz") ? data.name() : spec;
}

/// What the samples of one of two sets may take that are drawn from a stream.
std::int64_t memory_of_set(const DoctorArguments& a) { return static_cast<std::int64_t>(a.memory / 2); }

/// The training data of the run's record, where they can still be had, are the same, and are others than the evaluated.
void add_recorded(const DoctorArguments& a, const Model& model, Sets& sets) {
  const std::string folder = run_folder_of(a);
  if (folder.empty()) return;
  try {
    const RunDescription run = read_run(folder).description;
    if (run.data_fingerprint.empty() || run.data_fingerprint == sets.evaluated.fingerprint()) return;
    Shared shared = a.shared;
    shared.resize = run.resize;
    shared.resize_side = run.resize_side;
    shared.crop = run.crop;
    shared.skip_bad_images = run.skip_bad_images;
    shared.strict_colour = run.strict_colour;
    shared.stream |= run.stream;
    Dataset data =
        load_data(shared, model, run.data, Split::train, {.read_as = read_as(run, import_record_in(folder))});
    if (data.fingerprint() != run.data_fingerprint)
      throw Error{{.where = run.data, .received = "a fingerprint other than the one in run.json"}};
    sets.trained_spec = run.data;
    sets.trained = drawn_from_stream(a.shared, data, a.samples, memory_of_set(a));
  } catch (const Error& error) {
    say(a.shared, "without training data: those of {} are not available ({}); name them with --train-data", folder,
        error.what());
  }
}

/// --validation is what evaluation is about where it is given; --data is then what the network was trained on.
Sets sets_of(const DoctorArguments& a, const OpenedModel& opened) {
  const Model& model = opened.file.model;
  const DataNeeds needs{.read_as = opened.read_as};
  if (!a.train_data.empty() && !a.validation.empty() && a.expect.empty())
    say(a.shared, "--data is not used: --train-data and --validation replace it, except for --expect");
  const std::string evaluated = a.validation.empty() ? a.data : a.validation;
  const std::string trained = a.train_data.empty() && !a.validation.empty() ? a.data : a.train_data;
  // --expect compares all samples.
  const std::int64_t samples = a.expect.empty() ? a.samples : 0;
  const auto load = [&](const std::string& spec, Split split) {
    return drawn_from_stream(a.shared, load_data(a.shared, model, spec, split, needs), samples, memory_of_set(a));
  };
  Sets sets{.evaluated = load(evaluated, Split::test), .evaluated_spec = evaluated, .read_as = opened.read_as};
  sets.evaluated_spec = spelled_out(evaluated, sets.evaluated);
  if (trained.empty()) {
    add_recorded(a, model, sets);
  } else {
    sets.trained = load(trained, Split::train);
    sets.trained_spec = spelled_out(trained, *sets.trained);
  }
  return sets;
}

/// Both sets in the classes of the weights; where those have no names, in those of the training data.
void name_classes(const DoctorArguments& a, const LoadedNetwork& loaded, Sets& sets) {
  sets.evaluated = in_classes_of(a.shared, loaded, sets.evaluated);
  if (!sets.trained) return;
  sets.trained = in_classes_of(a.shared, loaded, *sets.trained);
  if (loaded.class_names.empty())
    sets.evaluated = with_classes(sets.evaluated, sets.trained->class_names(), "the training data");
}

/// The images of a set as other programs resize them; nothing if none was resized.
std::vector<OtherData> resized_otherwise(const DoctorArguments& a, const Model& model, const Dataset& data,
                                         const ReadAs& read_as) {
  std::vector<OtherData> others;
  if (!data.reading() || data.reading()->resized == 0) return others;
  Shared quiet = a.shared;
  quiet.quiet = true;
  quiet.stream = false;
  const auto add = [&](const std::string& says, const Shared& shared) {
    others.push_back({.says = says, .load = [=, &model, spec = a.data] {
                        return load_data(shared, model, spec, Split::test, {.read_as = read_as});
                      }});
  };
  Shared whole = quiet, middle = quiet;
  whole.resize = true;
  whole.resize_side = whole.crop = middle.crop = 0;
  middle.resize = false;
  middle.resize_side = (std::min(model.input_shape()[0], model.input_shape()[1]) * 256 + 112) / 224;
  add("their images were resized as a whole, without a crop", whole);
  if (model.input_shape()[0] == model.input_shape()[1])
    add(fmt::format("their images were resized to a shorter side of {} and cropped to the middle", middle.resize_side),
        middle);
  for (const ResizeMethod method : kOtherResizeMethods)
    others.push_back({.says = "their images were resized " + text_of(method), .load = [=, &model, spec = a.data] {
                        return load_data(quiet, model, spec, Split::test,
                                         {.read_as = read_as, .resize_method = method});
                      }});
  return others;
}

/// --expect: what another program got, outputs or scores, against what this network yields for all of --data.
std::optional<Expectation> expectation_of(const DoctorArguments& a, Network& network, const Sets& sets,
                                          const std::optional<std::int64_t>& batch_size,
                                          const std::optional<interchange::Record>& record) {
  if (a.expect.empty() || !is_first_process()) return {};
  const Tensor expected = expected_outputs(a.expect, network.model(), record);
  std::vector<std::int64_t> batch_sizes;
  if (batch_size) batch_sizes.push_back(*batch_size);
  const Dataset data =
      a.validation.empty() ? sets.evaluated
      : a.train_data.empty()
          ? *sets.trained
          : drawn_from_stream(a.shared,
                              load_data(a.shared, network.model(), a.data, Split::test, {.read_as = sets.read_as}), 0,
                              memory_of_set(a));
  return explain_difference(network, data, expected, batch_sizes,
                            resized_otherwise(a, network.model(), data, sets.read_as));
}

/// What a remedy's command must say to mean the same network and data.
DoctorWords words_of(const DoctorArguments& a, const Sets& sets, const OpenedModel& opened) {
  DoctorWords words{.model = a.model, .weights = a.weights, .data = sets.evaluated_spec, .validation = {}, .flags = {}};
  if (sets.trained) {
    words.data = sets.trained_spec;
    words.validation = sets.evaluated_spec;
  }
  words.flags = shell_flag("--loss", a.settings.get<std::string>("loss").value_or("")) +
                shell_flag("--data-dir", a.shared.data_dir);
  if (a.shared.resize) words.flags += " --resize";
  if (a.shared.skip_bad_images) words.flags += " --skip-bad-images";
  if (a.shared.stream) words.flags += " --stream";
  if (a.shared.resize_side > 0) words.flags += " --resize " + std::to_string(a.shared.resize_side);
  if (a.shared.crop > 0) words.flags += " --crop " + std::to_string(a.shared.crop);
  words.flags += shell_flag("--preprocess", a.shared.preprocess);
  if (!a.shared.input_shape.empty())
    words.flags += " --input-shape " + fmt::format("{}", fmt::join(a.shared.input_shape, ","));
  words.flags += shell_flag("--weights-format", a.shared.weights_format);
  words.flags += shell_flag("--labels", a.shared.labels);
  if (a.shared.channels_first) words.flags += " --channels-first";
  if (a.shared.strict_colour) words.flags += " --color strict";
  if (interchange::is_foreign(a.model) && a.weights.empty())
    words.repaired = "repaired" + std::filesystem::path(a.model).extension().string();
  words.record = opened.record;
  words.has_noise = std::ranges::any_of(opened.file.model.nodes(),
                                        [](const auto& node) { return node.layer.traits().noise.has_value(); });
  return words;
}

void print_as_json(const DoctorDescription& described, const Sets& sets) {
  Json json = formats::parse_json(doctor_json(described), "doctor");
  if (sets.evaluated.reading()) json["reading"]["data"] = reading_of(sets.evaluated);
  if (sets.trained && sets.trained->reading()) json["reading"]["train_data"] = reading_of(*sets.trained);
  print_json(json);
}

Report page_of(const DoctorArguments& a, const Sets& sets, const Network& network, const DoctorDescription& described) {
  Report page = doctor_page(described, network.model());
  page.provenance = {{"model", a.model},
                     {"weights", a.weights.empty() ? "the model's" : a.weights},
                     {"data", a.data},
                     {"training data", sets.trained ? sets.trained_spec : "not known"},
                     {"validation data", a.validation.empty() ? "the data" : a.validation},
                     {"version", std::string("Evenkeel ") + kVersion},
                     {"machine", Machine::here().cpu + " (" + Machine::here().features() + ')'},
                     {"samples", std::to_string(described.samples)}};
  return page;
}

std::string answer_text(const DoctorArguments& a, const DoctorDescription& described) {
  const TerminalStyle style = terminal_style(stdout);
  return a.verbose ? doctor_details(described, style) : doctor_text(described, style);
}

/// --expect with data that have no labels: the outputs can be compared, and nothing else be checked.
int compare_only(const DoctorArguments& a, const OpenedModel& model, const Sets& sets) {
  if (!a.html.empty())
    throw Error{{.where = "--html", .expected = "labels or targets (y) in the data", .received = "none"}};
  if (!is_first_process()) return kDone;
  const Settings settings = overridden(model.file.training, a.settings);
  const LoadedNetwork loaded = load_network(model, network_options(a.shared, settings));
  const std::string why = "the data have no labels or targets";
  const Expectation expectation =
      *expectation_of(a, *loaded.network, sets, settings.get<std::int64_t>("batch_size"), model.record);
  if (a.shared.json)
    print_json(formats::parse_json(expectation_json(expectation, why), "doctor"));
  else
    print_text(expectation_text(expectation) + "Nothing else was checked: " + why + ".\n");
  return a.strict && !expectation.equal ? kCheckFailed : kDone;
}

/// What must be the same in all processes is looked at before they begin together.
void begin_diagnosis(const Network& network, const Sets& sets) {
  network.check(sets.evaluated, true);
  if (sets.trained) network.check(*sets.trained, true);
  agree_on({{"samples", sets.evaluated.fingerprint()},
            {"training samples", sets.trained ? sets.trained->fingerprint() : "none"},
            {"weights", weights_digest(network)}});
  begin_together();
}

int run_doctor(const DoctorArguments& a) {
  if (!a.html.empty()) check_ending("--html", a.html, {".html"});
  const OpenedModel model = open_trained(a.shared, a.model, a.weights);
  if (!model.record && a.expect.empty()) loss_of(overridden(model.file.training, a.settings));  // there must be one
  Sets sets = sets_of(a, model);
  if (!a.expect.empty() && !sets.evaluated.has_targets()) return compare_only(a, model, sets);
  const Settings settings = settings_for(a.shared, model, a.settings, sets.evaluated);
  loss_of(settings);
  const NetworkOptions options = network_options(a.shared, settings);
  const LoadedNetwork loaded = load_network(model, options);
  name_classes(a, loaded, sets);
  Subject subject{.data = sets.evaluated,
                  .train_data = sets.trained,
                  .records = records_of(a, model.file.model, settings),
                  .samples = a.samples,
                  .memory_bytes = static_cast<std::int64_t>(a.memory),
                  .among = among()};
  if (model.record) subject.records.lost = model.record->lost;
  if (const std::string effort = effort_text(model.file.model, a.samples,
                                             std::max(sets.evaluated.size(), sets.trained ? sets.trained->size() : 0));
      !effort.empty())
    say(a.shared, "{}", effort);
  begin_diagnosis(*loaded.network, sets);
  const std::optional<Expectation> expectation =
      expectation_of(a, *loaded.network, sets, subject.records.batch_size, model.record);
  const Diagnosis diagnosis = diagnose(*loaded.network, std::move(subject), diagnosis_progress(a.shared.quiet));
  if (!is_first_process()) return kDone;
  const DoctorDescription described = describe(diagnosis, words_of(a, sets, model), expectation);
  if (!a.html.empty()) {
    const Report page = page_of(a, sets, *loaded.network, described);
    formats::write_file_atomically(a.html, html(page));
    say(a.shared, "the page is {}", a.html);
  }
  if (a.shared.json)
    print_as_json(described, sets);
  else
    print_text(answer_text(a, described));
  const bool well = diagnosis.worst().value_or(Severity::info) < Severity::warning;
  return a.strict && !(well && (!expectation || expectation->equal)) ? kCheckFailed : kDone;
}

}  // namespace

void add_doctor(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<DoctorArguments>();
  CLI::App& command = add_command(
      app, "doctor", "Explains why a network behaves in evaluation as it does: layer, cause, evidence, cost, remedy.",
      "  evenkeel doctor runs/lenet --data mnist:test --train-data mnist:train\n"
      "  evenkeel doctor model.toml --weights w.safetensors --data images.npz --strict --json\n"
      "  evenkeel doctor resnet50.onnx --data photos/ --preprocess imagenet --html resnet50.html");
  add_model(command, a->model);
  add_data_flag(command, a->data, true);
  command
      .add_option("--train-data", a->train_data,
                  "the data it was trained on, to compare statistics with; default: what the run's record names")
      ->option_text("SPEC");
  command.add_option("--validation", a->validation, "the data to evaluate on; --data is then the training data")
      ->option_text("SPEC");
  add_weights_flag(command, a->shared, a->weights);
  add_model_flags(command, a->shared);
  command
      .add_option("--run", a->run, "the run folder that the weights come from; default: MODEL, if it is a run folder")
      ->option_text("DIR");
  command.add_option("--samples", a->samples, "samples of each set to look at; 0: all; default 2048")
      ->option_text("N")
      ->check(at_least(0));
  command
      .add_option(
          "--memory", a->memory,
          "memory for what is measured, besides the data and the weights: values kept between layers; half of "
          "it for those of a batch; with --stream, half of it for each set's samples, and so much again for reading; "
          "default 1G")
      ->option_text("SIZE")
      ->transform(CLI::AsSizeValue(false));
  add_setting(command, a->settings, "loss", "L");
  add_setting(command, a->settings, "batch_size", "N");
  command.add_option("--html", a->html, "write the diagnosis as an HTML page with charts")->option_text("FILE.html");
  command
      .add_option(
          "--expect", a->expect,
          "an .npz with the outputs or scores that another program got from these weights for --data, in order and in "
          "its own layout: says whether they are equal, and if not, why")
      ->option_text("FILE");
  command.add_flag("--strict", a->strict,
                   "exit code 1 if there is an error or a warning, or if --expect is not what the network yields");
  command.add_flag("--verbose", a->verbose,
                   "all that was measured: evidence, remedies as code, the layers, what was checked");
  add_image_flags(command, a->shared);
  add_computing_flags(command, a->shared, a->settings);
  command.callback([a, &chosen] {
    a->shared.memory = static_cast<std::int64_t>(a->memory);
    chosen = [a] { return run_doctor(*a); };
  });
}

}  // namespace evenkeel::app
