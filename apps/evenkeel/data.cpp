#include <algorithm>
#include <optional>

#include "commands.h"
#include "common.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/contact_sheet.h"
#include "evenkeel/data/description.h"
#include "evenkeel/data/fetch/published.h"
#include "evenkeel/data/preview.h"
#include "evenkeel/data/reading_report_json.h"
#include "evenkeel/data/sources.h"
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
  std::vector<std::int64_t> resize;  ///< height and width; empty: unchanged
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
  print_text(table.text());
  std::vector<std::string> looked;
  for (const auto& folder : data_directories(a.shared.data_dir)) looked.push_back(folder.string());
  if (!looked.empty()) say(a.shared, "looked in {}", join(looked));
  return kDone;
}

ImageOptions image_options(const DataArguments& a) {
  ImageOptions options{.skip_bad = a.shared.skip_bad_images, .strict_colour = a.shared.strict_colour, .flat = true};
  if (!a.resize.empty()) options.resize_to = {a.resize[0], a.resize[1]};
  return options;
}

/// A bare NAME is both of its splits.
std::vector<DatasetDescription> describe_all(const DataArguments& a) {
  const ImageOptions options = image_options(a);
  const auto described = [&](const std::string& spec) {
    return describe(load_dataset(spec, Split::test, a.shared.data_dir, options, array_options(a.shared)));
  };
  if (const auto files = find_images(a.spec, true)) return {describe(*files, options)};
  const bool is_name =
      std::ranges::any_of(named_sources(), [&](const auto& source) { return same_name(source.name, a.spec); });
  std::vector<std::string> splits;
  if (is_name) splits = {"train", "test"};
  if (a.spec.ends_with(".npz")) splits = npz_splits(a.spec);
  if (splits.empty()) return {described(a.spec)};
  std::vector<DatasetDescription> sets;
  sets.reserve(splits.size());
  for (const std::string& split : splits) sets.push_back(described(a.spec + ':' + split));
  return sets;
}

Json unusual_as_json(const std::vector<UnusualSample>& unusual) {
  Json json = Json::array();
  for (const UnusualSample& sample : unusual) json.push_back({{"index", sample.index}, {"ratio", sample.ratio}});
  return json;
}

const char* name_of(DatasetDescription::Targets targets) {
  constexpr const char* kNames[] = {"none", "labels", "values"};
  return kNames[static_cast<std::size_t>(targets)];
}

Json info_as_json(const DatasetDescription& d) {
  const DatasetStatistics& s = d.statistics;
  Json json{{"name", d.name},
            {"samples", d.samples},
            {"sample_shape", d.sample_shape ? json_of(*d.sample_shape) : Json()},
            {"dtype", name_of(d.dtype)},
            {"targets", name_of(d.targets)},
            {"classes", d.classes},
            {"class_names", d.class_names},
            {"per_class", s.per_class},
            {"mean", s.mean},
            {"standard_deviation", s.standard_deviation},
            {"minimum", s.minimum},
            {"maximum", s.maximum},
            {"unusual_samples", unusual_as_json(d.unusual)},
            {"fingerprint", d.fingerprint.empty() ? Json() : Json(d.fingerprint)}};
  if (d.reading) json["reading"] = json_of(*d.reading);
  return json;
}

void print_info(const DatasetDescription& d) {
  const DatasetStatistics& s = d.statistics;
  print("{}\n", d.name);
  if (d.reading)
    for (const auto& [title, text] : text_of(*d.reading)) print("  {:<11}  {}\n", title, text);
  print("  samples      {} of {} {}\n", with_commas(d.samples),
        d.sample_shape ? to_string(*d.sample_shape) : fmt::format("several sizes, {} channels,", d.channels),
        name_of(d.dtype));
  for (const std::string& remark : d.remarks) print("  note         {}\n", remark);
  print("  values       mean {:.4f}  std {:.4f}  min {:g}  max {:g}\n", s.mean, s.standard_deviation, s.minimum,
        s.maximum);
  if (d.targets == DatasetDescription::Targets::values) print("  targets      {} numbers a sample\n", d.classes);
  if (d.targets == DatasetDescription::Targets::none) print("  targets      none\n");
  if (!d.fingerprint.empty()) print("  fingerprint  {}\n", d.fingerprint);
  if (s.per_class.empty()) return;
  TextTable table({">  class", "name", ">samples"});
  for (std::size_t i = 0; i < s.per_class.size(); ++i)
    table.row(
        {std::to_string(i), class_name(d.class_names, static_cast<std::int64_t>(i)), with_commas(s.per_class[i])});
  print_text(table.text());
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

/// Everything is described before a file without a sample becomes an error.
int run_info(const DataArguments& a) {
  Json json = Json::array();
  const std::vector<DatasetDescription> all = describe_all(a);
  for (const DatasetDescription& described : all)
    if (a.shared.json)
      json.push_back(info_as_json(described));
    else
      print_info(described);
  const std::vector<FileReport> files = check_published(a);
  if (a.shared.json)
    print_json({{"sets", json}, {"files", json_of(files)}});
  else
    print_text(text_of(files));
  for (const DatasetDescription& described : all)
    if (described.reading) check_reading(described.name, image_options(a), *described.reading);
  return kDone;
}

constexpr std::int64_t kSheetColumns = 10;

/// The samples that are shown, and their indices in the whole set.
struct Shown {
  Dataset data;
  std::vector<std::int64_t> indices = {};  ///< empty: all, in order

  std::int64_t index(std::int64_t sample) const {
    return indices.empty() ? sample : indices[static_cast<std::size_t>(sample)];
  }
};

/// Of a folder, only the files that are shown are opened.
Shown load_shown(const DataArguments& a) {
  const ImageOptions options = image_options(a);
  const auto files = find_images(a.spec, true);
  if (!files) return {load_dataset(a.spec, Split::test, a.shared.data_dir, options, array_options(a.shared))};
  const std::int64_t rows = std::max<std::int64_t>(1, std::ssize(files->class_names));
  constexpr std::int64_t kUnlabelledRows = 5;
  const std::int64_t columns = files->labelled ? kSheetColumns : kSheetColumns * kUnlabelledRows;
  Preview made = preview(*files, options, a.count ? std::max<std::int64_t>(1, *a.count / rows) : columns);
  return {std::move(made.images), std::move(made.files)};
}

/// How many images are shown, so many a row.
std::int64_t shown(const DataArguments& a, const Dataset& data, std::int64_t columns) {
  return a.count.value_or(columns * (data.has_labels() ? data.classes() : 5));
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
  for (const SheetRow& row : sheet_rows(data, columns, shown(a, data, columns))) {
    if (!row.label.empty()) print("{}\n", row.label);
    print_text(drawn(row.images, line, terminal_colours()));
  }
}

/// The samples on the contact sheet, row by row.
Json sheet_as_json(const DataArguments& a, const Shown& all) {
  const Dataset& data = all.data;
  Json samples = Json::array();
  for (const SheetRow& row : sheet_rows(data, kSheetColumns, shown(a, data, kSheetColumns)))
    for (const std::int64_t sample : row.samples) {
      Json json{{"index", all.index(sample)}};
      if (data.has_sample_names()) json["image"] = data.sample_name(sample);
      if (data.has_labels()) {
        const std::int32_t label = data.y().as<std::int32_t>()[static_cast<std::size_t>(sample)];
        json["class"] = label;
        json["name"] = class_name(data.class_names(), label);
      }
      samples.push_back(std::move(json));
    }
  Json json{{"name", data.name()}, {"samples", samples}};
  if (data.reading()) json["reading"] = reading_of(data);
  return json;
}

int run_show(const DataArguments& a) {
  if (!a.output.empty()) check_ending("--output", a.output, {".png"});
  const Shown all = load_shown(a);
  const Dataset& data = all.data;
  say_reading(a.shared, a.spec, data);
  if (!a.output.empty()) write_sheet(a, data);
  if (a.shared.json)
    print_json(sheet_as_json(a, all));
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
  command.add_option("SPEC", a.spec, "a named set, NAME:SPLIT[RANGE], an .npz file, an image folder or shards")
      ->required()
      ->option_text(" ");
  add_reading_flags(command, a.shared);
  command.add_option("--resize", a.resize, "resize images to this height and width")
      ->option_text("H,W")
      ->delimiter(',')
      ->expected(2)
      ->check(at_least(1));
  return command;
}

}  // namespace

void add_data(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<DataArguments>();
  CLI::App& data = add_command(app, "data", "Fetches, lists, describes, shows and packs data sets.",
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
  add_pack(data, chosen);
  for (CLI::App* command : {&list, &info, &show}) add_data_dir_flag(*command, a->shared);
  for (CLI::App* command : {&info, &show}) add_array_flags(*command, a->shared);
  for (CLI::App* command : {&list, &info, &show}) add_json_flag(*command, a->shared);
  for (CLI::App* command : {&list, &info, &show}) add_quiet_flag(*command, a->shared);
  list.callback([a, &chosen] { chosen = [a] { return run_list(*a); }; });
  info.callback([a, &chosen] { chosen = [a] { return run_info(*a); }; });
  show.callback([a, &chosen] { chosen = [a] { return run_show(*a); }; });
}

}  // namespace evenkeel::app
