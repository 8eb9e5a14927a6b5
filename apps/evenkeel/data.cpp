#include <algorithm>
#include <optional>

#include "commands.h"
#include "common.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/contact_sheet.h"
#include "evenkeel/data/fetch/published.h"
#include "evenkeel/data/labels.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/data/statistics.h"
#include "evenkeel/data/unusual_samples.h"
#include "evenkeel/formats/png.h"
#include "evenkeel/report/writers/text_table.h"
#include "fetch.h"
#include "terminal.h"

namespace evenkeel::app {
namespace {

struct DataArguments {
  Shared shared;
  std::string spec, output;
  std::optional<std::int64_t> count;
};

std::string place_of(const NamedSource& source, const std::string& data_dir) {
  const auto found = find_source(source.name, data_dir);
  return !found ? "" : found->empty() ? "in the program" : found->string();
}

int run_list(const DataArguments& a) {
  Json json = Json::array();
  TextTable table({"name", "samples", ">train", ">test", "where", "what"});
  for (const NamedSource& source : named_sources()) {
    const std::string place = place_of(source, a.shared.data_dir);
    json.push_back({{"name", source.name},
                    {"description", source.description},
                    {"sample_shape", json_of(source.sample_shape)},
                    {"train", source.train_size},
                    {"test", source.test_size},
                    {"found", !place.empty()},
                    {"where", place}});
    table.row({source.name, to_string(source.sample_shape), with_commas(source.train_size),
               with_commas(source.test_size), place.empty() ? "not found" : place, source.description});
  }
  if (a.shared.json) {
    print_json({{"sets", json}});
    return kDone;
  }
  fmt::print("{}", table.text());
  std::vector<std::string> looked;
  for (const auto& folder : data_directories(a.shared.data_dir)) looked.push_back(folder.string());
  if (!looked.empty()) say(a.shared, "looked in {}", join(looked));
  return kDone;
}

/// A bare NAME is both of its splits.
std::vector<Dataset> load_all(const DataArguments& a) {
  const auto load = [&](const std::string& spec) {
    return load_dataset(spec, Split::test, a.shared.data_dir, {}, array_options(a.shared));
  };
  const bool is_name =
      std::ranges::any_of(named_sources(), [&](const auto& source) { return same_name(source.name, a.spec); });
  std::vector<std::string> splits;
  if (is_name) splits = {"train", "test"};
  if (a.spec.ends_with(".npz")) splits = npz_splits(a.spec);
  if (splits.empty()) return {load(a.spec)};
  std::vector<Dataset> sets;
  for (const std::string& split : splits) sets.push_back(load(a.spec + ':' + split));
  return sets;
}

Json unusual_as_json(const Dataset& data) {
  Json json = Json::array();
  for (const UnusualSample& sample : unusual_samples(data))
    json.push_back({{"index", sample.index}, {"ratio", sample.ratio}});
  return json;
}

/// What is unusual about the set, a sentence each.
std::vector<std::string> remarks_on(const Dataset& data) {
  std::vector<std::string> remarks;
  if (const auto unusual = unusual_samples(data); !unusual.empty()) remarks.push_back(describe(unusual, data) + '.');
  if (const std::string mapping = proposed_mapping(data); !mapping.empty()) remarks.push_back(mapping);
  if (is_sorted_by_class(data)) remarks.emplace_back("The samples are sorted by class: a part of them lacks classes.");
  return remarks;
}

Json info_as_json(const Dataset& data, const DatasetStatistics& s) {
  return {{"name", data.name()},
          {"samples", data.size()},
          {"sample_shape", json_of(data.sample_shape())},
          {"dtype", name_of(data.x().dtype)},
          {"targets", data.has_labels()    ? "labels"
                      : data.has_targets() ? "values"
                                           : "none"},
          {"classes", data.classes()},
          {"class_names", data.class_names()},
          {"per_class", s.per_class},
          {"mean", s.mean},
          {"standard_deviation", s.standard_deviation},
          {"minimum", s.minimum},
          {"maximum", s.maximum},
          {"unusual_samples", unusual_as_json(data)},
          {"fingerprint", data.fingerprint()}};
}

void print_info(const Dataset& data, const DatasetStatistics& s) {
  fmt::print("{}\n", data.name());
  fmt::print("  samples      {} of {} {}\n", with_commas(data.size()), to_string(data.sample_shape()),
             name_of(data.x().dtype));
  fmt::print("  values       mean {:.4f}  std {:.4f}  min {:g}  max {:g}\n", s.mean, s.standard_deviation, s.minimum,
             s.maximum);
  if (data.has_targets() && !data.has_labels()) fmt::print("  targets      {} numbers a sample\n", data.classes());
  if (!data.has_targets()) fmt::print("  targets      none\n");
  fmt::print("  fingerprint  {}\n", data.fingerprint());
  for (const std::string& remark : remarks_on(data)) fmt::print("  note         {}\n", remark);
  if (s.per_class.empty()) return;
  TextTable table({">  class", "name", ">samples"});
  for (std::size_t i = 0; i < s.per_class.size(); ++i)
    table.row(
        {std::to_string(i), class_name(data.class_names(), static_cast<std::int64_t>(i)), with_commas(s.per_class[i])});
  fmt::print("{}", table.text());
}

/// What is known of the published files of the set that the SPEC names; nothing for other SPECs.
std::vector<FileReport> check_published(const DataArguments& a) {
  const std::string name = a.spec.substr(0, a.spec.find_first_of(":["));
  const auto set =
      std::ranges::find_if(published_sets(), [&](const PublishedSet& known) { return same_name(known.name, name); });
  if (set == published_sets().end()) return {};
  const auto folder = find_source(name, a.shared.data_dir);
  return folder ? check_files(*set, *folder) : std::vector<FileReport>();
}

int run_info(const DataArguments& a) {
  Json json = Json::array();
  for (const Dataset& data : load_all(a)) {
    const DatasetStatistics statistics = dataset_statistics(data);
    if (a.shared.json)
      json.push_back(info_as_json(data, statistics));
    else
      print_info(data, statistics);
  }
  const std::vector<FileReport> files = check_published(a);
  if (a.shared.json)
    print_json({{"sets", json}, {"files", json_of(files)}});
  else
    fmt::print("{}", text_of(files));
  return kDone;
}

constexpr std::int64_t kSheetColumns = 10;

/// How many images are shown, so many a row.
std::int64_t shown(const DataArguments& a, const Dataset& data, std::int64_t columns) {
  return a.count.value_or(columns * (data.has_labels() ? std::min<std::int64_t>(data.classes(), 10) : 5));
}

void write_sheet(const DataArguments& a, const Dataset& data) {
  const Tensor sheet = contact_sheet(data, kSheetColumns, shown(a, data, kSheetColumns));
  formats::write_png(a.output, sheet);
  say(a.shared, "{}x{} pixels are in {}", sheet.shape()[1], sheet.shape()[0], a.output);
}

void draw_sheet(const DataArguments& a, const Dataset& data) {
  // An image gets about sixteen characters in width: small, and still distinct.
  constexpr std::int64_t kCharacters = 16;
  const int line = terminal_columns(stdout);
  const std::int64_t columns = std::max<std::int64_t>(1, line / kCharacters);
  for (const SheetRow& row : sheet_rows(data, columns, shown(a, data, columns)))
    fmt::print("{}{}{}", row.label, row.label.empty() ? "" : "\n", drawn(row.images, line, terminal_colours()));
}

/// The samples on the contact sheet, row by row.
Json sheet_as_json(const DataArguments& a, const Dataset& data) {
  Json samples = Json::array();
  for (const SheetRow& row : sheet_rows(data, kSheetColumns, shown(a, data, kSheetColumns)))
    for (const std::int64_t sample : row.samples) {
      Json json{{"index", sample}};
      if (data.has_labels()) {
        const std::int32_t label = data.y().as<std::int32_t>()[static_cast<std::size_t>(sample)];
        json["class"] = label;
        json["name"] = class_name(data.class_names(), label);
      }
      samples.push_back(std::move(json));
    }
  return {{"name", data.name()}, {"samples", samples}};
}

int run_show(const DataArguments& a) {
  if (!a.output.empty()) check_ending("--output", a.output, {".png"});
  const Dataset data = load_dataset(a.spec, Split::test, a.shared.data_dir, {}, array_options(a.shared));
  if (!a.output.empty()) write_sheet(a, data);
  if (a.shared.json)
    print_json(sheet_as_json(a, data));
  else if (!a.output.empty())
    return kDone;
  else if (is_terminal(stdout))
    draw_sheet(a, data);
  else
    say(a.shared, "no terminal to draw in; --output FILE.png writes the images, --json names them");
  return kDone;
}

CLI::App& add_spec_command(CLI::App& data, DataArguments& a, const std::string& name, const std::string& purpose,
                           const std::string& examples) {
  CLI::App& command = add_command(data, name, purpose, examples);
  command.add_option("NAME", a.spec, "a named set, NAME:SPLIT[RANGE], an .npz file or an image folder")
      ->required()
      ->option_text(" ");
  return command;
}

}  // namespace

void add_data(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<DataArguments>();
  CLI::App& data = add_command(app, "data", "Fetches, lists, describes and shows data sets.",
                               "  evenkeel data fetch mnist\n"
                               "  evenkeel data show strokes --output grid.png");
  data.require_subcommand(1);
  CLI::App& list = add_command(data, "list", "Lists the named data sets and where they were found.",
                               "  evenkeel data list\n"
                               "  evenkeel data list --data-dir /data --json");
  CLI::App& info = add_spec_command(data, *a, "info", "Describes a data set: sizes, classes, values, fingerprint.",
                                    "  evenkeel data info mnist\n"
                                    "  evenkeel data info strokes:test[:1000] --json");
  CLI::App& show = add_spec_command(data, *a, "show", "Shows images of a data set, a row for each class.",
                                    "  evenkeel data show strokes\n"
                                    "  evenkeel data show mnist:train --output grid.png --count 50");
  show.add_option("--output", a->output, "write a PNG; without it the images are drawn in the terminal")
      ->option_text("FILE");
  show.add_option("--count", a->count, "show at most N images")->option_text("N")->check(at_least(1));
  add_fetch(data, chosen);
  for (CLI::App* command : {&list, &info, &show}) add_data_dir_flag(*command, a->shared);
  for (CLI::App* command : {&info, &show}) add_array_flags(*command, a->shared);
  for (CLI::App* command : {&list, &info, &show}) add_json_flag(*command, a->shared);
  for (CLI::App* command : {&list, &info, &show}) add_quiet_flag(*command, a->shared);
  list.callback([a, &chosen] { chosen = [a] { return run_list(*a); }; });
  info.callback([a, &chosen] { chosen = [a] { return run_info(*a); }; });
  show.callback([a, &chosen] { chosen = [a] { return run_show(*a); }; });
}

}  // namespace evenkeel::app
