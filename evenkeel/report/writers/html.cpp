#include "evenkeel/report/writers/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/version.h"
#include "evenkeel/report/charts/svg_diagram.h"
#include "evenkeel/report/charts/svg_dots.h"
#include "evenkeel/report/charts/svg_lines.h"
#include "evenkeel/report/charts/svg_waterfall.h"
#include "evenkeel/report/page/markup.h"
#include "evenkeel/report/page/page_files.h"

namespace evenkeel {
namespace {

/// Only the file's own contents may be loaded.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";
constexpr int kBucketsOfCharts = 500;   ///< about the width of a chart in pixels
constexpr int kBucketsOfPage = 20'000;  ///< of all traces together, to keep the file small

std::string element(const char* tag, const std::string& attributes, const std::string& content) {
  return content.empty() ? ""
                         : fmt::format("<{0}{1}>{2}</{0}>\n", tag, attributes.empty() ? "" : " " + attributes, content);
}

std::string of_class(const char* name) { return fmt::format("class=\"{}\"", name); }

std::string caption_of(const std::string& text) { return element("figcaption", "", marked_up(text)); }

int traces_in(const Report& report) {
  std::size_t traces = 0;
  for (const Section& section : report.sections)
    for (const Part& part : section.parts)
      if (const auto* chart = std::get_if<LineChart>(&part))
        for (const Curve& curve : chart->curves) traces += curve.traces.size();
  return static_cast<int>(traces);
}

class Page {
 public:
  explicit Page(const Report& report)
      : report_(report),
        palette_(report),
        buckets_(std::clamp(kBucketsOfPage / std::max(1, traces_in(report)), 20, kBucketsOfCharts)) {}

  std::string text() {
    std::string body = header();
    for (const Section& section : report_.sections) body += this->section(section);
    body += provenance();
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"Evenkeel {}\">\n"
        "<title>{}</title>\n<link rel=\"icon\" "
        "href=\"data:,\">\n<style>\n{}</style>\n</head>\n<body>\n{}<main>\n{}</main>\n{}"
        "</body>\n</html>\n",
        kPolicy, kVersion, plain(report_.title), embedded::page_css, marker_definitions(), body, scripts());
  }

 private:
  std::string header() const {
    std::string notes;
    for (const std::string& note : report_.notes) notes += element("li", "", marked_up(note));
    return element("header", "",
                   element("h1", "", marked_up(report_.title)) +
                       element("p", of_class("question"), marked_up(report_.question)) +
                       element("p", of_class("answer"), marked_up(report_.answer)) +
                       element("ul", "class=\"notes\" aria-label=\"Notes\"", notes));
  }

  std::string section(const Section& section) {
    std::string content = element("h2", "", marked_up(section.title));
    bool in_diagrams = false;
    for (const Part& part : section.parts) {
      // Consecutive diagrams are put side by side if there is room.
      const bool is_diagram = std::holds_alternative<Diagram>(part);
      if (is_diagram != in_diagrams) content += is_diagram ? "<div class=\"diagrams\">\n" : "</div>\n";
      in_diagrams = is_diagram;
      content += std::visit([this](const auto& p) { return draw(p); }, part);
    }
    return element("section", "", content + (in_diagrams ? "</div>\n" : ""));
  }

  std::string draw(const Paragraph& paragraph) { return element("p", "", marked_up(paragraph.text)); }

  std::string draw(const Listing& listing) {
    has_code_ = true;
    return details(listing.title, element("pre", "tabindex=\"0\"", escaped(listing.code)));
  }

  std::string draw(const CommandLine& command) {
    has_code_ = true;
    return element("div", of_class("command"), "<code>" + escaped(command.text) + "</code>");
  }

  static std::string details(const std::string& title, const std::string& content) {
    return fmt::format("<details>\n<summary>{}</summary>\n{}</details>\n", marked_up(title), content);
  }

  std::string draw(const Formula& formula) { return element("p", of_class("formula"), escaped(formula.text)); }

  std::string draw(const PageTable& table) {
    std::vector<bool> is_number;
    std::string head, body;
    for (const std::string& column : table.columns) {
      is_number.push_back(column.starts_with('>'));
      head += fmt::format("<th scope=\"col\"{}>{}</th>", is_number.back() ? " class=\"number\"" : "",
                          marked_up(std::string_view(column).substr(is_number.back() ? 1 : 0)));
    }
    for (const auto& row : table.rows) {
      body += "<tr>";
      for (std::size_t i = 0; i < row.size(); ++i)
        body += fmt::format("<{0}{1}>{2}</{3}>", i == 0 ? "th scope=\"row\"" : "td",
                            i < is_number.size() && is_number[i] ? " class=\"number\"" : "", marked_up(row[i]),
                            i == 0 ? "th" : "td");
      body += "</tr>\n";
    }
    return fmt::format(
        "<figure class=\"table\">\n{}<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\"><table>\n"
        "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>\n{}</figure>\n",
        element("h3", "", badge_of(table) + marked_up(table.title)), table.title.empty() ? "table" : plain(table.title),
        head, body, caption_of(table.caption));
  }

  static std::string badge_of(const PageTable& table) {
    return table.badge.empty() ? "" : fmt::format("<span class=\"badge {0}\">{0}</span> ", escaped(table.badge));
  }

  std::string draw(const LineChart& chart) {
    const LinePlot plot = plot_of(chart, palette_, buckets_);
    plots_ += (plots_.empty() ? "" : ",\n") + script_data(plot);
    const std::string drawn = figure("lines", chart.folded ? "" : chart.title, legend_of(plot), chart.y_label,
                                     svg_of(plot), chart.x_label, chart.caption);
    return chart.folded ? details(chart.title, drawn) : drawn;
  }

  std::string draw(const DotChart& chart) {
    has_dots_ = true;
    return figure("dots", chart.title, legend_of(chart), "", svg_of(chart, palette_), chart.x_label, chart.caption);
  }

  std::string draw(const Waterfall& chart) {
    return figure("waterfall", chart.title, "", "", svg_of(chart), chart.x_label, chart.caption);
  }

  static std::string figure(const char* kind, const std::string& title, const std::string& legend,
                            const std::string& y_label, const std::string& svg, const std::string& x_label,
                            const std::string& caption) {
    return fmt::format("<figure class=\"{}\">\n{}{}{}<div class=\"plot\">{}</div>\n{}{}</figure>\n", kind,
                       element("h3", "", marked_up(title)), legend,
                       element("p", of_class("y-label"), marked_up(y_label)), svg,
                       element("p", of_class("x-label"), marked_up(x_label)), caption_of(caption));
  }

  std::string draw(const Diagram& diagram) {
    return fmt::format(
        "<figure>\n{}<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">{}</div>\n</figure>\n",
        element("h3", "", marked_up(diagram.title)), plain(diagram.title), svg_of(diagram));
  }

  std::string provenance() const {
    std::string list;
    for (const auto& [name, value] : report_.provenance)
      list += element("dt", "", marked_up(name)) + element("dd", "", marked_up(value));
    return list.empty() ? "" : element("footer", "", "<h2>Provenance</h2>\n" + element("dl", "", list));
  }

  /// The scripts that the page needs: for interactive charts, and to copy code.
  std::string scripts() const {
    std::string text;
    if (!plots_.empty() || has_dots_)
      text += fmt::format("<script type=\"application/json\" id=\"plots\">[{}]</script>\n", plots_) +
              script(embedded::charts_js);
    return has_code_ ? text + script(embedded::copy_js) : text;
  }

  static std::string script(std::string_view text) {
    return fmt::format("<script>\n\"use strict\";\n{}</script>\n", text);
  }

  const Report& report_;
  Palette palette_;
  int buckets_;
  std::string plots_;  ///< what the script knows of line charts, in their order
  bool has_dots_ = false, has_code_ = false;
};

}  // namespace

std::string html(const Report& report) { return Page(report).text(); }

}  // namespace evenkeel
