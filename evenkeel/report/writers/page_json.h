#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// The report as JSON, all points at full precision, null for NaN and infinities:
///
///     {"title", "question", "answer", "notes": [...], "sections": [{"title", "parts": [PART, ...]}],
///      "provenance": [{"name", "value"}]}
///
/// A PART is one of
///
///     {"type": "paragraph"|"formula"|"command", "text"}
///     {"type": "listing", "title", "code"}
///     {"type": "table", "title", "badge", "columns": [...], "rows": [[...]], "caption"}
///     {"type": "line_chart", "title", "x_label", "y_label", "log_x", "log_y", "x_names",
///      "curves": [{"name", "group", "dashed", "traces": [{"label", "x", "y"}]}],
///      "levels": [{"value", "label"}], "caption"}
///     {"type": "dot_chart", "title", "x_label", "caption",
///      "rows": [{"name", "dots": [{"label", "value"}], "mean", "error", "marks": [{"label", "value"}],
///                "published_range": [low, high]}]}
///     {"type": "waterfall", "title", "x_label", "start_name", "start",
///      "steps": [{"name", "change", "error"}], "end_name", "caption"}
///     {"type": "diagram", "title", "model"}
///
/// Optional figures that do not exist are absent; a diagram's model is the text of its model file (TOML).
std::string report_json(const Report& report);

/// All points of all charts, one per line, at full precision; NaN and infinite values are empty cells:
///
///     section,chart,kind,series,trace,x,y
///
/// Line charts (kind "curve"; "level" with x empty): series is the curve, trace its seed. Dot charts: series is the
/// row, trace the dot's or mark's label, x empty; kind is "dot", "mean", "error", "mark", "range_low" or "range_high".
/// Waterfalls: kind "start", "change" or "error", series the step.
std::string report_csv(const Report& report);

}  // namespace evenkeel
