#include "evenkeel/report/charts/line_plot.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "evenkeel/formats/json_file.h"

namespace evenkeel {
namespace {

/// The number rounded to so many digits, as the shortest text that reads back the same.
nlohmann::json number(double value, int digits) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr);
}

nlohmann::json numbers(const std::vector<double>& values, int digits) {
  nlohmann::json list = nlohmann::json::array();
  for (const double value : values) list.push_back(number(value, digits));
  return list;
}

nlohmann::json json_of(const Axis& axis) { return {{"low", axis.low()}, {"high", axis.high()}, {"log", axis.log()}}; }

/// "</script>" in a name must not end the script.
std::string in_script(const nlohmann::json& json) {
  std::string text = formats::json_text(json), safe;
  for (const char c : text) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

}  // namespace

LinePlot plot_of(const LineChart& chart, const Palette& palette, int buckets) {
  std::vector<DrawnCurve> curves;
  ValueRange x, y;
  for (const Curve& curve : chart.curves) {
    DrawnCurve drawn{.name = curve.name, .dashed = curve.dashed, .look = palette.of(curve)};
    for (const Trace& trace : curve.traces) drawn.labels.push_back(trace.label);
    drawn.series = series_of(curve, {.log_x = chart.log_x, .log_y = chart.log_y, .buckets = buckets});
    x.add(drawn.series.x);
    y.add(drawn.series.low);
    y.add(drawn.series.high);
    curves.push_back(std::move(drawn));
  }
  std::vector<Level> levels;
  for (const Level& level : chart.levels) {
    if (!std::isfinite(level.value) || (chart.log_y && level.value <= 0)) continue;
    y.add(level.value);
    levels.push_back(level);
  }
  return {.title = chart.title,
          .x_label = chart.x_label,
          .x_names = chart.x_names,
          .curves = std::move(curves),
          .levels = std::move(levels),
          .x = Axis(x, chart.log_x),
          .y = Axis(y, chart.log_y, Axis::Room::from_zero_if_near)};
}

std::string script_data(const LinePlot& plot) {
  nlohmann::json json{{"label", plot.x_label},
                      {"names", plot.x_names},
                      {"x", json_of(plot.x)},
                      {"y", json_of(plot.y)},
                      {"levels", nlohmann::json::array()},
                      {"curves", nlohmann::json::array()}};
  for (const Level& level : plot.levels) json["levels"].push_back(number(level.value, 6));
  for (const DrawnCurve& curve : plot.curves) {
    nlohmann::json traces = nlohmann::json::array();
    for (const auto& trace : curve.series.traces) traces.push_back(numbers(trace, 6));
    json["curves"].push_back({{"name", curve.name},
                              {"colour", curve.look.colour},
                              {"dashed", curve.dashed},
                              {"labels", curve.labels},
                              {"x", numbers(curve.series.x, 9)},
                              {"y", std::move(traces)}});
  }
  return in_script(json);
}

}  // namespace evenkeel
