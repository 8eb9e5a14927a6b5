#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

#include "commands.h"
#include "common.h"
#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/reading_report_json.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/train/evaluate.h"
#include "evenkeel/train/settings.h"
#include "progress.h"

namespace evenkeel::app {
namespace {

constexpr std::int64_t kRowsShown = 20;
constexpr std::size_t kBest = 5;  ///< classes shown of an image

struct PredictArguments {
  Shared shared;
  Settings settings;
  std::string model, data, weights, output;
  std::vector<std::string> images;
};

/// Predictions, with what they were made of.
struct Predicted {
  Predictions values;
  std::vector<std::string> names;                ///< of classes
  std::vector<std::string> images;               ///< files, by sample; empty if samples are not files
  std::vector<std::int32_t> labels;              ///< the true labels; empty if unknown
  bool one_by_one = false;                       ///< each image is shown with its best classes
  std::shared_ptr<const ReadingReport> reading;  ///< of files; may be null

  std::int64_t size() const { return values.classes.shape()[0]; }
  /// Whether each position of a sample has a class of its own.
  bool by_position() const { return values.classes.shape().rank() > 1; }
  std::int64_t label_of(std::int64_t i) const { return values.classes.as<std::int32_t>()[static_cast<std::size_t>(i)]; }
  std::span<const float> scores(std::int64_t i) const { return values.scores.view().rows(i, i + 1).as<float>(); }
  /// Of the predicted class; with one output, that output's; NaN without a prediction.
  double score(std::int64_t i) const {
    const auto all = scores(i);
    if (label_of(i) == kNoClass) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(all.size() > 1 ? all[static_cast<std::size_t>(label_of(i))] : all[0]);
  }
  /// The number of the class; empty without a prediction.
  std::string class_text(std::int64_t i) const {
    return label_of(i) == kNoClass ? std::string() : std::to_string(label_of(i));
  }
};

std::string as_csv(const Predicted& p) {
  std::string text = p.images.empty() ? "class,name,score" : "image,class,name,score";
  const std::int64_t k = p.values.scores.shape().row_size();
  for (std::int64_t c = 0; c < k; ++c) fmt::format_to(std::back_inserter(text), ",score_{}", c);
  text += '\n';
  for (std::int64_t i = 0; i < p.size(); ++i) {
    if (!p.images.empty()) text += csv_cell(p.images[static_cast<std::size_t>(i)]) + ',';
    fmt::format_to(std::back_inserter(text), "{},{},{}", p.class_text(i), csv_cell(class_name(p.names, p.label_of(i))),
                   Number{p.score(i)});
    for (const float score : p.scores(i))
      text += std::isfinite(score) ? fmt::format(",{}", score) : fmt::format(",{}", Number{score});
    text += '\n';
  }
  return text;
}

/// Of sample i with classes by position: how many positions have each.
std::map<std::int32_t, std::int64_t> counts_of(const Predicted& p, std::int64_t i) {
  std::map<std::int32_t, std::int64_t> counts;
  for (const std::int32_t c : p.values.classes.view().rows(i, i + 1).as<std::int32_t>()) ++counts[c];
  return counts;
}

std::string text_of_class(const Predicted& p, std::int32_t c) {
  if (c == kNoClass) return "none";
  const std::string name = class_name(p.names, c);
  return std::to_string(c) + (name.empty() ? "" : " (" + name + ')');
}

Json as_json_by_position(const Predicted& p) {
  Json rows = Json::array();
  for (std::int64_t i = 0; i < p.size(); ++i) {
    Json row{{"index", i}};
    if (!p.images.empty()) row["image"] = p.images[static_cast<std::size_t>(i)];
    row["classes"] = Json::array();
    for (const auto& [c, positions] : counts_of(p, i))
      row["classes"].push_back(
          {{"class", c == kNoClass ? Json() : Json(c)}, {"name", class_name(p.names, c)}, {"positions", positions}});
    rows.push_back(std::move(row));
  }
  return {{"samples", p.size()}, {"shape", json_of(p.values.scores.shape().without_first())}, {"predictions", rows}};
}

void print_by_position(const Predicted& p) {
  std::vector<std::string> titles = {">index", "class", ">positions", ">share"};
  if (!p.images.empty()) titles.insert(titles.begin() + 1, "image");
  TextTable table(std::move(titles));
  const std::int64_t shown = std::min(p.size(), kRowsShown);
  const std::int64_t positions = p.values.classes.shape().row_size();
  for (std::int64_t i = 0; i < shown; ++i)
    for (const auto& [c, count] : counts_of(p, i)) {
      std::vector<std::string> row = {std::to_string(i), text_of_class(p, c), with_commas(count),
                                      number_text(static_cast<double>(count) / static_cast<double>(positions))};
      if (!p.images.empty()) row.insert(row.begin() + 1, p.images[static_cast<std::size_t>(i)]);
      table.row(std::move(row));
    }
  print_text(table.text());
  print("--output FILE.npz writes the class of each position {}\n",
        to_string_batched(p.values.classes.shape().without_first()));
}

/// The classes of the highest scores, best first.
std::vector<std::int64_t> best_classes(std::span<const float> scores) {
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  order.resize(std::min(order.size(), kBest));
  return order;
}

Json as_json(const Predicted& p) {
  Json rows = Json::array();
  for (std::int64_t i = 0; i < p.size(); ++i) {
    Json row{{"index", i}};
    if (!p.images.empty()) row["image"] = p.images[static_cast<std::size_t>(i)];
    row["class"] = p.label_of(i) == kNoClass ? Json() : Json(p.label_of(i));
    row["name"] = class_name(p.names, p.label_of(i));
    row["score"] = p.score(i);
    if (!p.labels.empty()) row["label"] = p.labels[static_cast<std::size_t>(i)];
    if (p.one_by_one && p.scores(i).size() > 1 && p.label_of(i) != kNoClass) {
      row["top"] = Json::array();
      for (const std::int64_t c : best_classes(p.scores(i)))
        row["top"].push_back(
            {{"class", c}, {"name", class_name(p.names, c)}, {"score", p.scores(i)[static_cast<std::size_t>(c)]}});
    }
    row["scores"] = p.scores(i);
    rows.push_back(std::move(row));
  }
  Json json{{"samples", p.size()}, {"predictions", rows}};
  if (p.reading) json["reading"] = json_of(*p.reading);
  return json;
}

/// An image with its best classes.
void print_image(const Predicted& p, std::int64_t i) {
  print("{}\n", p.images[static_cast<std::size_t>(i)]);
  TextTable table({">class", "name", ">score"});
  if (p.scores(i).size() == 1 || p.label_of(i) == kNoClass)
    table.row({p.class_text(i), class_name(p.names, p.label_of(i)), number_text(p.score(i))});
  else
    for (const std::int64_t c : best_classes(p.scores(i)))
      table.row({std::to_string(c), class_name(p.names, c),
                 number_text(static_cast<double>(p.scores(i)[static_cast<std::size_t>(c)]))});
  print("{}\n", Lines{table.text()});
}

void print_table(const Predicted& p) {
  std::vector<std::string> titles = {">index", ">class", "name", ">score"};
  if (!p.images.empty()) titles.insert(titles.begin() + 1, "image");
  if (!p.labels.empty()) titles.insert(titles.end(), {">label", ""});
  TextTable table(std::move(titles));
  const std::int64_t shown = std::min(p.size(), kRowsShown);
  for (std::int64_t i = 0; i < shown; ++i) {
    const auto index = static_cast<std::size_t>(i);
    std::vector<std::string> row = {std::to_string(i), p.class_text(i), class_name(p.names, p.label_of(i)),
                                    number_text(p.score(i))};
    if (!p.images.empty()) row.insert(row.begin() + 1, p.images[index]);
    if (!p.labels.empty()) {
      row.push_back(std::to_string(p.labels[index]));
      row.push_back(p.labels[index] == p.label_of(i) ? "" : "wrong");
    }
    table.row(std::move(row));
  }
  print_text(table.text());
  if (shown < p.size())
    print("... and {} more; --output FILE.csv or FILE.npz writes all\n", with_commas(p.size() - shown));
}

void print_as_text(const Predicted& p) {
  if (p.by_position())
    print_by_position(p);
  else if (p.one_by_one)
    for (std::int64_t i = 0; i < p.size(); ++i) print_image(p, i);
  else
    print_table(p);
  if (p.reading)
    for (const ReadingReport::Skipped& file : p.reading->skipped) print("skipped {}: {}\n", file.name, file.reason);
}

void write(const Predicted& p, const std::string& path) {
  if (path.ends_with(".csv")) return formats::write_file_atomically(path, as_csv(p));
  std::vector<formats::NpzEntry> arrays = {
      {"outputs", p.values.outputs.view()}, {"scores", p.values.scores.view()}, {"classes", p.values.classes.view()}};
  for (const auto& [layer, values] : p.values.others) {
    if (std::ranges::count(arrays, layer, &formats::NpzEntry::name) > 0)
      throw Error{{.where = path,
                   .expected = "outputs under other names than outputs, scores and classes",
                   .received = '"' + layer + '"',
                   .hint = "`evenkeel run` writes each output under its own name."}};
    arrays.push_back({layer, values.view()});
  }
  formats::write_npz(path, arrays);
}

/// Whether the names of the data's classes are those of the weights, as far as both have names. A folder of images that
/// are to be predicted may have any name.
bool has_classes_of(const Shared& shared, const LoadedNetwork& loaded, const Dataset& data) {
  const auto& names = loaded.class_names;
  const auto is_known = [&](const std::string& name) { return std::ranges::count(names, name) > 0; };
  if (names.empty() || data.class_names().empty() || std::ranges::any_of(data.class_names(), is_known)) return true;
  say(shared, "{}: no class of the weights has such a name ({}), so the samples are taken to have no labels",
      data.name(), join(data.class_names()));
  return false;
}

Predicted make_predictions(const PredictArguments& a) {
  const OpenedModel model = open_trained(a.shared, a.model, a.weights);
  Settings settings = overridden(model.file.training, a.settings);
  const DataNeeds needs{.labels = false, .read_as = model.read_as};
  Dataset data = a.images.empty() ? load_data(a.shared, model.file.model, a.data, Split::test, needs)
                                  : load_image_files(a.shared, model.file.model, a.images, needs);
  settings = settings_for(a.shared, model, a.settings, data);
  const NetworkOptions options = network_options(a.shared, settings);
  if (!options.loss)
    say(a.shared, "the model file names no loss: scores are the outputs as they are{}",
        model.record ? "; --loss sparse_categorical_crossentropy makes them those of a softmax" : "");
  const LoadedNetwork loaded = load_network(model, options);
  const bool are_labelled = data.has_labels() && has_classes_of(a.shared, loaded, data);
  if (are_labelled) data = in_classes_of(a.shared, loaded, data);
  tell_fatal_weights(a.shared, *loaded.network);
  Predicted p{.values = predict(*loaded.network, data,
                                {.batch_size = batch_size_of(settings),
                                 .progress = evaluation_progress("predicting", a.shared.quiet)}),
              .names = loaded.class_names.empty() ? data.class_names() : loaded.class_names,
              .images = {},
              .labels = {},
              .one_by_one = !a.images.empty(),
              .reading = data.reading()};
  if (data.has_sample_names())
    for (std::int64_t i = 0; i < data.size(); ++i) p.images.push_back(data.sample_name(i));
  if (are_labelled) std::ranges::copy(data.y().as<std::int32_t>(), std::back_inserter(p.labels));
  return p;
}

int run_predict(const PredictArguments& a) {
  if (a.data.empty() == a.images.empty())
    throw Error{
        {.where = "predict", .expected = "either --data or --image", .received = a.data.empty() ? "neither" : "both"}};
  if (!a.output.empty()) check_ending("--output", a.output, {".npz", ".csv"});
  const Predicted p = make_predictions(a);
  if (a.output.ends_with(".csv") && p.by_position())
    throw Error{{.where = "--output",
                 .expected = "a .npz file, because the model has outputs for each position of a sample",
                 .received = a.output}};
  if (!a.output.empty()) {
    write(p, a.output);
    say(a.shared, "{} predictions are in {}", with_commas(p.size()), a.output);
  }
  if (a.shared.json)
    print_json(p.by_position() ? as_json_by_position(p) : as_json(p));
  else if (a.output.empty())
    print_as_text(p);
  return kDone;
}

}  // namespace

void add_predict(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<PredictArguments>();
  CLI::App& command = add_command(app, "predict", "Says which class each sample is, and how sure the model is of it.",
                                  "  evenkeel predict runs/lenet --data mnist:test[:20]\n"
                                  "  evenkeel predict runs/lenet --image photo.jpg --resize --json\n"
                                  "  evenkeel predict runs/lenet --data photos/ --resize --output predictions.csv\n"
                                  "  evenkeel predict resnet50.onnx --image photo.jpg --preprocess imagenet --loss "
                                  "sparse_categorical_crossentropy");
  add_model(command, a->model);
  add_data_flag(command, a->data, false);
  command.add_option("--image", a->images, "PNG or JPEG images of the model's input size; --resize: of any")
      ->option_text("FILE...");
  add_weights_flag(command, a->shared, a->weights);
  add_model_flags(command, a->shared);
  add_setting(command, a->settings, "loss", "L");
  add_setting(command, a->settings, "batch_size", "N");
  command
      .add_option(
          "--output", a->output,
          "write all predictions: .npz has outputs, scores, classes, and other outputs of the model by name; .csv a "
          "line each, with file names")
      ->option_text("FILE");
  add_image_flags(command, a->shared);
  add_computing_flags(command, a->shared, a->settings);
  command.callback([a, &chosen] { chosen = [a] { return run_predict(*a); }; });
}

}  // namespace evenkeel::app
