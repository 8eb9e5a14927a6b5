#include "evenkeel/report/doctor/description.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/shell.h"
#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/causes/rule.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/repairs/methods.h"

namespace evenkeel {
namespace {

using Entry = DoctorDescription::Entry;

/// The command that repairs a finding; empty if there is none.
std::string repair_command(const Finding& finding, const DoctorWords& words) {
  if (!finding.outlook || !finding.outlook->why_not.empty()) return {};
  if (!words.framework.empty()) {
    // The others change what only the framework can build.
    const bool estimates = methods_named(method_for(finding.code)).front()->kind == RepairKind::statistics;
    return estimates ? "fixed = ek.repair(model, data, fix=\"" + finding.code + "\")" : std::string();
  }
  return "evenkeel repair " + shell_quoted(words.model) + shell_flag("--weights", words.weights) +
         shell_flag("--data", words.data) + shell_flag("--validation", words.validation) + words.flags + " --fix " +
         finding.code + shell_flag("--out", words.repaired);
}

/// What the command gains, or why there is none.
std::string promise_of(const Finding& finding) {
  if (!finding.outlook) return {};
  const RepairOutlook& outlook = *finding.outlook;
  return outlook.why_not.empty() ? "measured on the sample: " + outlook_text(outlook)
                                 : "no repair is promised: " + outlook.why_not + " (" + outlook_text(outlook) + ")";
}

std::vector<DoctorDescription::Cell> cells_of(const FourCells& cells) {
  const std::string training = "training mode, statistics of all data" +
                               (cells.replaced_parameters > 0 ? ", " + copy_text(cells.replaced_parameters) : "");
  std::vector<DoctorDescription::Cell> all = {{"evaluation", "data, evaluation mode", cells.evaluation},
                                              {"training", "data, " + training, cells.training}};
  if (cells.train_evaluation)
    all.push_back({"train_data_evaluation", "training data, evaluation mode", *cells.train_evaluation});
  if (cells.train_training) all.push_back({"train_data_training", "training data, " + training, *cells.train_training});
  return all;
}

/// The finding that a finding follows from; nullptr if there is none.
Entry* cause_of(const Entry& entry, std::vector<Entry>& all) {
  const std::string& code = entry.finding.consequence_of;
  if (code.empty()) return nullptr;
  const auto cause = std::ranges::find(all, code, [](const Entry& e) { return e.finding.code; });
  return cause == all.end() ? nullptr : &*cause;
}

/// The finding's own remedy, else that of its code.
Remedy remedy_of(const Finding& finding, const CodeInfo& info) {
  const auto or_general = [](const std::string& own, std::string_view general) {
    return own.empty() ? std::string(general) : own;
  };
  return {.advice = or_general(finding.remedy.advice, info.advice),
          .keras = or_general(finding.remedy.keras, info.keras),
          .pytorch = or_general(finding.remedy.pytorch, info.pytorch)};
}

/// The names of layers in the network's own file, if one of them is another than ours.
std::vector<std::string> foreign_names(const std::vector<std::string>& layers,
                                       const std::optional<interchange::Record>& record) {
  std::vector<std::string> names;
  bool differ = false;
  for (const std::string& layer : layers) {
    const std::string other = record ? record->other_name(layer) : std::string();
    names.push_back(other.empty() ? layer : other);
    differ |= !other.empty();
  }
  return differ ? names : std::vector<std::string>();
}

/// How to get a file with the normalizations in it.
std::string how_to_export(const std::string& format) {
  if (format == "onnx") return "export again with training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False";
  return "save the model as it was trained, with model.save(\"model.keras\")";
}

/// What the file that the network came from has lost, and which questions stay open for that.
void add_losses(DoctorDescription& d, const Diagnosis& diagnosis, const DoctorWords& words) {
  if (!words.record) return;
  const interchange::Record& record = *words.record;
  d.file = record.file;
  d.lost = record.lost;
  std::erase_if(d.notes, [&](const std::string& note) { return std::ranges::count(d.lost, note) > 0; });
  if (diagnosis.gaps.empty()) {
    const std::string why =
        "exported in evaluation mode: there is no normalization left to examine; " + how_to_export(record.format);
    if (d.lost.empty()) d.lost.push_back(as_sentence("if the network was trained with normalizations, it was " + why));
    for (auto& [what, reason] : d.unchecked)
      if (reason == kNoNormalization) reason = "the file has no normalization. If the network had some, it was " + why;
  }
  if (!words.has_noise)
    d.unchecked.emplace_back("what dropout does to the statistics after it, and before the loss",
                             "the file has no dropout; files that are exported for evaluation leave it out");
}

/// Flags of the program as the Python package's arguments.
void speak_python(std::string& text) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {" (--train-data)", " (train=...)"},
      {" (--batch-size, --run)", " (batch_size=...)"},
      {" (--run)", ""},
      {"--samples ", "samples="}};
  for (const auto& [flag, argument] : kWords)
    for (std::size_t at = text.find(flag); at != text.npos; at = text.find(flag, at + argument.size()))
      text.replace(at, flag.size(), argument);
}

std::vector<Entry> entries_of(const std::vector<Finding>& findings, const DoctorWords& words) {
  std::vector<Entry> all;
  for (const Finding& f : findings) {
    const CodeInfo& info = code_info(f.code);
    all.push_back({.finding = f,
                   .title = info.title,
                   .remedy = remedy_of(f, info),
                   .command = repair_command(f, words),
                   .promise = promise_of(f),
                   .documentation = documentation_of(f.code),
                   .foreign = foreign_names(f.layers, words.record)});
  }
  for (Entry& entry : all) {
    Entry* root = cause_of(entry, all);
    if (!root) continue;
    while (Entry* cause = cause_of(*root, all)) root = cause;
    entry.follows = true;
    root->consequences.push_back(entry.finding.code + " in " + layers_text(entry.finding.layers));
  }
  return all;
}

/// Whether a normalization's statistics fit, in words, and which findings name it.
std::string verdict_on(const StatisticsGap& gap, const std::vector<Entry>& findings) {
  std::string text = gap.distance < far_statistics(gap.samples) ? "The moving statistics fit the data."
                                                                : "The moving statistics do not fit the data.";
  std::string named;
  for (const Entry& entry : findings)
    if (std::ranges::find(entry.finding.layers, gap.layer) != entry.finding.layers.end())
      named += fmt::format("{}`{}` ({})", named.empty() ? "" : ", ", entry.finding.code, entry.title);
  return named.empty() ? text : text + " Named by " + named + '.';
}

std::string answer_of(const DoctorDescription& d) {
  const std::vector<const Entry*> roots = d.roots();
  if (roots.empty()) return d.verdict + " No finding explains more.";
  return d.verdict + ' ' + as_sentence(roots.front()->finding.cause);
}

}  // namespace

std::string DoctorDescription::Entry::layers_text() const {
  const std::string ours = evenkeel::layers_text(finding.layers);
  // "/stem/stem.1/BatchNormalization" says no more than "stem.1".
  bool says_more = false;
  for (std::size_t i = 0; i < foreign.size(); ++i) says_more |= foreign[i].find(finding.layers[i]) == std::string::npos;
  return says_more ? ours + " (in the file: " + evenkeel::layers_text(foreign) + ')' : ours;
}

std::string DoctorDescription::of_copy(const std::string& mode) const {
  return replaced > 0 ? mode + ", " + copy_text(replaced) : mode;
}

std::vector<std::pair<std::string_view, std::string>> DoctorDescription::snippets_of(const Entry& entry) const {
  std::vector<std::pair<std::string_view, std::string>> snippets;
  if (framework != "torch") snippets.emplace_back("Keras", entry.remedy.keras);
  if (framework != "keras") snippets.emplace_back("PyTorch", entry.remedy.pytorch);
  return snippets;
}

std::size_t DoctorDescription::shown() const {
  return static_cast<std::size_t>(std::ranges::count(normalizations, true, &NormalizationEntry::is_distant));
}

std::vector<const Entry*> DoctorDescription::roots() const {
  std::vector<const Entry*> roots;
  for (const Entry& entry : findings)
    if (!entry.follows) roots.push_back(&entry);
  return roots;
}

DoctorDescription describe(const Diagnosis& d, const DoctorWords& words,
                           const std::optional<Expectation>& expectation) {
  DoctorDescription made{.cells = cells_of(d.cells),
                         .gap = name_of(d.cells.gap),
                         .replaced = d.cells.replaced,
                         .verdict = d.cells.verdict,
                         .findings = entries_of(d.findings, words),
                         .chain = d.attribution,
                         .has_noise = !d.shifts.empty(),
                         .notes = d.notes,
                         .checked = d.checked,
                         .unchecked = d.unchecked,
                         .samples = d.samples,
                         .passes = d.passes,
                         .expectation = expectation,
                         .framework = words.framework,
                         .file = {},
                         .lost = {}};
  for (std::size_t i = 0; i < d.gaps.size(); ++i) {
    made.normalizations.push_back({.gap = d.gaps[i], .verdict = verdict_on(d.gaps[i], made.findings)});
    if (made.has_noise) made.normalizations.back().shift = d.shifts[i];
    if (i < d.histograms.size()) made.normalizations.back().histogram = d.histograms[i];
  }
  for (const std::size_t i : most_distant(d.gaps, DoctorDescription::kMostShown))
    made.normalizations[i].is_distant = true;
  add_losses(made, d, words);
  if (!made.framework.empty()) {
    for (std::string& note : made.notes) speak_python(note);
    for (auto& [what, why] : made.unchecked) speak_python(why);
  }
  made.answer = answer_of(made);
  return made;
}

}  // namespace evenkeel
