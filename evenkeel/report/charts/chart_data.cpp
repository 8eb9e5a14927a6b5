#include "evenkeel/report/charts/chart_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace evenkeel {
namespace {

/// Rounded to so many digits, of which the shortest text that reads back as it is written.
nlohmann::json number(double value, int digits = 6) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr);
}

nlohmann::json numbers(const std::vector<double>& values, int digits = 6) {
  nlohmann::json list = nlohmann::json::array();
  for (const double value : values) list.push_back(number(value, digits));
  return list;
}

/// "</script>" in a name must not end the script that it stands in.
std::string in_script(const nlohmann::json& json) {
  std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), safe;
  for (const char c : text) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

}  // namespace

std::string chart_data(const LineChart& chart, const std::vector<DrawnCurve>& curves) {
  nlohmann::json json{{"kind", "lines"},
                      {"x", chart.x_label},
                      {"logX", chart.log_x},
                      {"logY", chart.log_y},
                      {"names", chart.x_names},
                      {"levels", nlohmann::json::array()},
                      {"curves", nlohmann::json::array()}};
  for (const Level& level : chart.levels)
    json["levels"].push_back({{"value", number(level.value)}, {"label", level.label}});
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const DrawnCurve& curve = curves[i];
    nlohmann::json y = nlohmann::json::array(), markers = nlohmann::json::array();
    for (const auto& trace : curve.series.traces) y.push_back(numbers(trace));
    for (std::size_t point = 0; point < curve.series.size(); ++point)
      if (curve.series.has_marker(point, i, curves.size())) markers.push_back(point);
    json["curves"].push_back({{"name", curve.name},
                              {"colour", curve.look.colour},
                              {"shape", curve.look.shape},
                              {"dashed", curve.dashed},
                              {"labels", curve.labels},
                              {"x", numbers(curve.series.x, 9)},
                              {"y", std::move(y)},
                              {"markers", std::move(markers)}});
  }
  return in_script(json);
}

std::string chart_data(const DotChart& chart, const Palette& palette) {
  nlohmann::json json{{"kind", "dots"}, {"x", chart.x_label}, {"rows", nlohmann::json::array()}};
  const std::vector<std::string> labels = mark_labels(chart);
  for (const DotChart::Row& row : chart.rows) {
    nlohmann::json dots = nlohmann::json::array(), marks = nlohmann::json::array();
    for (std::size_t i = 0; i < row.dots.size(); ++i)
      dots.push_back(
          {{"label", row.dots[i].first}, {"value", number(row.dots[i].second)}, {"offset", offset_of_dot(i)}});
    for (const auto& [label, value] : row.marks) {
      const auto place = static_cast<std::size_t>(std::ranges::find(labels, label) - labels.begin());
      marks.push_back({{"label", label}, {"value", number(value)}, {"shape", shape_of_mark(place)}});
    }
    nlohmann::json out{{"name", row.name},
                       {"colour", palette.of(row).colour},
                       {"text", mean_text(row)},
                       {"dots", std::move(dots)},
                       {"marks", std::move(marks)}};
    if (row.mean) out["mean"] = number(*row.mean);
    if (row.mean && row.error) out["error"] = number(*row.error);
    if (row.published_range) out["range"] = {number(row.published_range->first), number(row.published_range->second)};
    json["rows"].push_back(std::move(out));
  }
  return in_script(json);
}

}  // namespace evenkeel
