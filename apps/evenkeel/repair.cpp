#include "evenkeel/diagnose/repair.h"

#include <algorithm>
#include <map>
#include <optional>

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/base/shell.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/repairs/methods.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/formats/safetensors.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/runs/import_folder.h"
#include "evenkeel/train/settings.h"
#include "progress.h"

namespace evenkeel::app {
namespace {

namespace fs = std::filesystem;

struct RepairArguments {
  Shared shared;
  Settings settings;
  std::string model, data, validation, weights, fix, out;
  std::uint64_t memory = static_cast<std::uint64_t>(RepairOptions().memory_bytes);
  std::int64_t then_train = 0;
  bool keep = false;
};

/// The new model's file, beside the weights.
fs::path model_beside(const RepairArguments& a) { return fs::path(a.out).replace_extension(".toml"); }

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code none;
  return fs::equivalent(a, b, none);
}

/// In the metadata of a file that this command wrote: the methods.
constexpr const char* kRepairKey = "repair";

/// The metadata of what an earlier repair wrote to --out; empty where no file is there.
std::map<std::string, std::string> earlier_repair(const std::string& out) {
  if (!formats::exists(out)) return {};
  std::map<std::string, std::string> metadata;
  try {
    metadata = formats::read_safetensors(out).metadata;
  } catch (const Error& error) {
    if (error.kind() == Error::environment) throw;
    // Not weights: not a repair's either.
  }
  if (!metadata.contains(kRepairKey))
    throw Error{{.where = "--out",
                 .expected = "a new file, or one that `evenkeel repair` wrote",
                 .received = out + ", which exists and is another",
                 .hint = "Choose another --out, or remove the file."}};
  return metadata;
}

/// Whether the model file beside --out is the one that an earlier repair wrote there.
bool beside_is_its_own(const RepairArguments& a) {
  const auto earlier = earlier_repair(a.out);
  const auto written = earlier.find("model");
  const fs::path beside = model_beside(a);
  return written != earlier.end() && formats::exists(beside) && !is_same_file(beside, a.model) &&
         std::ranges::equal(formats::read_file(beside), formats::view_of(written->second));
}

bool may_write_a_model(const RepairArguments& a, const std::vector<const RepairMethod*>& methods) {
  return std::ranges::any_of(methods, [&](const RepairMethod* method) {
    return method->changes_architecture && (method->kind != RepairKind::training || a.then_train > 0);
  });
}

/// Whether the mended network is to be a file of another program.
bool writes_foreign(const RepairArguments& a) { return interchange::is_foreign(a.out); }

/// What to do where the original file cannot hold the repaired network.
std::string export_instead(const RepairArguments& a, bool other_model) {
  const std::string weights = fs::path(a.out).replace_extension(".safetensors").string();
  // A .h5 file of Keras becomes a .keras file.
  const std::string file = a.out.ends_with(".onnx") ? a.out : fs::path(a.out).replace_extension(".keras").string();
  const std::string model = other_model ? fs::path(a.out).replace_extension(".toml").string() : a.model;
  return "Repair into --out " + shell_quoted(weights) + ". Then `evenkeel export " + shell_quoted(model) +
         shell_flag("--weights", weights) + shell_flag("--out", file) + "` writes a new file.";
}

/// The file is written from the one that the network came from, which must be of that kind and still there.
void check_foreign_out(const RepairArguments& a, const OpenedModel& model,
                       const std::vector<const RepairMethod*>& methods) {
  if (!model.record)
    throw Error{{.where = "--out",
                 .expected = "a file that ends in .safetensors",
                 .received = a.out + ", which needs the file that the network came from",
                 .hint = export_instead(a, false)}};
  const fs::path original = original_file(*model.record);
  const std::string ending = original.extension().string();
  if (!same_name(fs::path(a.out).extension().string(), ending))
    throw Error{{.where = "--out",
                 .expected = "a file of the kind that the network came from, " + ending + ", or .safetensors",
                 .received = a.out,
                 .hint = export_instead(a, false)}};
  if (is_same_file(a.out, original) || formats::exists(a.out))
    throw Error{{.where = "--out",
                 .expected = "the name of a new file",
                 .received = a.out + ", which exists",
                 .hint = "A repair is never made in place. Choose another --out, or remove the file."}};
  formats::AtomicFile probe(a.out);  // says that it cannot be written
  if (may_write_a_model(a, methods))
    throw Error{{.kind = Error::unsupported,
                 .where = "--out " + a.out,
                 .expected = "a repair that keeps the layers and their attributes",
                 .received = methods.front()->name + ", which changes them",
                 .hint = export_instead(a, true)}};
}

/// Before the work begins: nothing that the command reads is written over, and nothing that no repair wrote.
void check_out(const RepairArguments& a, const OpenedModel& model, const std::vector<const RepairMethod*>& methods) {
  if (writes_foreign(a)) return check_foreign_out(a, model, methods);
  check_ending("--out", a.out, {".safetensors"});
  if (is_same_file(a.out, *model.weights))
    throw Error{{.where = "--out",
                 .expected = "another file than the weights that are to be repaired",
                 .received = a.out,
                 .hint = "A repair is never made in place."}};
  earlier_repair(a.out);
  formats::AtomicFile probe(a.out);  // says that it cannot be written
  const fs::path beside = model_beside(a);
  if (may_write_a_model(a, methods) && formats::exists(beside) && !beside_is_its_own(a))
    throw Error{{.where = "--out",
                 .expected = "a name beside which the new model can be written",
                 .received = beside.string() + ", which exists",
                 .hint = "Choose another --out."}};
}

/// Writes the mended tensors into a copy of the file that the network came from. Returns the files.
std::vector<std::string> write_foreign(const RepairArguments& a, const OpenedModel& model, const Repaired& repaired) {
  if (repaired.architecture_changed)
    throw Error{{.kind = Error::unsupported,
                 .where = "--out " + a.out,
                 .expected = "a repair that keeps the layers and their attributes",
                 .received = join(repaired.methods) + ", which changed them",
                 .hint = export_instead(a, true)}};
  const fs::path original = original_file(*model.record);
  const auto rewrite = model.record->format == "onnx" ? interchange::rewrite_onnx : interchange::rewrite_keras;
  std::vector<std::string> changed;
  try {
    changed = rewrite(original, *model.record, tensors_of(*repaired.network), a.out);
  } catch (const Error& error) {  // layers that share a tensor, numbers that the file has in another form
    if (error.kind() != Error::unsupported) throw;
    Error::Parts parts = error.parts();
    parts.hint = export_instead(a, false);
    throw Error(parts);
  }
  say(a.shared, "{} tensors of {} are replaced in {}", changed.size(), original.string(), a.out);
  return {a.out};
}

/// Writes what was mended, and the model beside it where that is another one. Returns the files.
std::vector<std::string> write(const RepairArguments& a, ModelFile file, const LoadedNetwork& loaded,
                               const Repaired& repaired) {
  file.model = repaired.network->model();
  const std::string text = write_model_file(file);
  // So that weights never lie beside the model of others, even if this program is killed between the two files.
  if (beside_is_its_own(a)) fs::remove(model_beside(a));
  save_weights(
      a.out, repaired.network->weights(), repaired.network->store(),
      {{"model", text}, {"class_names", formats::json_text(loaded.class_names)}, {kRepairKey, join(repaired.methods)}});
  if (!repaired.architecture_changed) return {a.out};
  formats::write_file_atomically(model_beside(a), text);
  return {a.out, model_beside(a).string()};
}

/// How the repaired network is evaluated.
std::string evaluation_of(const RepairArguments& a, const Repaired& repaired) {
  if (writes_foreign(a))
    return "evenkeel evaluate " + shell_quoted(a.out) +
           shell_flag("--data", a.validation.empty() ? a.data : a.validation) +
           shell_flag("--preprocess", a.shared.preprocess) +
           shell_flag("--loss", a.settings.get<std::string>("loss").value_or(""));
  return "evenkeel evaluate " + shell_quoted(repaired.architecture_changed ? model_beside(a).string() : a.model) +
         shell_flag("--weights", a.out) + shell_flag("--data", a.validation.empty() ? a.data : a.validation) +
         shell_flag("--preprocess", repaired.architecture_changed ? "" : a.shared.preprocess) +
         shell_flag("--loss", a.settings.get<std::string>("loss").value_or(""));
}

Json list_of(const std::vector<RepairNote>& notes) {
  Json list = Json::array();
  for (const RepairNote& note : notes) list.push_back({{"layer", note.layer}, {"what", note.text}});
  return list;
}

void print_as_json(const Repaired& r, const std::vector<std::string>& files, const Dataset& data) {
  Json json{{"methods", r.methods},
            {"kind", name_of(r.kind)},
            {"changes", list_of(r.log.changes)},
            {"left", list_of(r.log.left)},
            {"architecture_changed", r.architecture_changed},
            {"trained_epochs", r.trained_epochs},
            {"helps", r.network ? Json(r.no_help.empty()) : Json()},
            {"no_help", r.no_help.empty() ? Json() : Json(r.no_help)},
            {"input_unchecked", r.input_unchecked.empty() ? Json() : Json(r.input_unchecked)},
            {"before", Json()},
            {"after", Json()},
            {"reference", Json()}};
  if (r.scores) {
    json["before"] = json_of(r.scores->before);
    json["after"] = json_of(r.scores->after);
    if (r.scores->reference) json["reference"] = json_of(*r.scores->reference);
    json["samples"] = r.scores->after.samples;
    json["scored_on"] = name_of(r.scores->on);
  }
  if (r.expected)
    json["expected_gain"] = {
        {"of", r.expected->what}, {"now", json_of(r.expected->now)}, {"then", json_of(r.expected->then)}};
  json["weights"] = files.empty() ? Json() : Json(files.front());
  json["model"] = files.size() > 1 ? Json(files.back()) : Json();
  if (data.reading()) json["reading"] = reading_of(data);
  print_json(json);
}

std::vector<std::string> row_of(const std::string& name, const Metrics& m) {
  return {name, number_text(m.loss), m.accuracy ? number_text(*m.accuracy) : "-"};
}

void print_notes(const Repaired& r) {
  for (const RepairNote& note : r.log.changes) print("{}: {}\n", note.layer, note.text);
  for (const RepairNote& note : r.log.left) print("{}: left as it is: {}\n", note.layer, note.text);
  if (!r.input_unchecked.empty()) print("input not checked: {}\n", r.input_unchecked);
}

void print_scores(const RepairScores& scores) {
  TextTable table({"", ">loss", ">accuracy"});
  table.row(row_of("before", scores.before));
  table.row(row_of("after", scores.after));
  if (scores.reference) table.row(row_of("reference: full-data statistics", *scores.reference));
  print("\n{}on {} samples: {}\n", Lines{table.text()}, with_commas(scores.after.samples), name_of(scores.on));
}

/// What would be done, and what it may bring.
void print_advice(const RepairArguments& a, const Repaired& r) {
  print("\"{}\" changes the network in training, so its weights must be trained again. It would do this:\n",
        r.methods.front());
  print_notes(r);
  if (r.expected) {
    TextTable table({"expected gain", ">loss", ">accuracy"});
    table.row(row_of("now: " + r.expected->what, r.expected->now));
    table.row(row_of("then, at least: full-data statistics", r.expected->then));
    print("\n{}", Lines{table.text()});
  }
  print("\nNothing is written. Do it with: evenkeel repair {}{}{}{}{}{} --then-train N{}\n", shell_quoted(a.model),
        shell_flag("--weights", a.weights), shell_flag("--data", a.data), shell_flag("--validation", a.validation),
        shell_flag("--loss", a.settings.get<std::string>("loss").value_or("")), shell_flag("--fix", a.fix),
        shell_flag("--out", a.out));
}

void print_as_text(const RepairArguments& a, const Repaired& r, const std::vector<std::string>& files) {
  if (!r.network) return print_advice(a, r);
  if (r.log.changes.empty())
    print("Nothing to repair: \"{}\" finds nothing to do. {} is a copy.\n", join(r.methods), a.out);
  else
    print("{} ({})\n", join(r.methods), name_of(r.kind));
  print_notes(r);
  if (r.trained_epochs > 0) print("trained for {} epochs, statistics re-estimated\n", r.trained_epochs);
  if (r.scores) print_scores(*r.scores);
  if (!r.no_help.empty()) print("\nThe repair does not help: {}.", r.no_help);
  if (files.empty())
    print(" Nothing is written; --keep writes it all the same.\n");
  else
    print("\nwritten: {}\n{}\n", join(files), evaluation_of(a, r));
}

RepairOptions options_of(const RepairArguments& a, const Settings& settings) {
  RepairOptions options{.fix = a.fix, .memory_bytes = static_cast<std::int64_t>(a.memory), .then_train = a.then_train};
  if (const auto size = a.settings.get<std::int64_t>("batch_size")) options.batch_size = *size;
  if (settings.has("loss")) options.training = trainer_options(settings);
  apply_flags(a.shared, options.training.compute);
  if (!a.shared.quiet) options.callbacks.emplace_back(ProgressBar(false));
  options.stage = [&a](const std::string& what) { say(a.shared, "{} ...", what); };
  return options;
}

constexpr std::int64_t kDrawn = 16384;  ///< samples of a streamed set: enough for exact statistics

int run_repair(const RepairArguments& a) {
  const std::vector<const RepairMethod*> methods = methods_named(a.fix);
  const OpenedModel model = open_trained(a.shared, a.model, a.weights);
  check_out(a, model, methods);
  const auto load = [&](const std::string& spec, Split split) {
    return drawn_from_stream(a.shared, load_data(a.shared, model.file.model, spec, split, {.read_as = model.read_as}),
                             kDrawn, static_cast<std::int64_t>(a.memory / 2));
  };
  Dataset data = load(a.data, Split::train);
  const Settings settings = settings_for(a.shared, model, a.settings, data);
  if (!settings.has("loss")) {
    if (a.then_train > 0) loss_of(settings);
    say(a.shared, "neither the model file nor --loss names a loss: there will be no scores");
  }
  NetworkOptions network = network_options(a.shared, settings);
  network.seed = 0;  // a repair is the same whatever the network was trained from
  RepairOptions options = options_of(a, settings);
  std::optional<Dataset> validation;
  if (!a.validation.empty()) validation = load(a.validation, Split::test);
  const LoadedNetwork loaded = load_network(model, network);
  data = in_classes_of(a.shared, loaded, data);
  if (validation) validation = in_classes_of(a.shared, loaded, *validation);
  options.validation = validation ? &*validation : nullptr;
  const Repaired repaired = repair(*loaded.network, data, options);
  std::vector<std::string> files;
  const bool is_wanted = repaired.network && (repaired.no_help.empty() || a.keep);
  if (is_wanted) files = writes_foreign(a) ? write_foreign(a, model, repaired) : write(a, model.file, loaded, repaired);
  if (a.shared.json)
    print_as_json(repaired, files, data);
  else
    print_as_text(a, repaired, files);
  return is_wanted ? kDone : kCheckFailed;
}

/// One line for each method, by what it promises.
std::string methods_text() {
  std::string text = "Methods, by what they promise:\n";
  const std::pair<RepairKind, const char*> kinds[] = {
      {RepairKind::exact, "the outputs stay the same up to rounding; no data needed"},
      {RepairKind::statistics, "moving statistics are computed from --data; weights stay"},
      {RepairKind::training, "done with --then-train N; without it, the expected gain is shown"}};
  for (const auto& [kind, promise] : kinds) {
    text += fmt::format("  {}: {}\n", name_of(kind), promise);
    for (const RepairMethod& method : repair_methods())
      if (method.kind == kind) text += fmt::format("    {:<22} {}\n", method.name, method.what);
  }
  return text + "All except re-estimate and restore-variance change the architecture: FILE.toml is the new model.\n";
}

/// The values of --fix.
std::vector<std::string> fixes() {
  std::vector<std::string> names = {"all"};
  for (const RepairMethod& method : repair_methods()) names.push_back(method.name);
  for (const CodeInfo& info : all_codes())
    if (!info.repair.empty()) names.emplace_back(info.code);
  return names;
}

}  // namespace

void add_repair(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<RepairArguments>();
  CLI::App& command = add_command(
      app, "repair", "Repairs what the doctor found, measures the gain, and writes a new file if there is one.",
      "  evenkeel repair runs/lenet --data mnist:train --validation mnist:test --fix all --out mended.safetensors\n"
      "  evenkeel repair model.toml --weights w.safetensors --data images.npz --fix fold --out folded.safetensors\n"
      "  evenkeel repair model.onnx --data train/ --preprocess imagenet --fix all --out mended.onnx\n\n" +
          methods_text());
  add_model(command, a->model);
  add_data_flag(command, a->data, true);
  command
      .add_option(
          "--validation", a->validation,
          "the data to measure loss and accuracy on; default: each half of --data, repaired with the other half")
      ->option_text("SPEC");
  add_weights_flag(command, a->shared, a->weights);
  add_model_flags(command, a->shared);
  offer(command
            .add_option(
                "--fix", a->fix,
                "the code of a finding, a method, or all: every repair that keeps the architecture and hides no defect")
            ->option_text("CODE|METHOD|all (required)")
            ->required(),
        fixes());
  command
      .add_option(
          "--out", a->out,
          "the file of the new weights; never that of the old ones. With the ending of the file that the network "
          "came from: a copy of that file, in which only the repaired tensors are new")
      ->option_text("FILE.safetensors|.onnx|.keras|.h5 (required)")
      ->required();
  command
      .add_option(
          "--memory", a->memory,
          "memory for what re-estimation keeps between layers, in methods and to score any of them; with --stream, "
          "half of it for each set's samples, and so much again for reading; default 1G")
      ->option_text("SIZE")
      ->transform(CLI::AsSizeValue(false));
  CLI::Option* then_train =
      command.add_option("--then-train", a->then_train, "epochs of training after a method that needs it")
          ->option_text("N")
          ->check(at_least(0));
  command.add_flag("--keep", a->keep, "write the file even if the repair does not help");
  add_setting(command, a->settings, "loss", "L");
  add_setting(command, a->settings, "batch_size", "N");
  add_setting(command, a->settings, "learning_rate", "X")->needs(then_train);
  add_image_flags(command, a->shared);
  add_computing_flags(command, a->shared, a->settings);
  command.callback([a, &chosen] {
    a->shared.memory = static_cast<std::int64_t>(a->memory);
    chosen = [a] { return run_repair(*a); };
  });
}

}  // namespace evenkeel::app
