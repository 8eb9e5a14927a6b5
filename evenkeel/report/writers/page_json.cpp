#include "evenkeel/report/writers/page_json.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "evenkeel/base/text.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/nn/model_file.h"

namespace evenkeel {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const std::vector<std::pair<std::string, double>>& labelled) {
  Json list = Json::array();
  for (const auto& [label, value] : labelled) list.push_back({{"label", label}, {"value", value}});
  return list;
}

Json json_of(const Paragraph& paragraph) { return {{"type", "paragraph"}, {"text", paragraph.text}}; }

Json json_of(const Listing& listing) { return {{"type", "listing"}, {"title", listing.title}, {"code", listing.code}}; }

Json json_of(const CommandLine& command) { return {{"type", "command"}, {"text", command.text}}; }

Json json_of(const Formula& formula) { return {{"type", "formula"}, {"text", formula.text}}; }

Json json_of(const PageTable& table) {
  Json columns = Json::array();
  for (const std::string& column : table.columns) columns.push_back(column.substr(column.starts_with('>') ? 1 : 0));
  return {{"type", "table"},    {"title", table.title}, {"badge", table.badge},
          {"columns", columns}, {"rows", table.rows},   {"caption", table.caption}};
}

Json json_of(const LineChart& chart) {
  Json curves = Json::array(), levels = Json::array();
  for (const Curve& curve : chart.curves) {
    Json traces = Json::array();
    for (const Trace& trace : curve.traces) traces.push_back({{"label", trace.label}, {"x", trace.x}, {"y", trace.y}});
    curves.push_back({{"name", curve.name}, {"group", curve.group}, {"dashed", curve.dashed}, {"traces", traces}});
  }
  for (const Level& level : chart.levels) levels.push_back({{"value", level.value}, {"label", level.label}});
  return {{"type", "line_chart"}, {"title", chart.title},    {"x_label", chart.x_label}, {"y_label", chart.y_label},
          {"log_x", chart.log_x}, {"log_y", chart.log_y},    {"x_names", chart.x_names}, {"curves", curves},
          {"levels", levels},     {"caption", chart.caption}};
}

Json json_of(const DotChart& chart) {
  Json rows = Json::array();
  for (const DotChart::Row& row : chart.rows) {
    Json json{{"name", row.name}, {"dots", json_of(row.dots)}};
    if (row.mean) json["mean"] = *row.mean;
    if (row.error) json["error"] = *row.error;
    json["marks"] = json_of(row.marks);
    if (row.published_range) json["published_range"] = {row.published_range->first, row.published_range->second};
    rows.push_back(std::move(json));
  }
  return {{"type", "dot_chart"},
          {"title", chart.title},
          {"x_label", chart.x_label},
          {"rows", rows},
          {"caption", chart.caption}};
}

Json json_of(const Waterfall& chart) {
  Json steps = Json::array();
  for (const Waterfall::Step& step : chart.steps) {
    steps.push_back({{"name", step.name}, {"change", step.change}});
    if (step.error) steps.back()["error"] = *step.error;
  }
  return {
      {"type", "waterfall"},  {"title", chart.title}, {"x_label", chart.x_label},   {"start_name", chart.start_name},
      {"start", chart.start}, {"steps", steps},       {"end_name", chart.end_name}, {"caption", chart.caption}};
}

Json json_of(const Diagram& diagram) {
  return {{"type", "diagram"}, {"title", diagram.title}, {"model", write_model_file({.model = diagram.model})}};
}

std::string cell(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

class Csv {
 public:
  void add(const std::string& section, const LineChart& chart) {
    begin(section, chart.title);
    for (const Curve& curve : chart.curves)
      for (const Trace& trace : curve.traces)
        for (std::size_t i = 0; i < std::min(trace.x.size(), trace.y.size()); ++i)
          line("curve", curve.name, trace.label, cell(trace.x[i]), trace.y[i]);
    for (const Level& level : chart.levels) line("level", level.label, "", "", level.value);
  }

  void add(const std::string& section, const DotChart& chart) {
    begin(section, chart.title);
    for (const DotChart::Row& row : chart.rows) {
      for (const auto& [label, value] : row.dots) line("dot", row.name, label, "", value);
      if (row.mean) line("mean", row.name, "", "", *row.mean);
      if (row.error) line("error", row.name, "", "", *row.error);
      for (const auto& [label, value] : row.marks) line("mark", row.name, label, "", value);
      if (row.published_range) {
        line("range_low", row.name, "", "", row.published_range->first);
        line("range_high", row.name, "", "", row.published_range->second);
      }
    }
  }

  void add(const std::string& section, const Waterfall& chart) {
    begin(section, chart.title);
    line("start", chart.start_name, "", "", chart.start);
    for (const Waterfall::Step& step : chart.steps) {
      line("change", step.name, "", "", step.change);
      if (step.error) line("error", step.name, "", "", *step.error);
    }
  }

  std::string take() { return std::move(text_); }

 private:
  void begin(const std::string& section, const std::string& chart) {
    where_ = csv_cell(section) + ',' + csv_cell(chart);
  }
  void line(const char* kind, const std::string& series, const std::string& trace, const std::string& x, double y) {
    text_ += fmt::format("{},{},{},{},{},{}\n", where_, kind, csv_cell(series), csv_cell(trace), x, cell(y));
  }

  std::string text_ = "section,chart,kind,series,trace,x,y\n", where_;
};

}  // namespace

std::string report_json(const Report& report) {
  Json sections = Json::array();
  for (const Section& section : report.sections) {
    Json parts = Json::array();
    for (const Part& part : section.parts) parts.push_back(std::visit([](const auto& p) { return json_of(p); }, part));
    sections.push_back({{"title", section.title}, {"parts", std::move(parts)}});
  }
  Json json{{"title", report.title}, {"question", report.question},     {"answer", report.answer},
            {"notes", report.notes}, {"sections", std::move(sections)}, {"provenance", Json::array()}};
  for (const auto& [name, value] : report.provenance) json["provenance"].push_back({{"name", name}, {"value", value}});
  return formats::json_text(json, 1) + '\n';
}

std::string report_csv(const Report& report) {
  Csv csv;
  for (const Section& section : report.sections)
    for (const Part& part : section.parts) {
      if (const auto* lines = std::get_if<LineChart>(&part)) csv.add(section.title, *lines);
      if (const auto* dots = std::get_if<DotChart>(&part)) csv.add(section.title, *dots);
      if (const auto* steps = std::get_if<Waterfall>(&part)) csv.add(section.title, *steps);
    }
  return csv.take();
}

}  // namespace evenkeel
