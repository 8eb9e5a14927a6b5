#include "evenkeel/report/charts/confusion_plot.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/report/charts/svg.h"
#include "evenkeel/report/page/markup.h"

namespace evenkeel {
namespace {

/// Sizes in pixels.
struct Layout {
  std::size_t classes;
  double cell, left, top;
  static constexpr double kLetter = 7.2, kTitle = 44;

  Layout(std::size_t k, std::size_t longest_name)
      : classes(k),
        cell(k <= 12   ? 52
             : k <= 30 ? 26
                       : 9),
        left(30 + kLetter * static_cast<double>(longest_name)),
        top(kTitle + 14 + 0.72 * kLetter * static_cast<double>(longest_name)) {}
  double width() const { return left + cell * static_cast<double>(classes) + 0.6 * (top - kTitle) + 20; }
  double height() const { return top + cell * static_cast<double>(classes) + 20; }
  double x(std::size_t column) const { return left + cell * static_cast<double>(column); }
  double y(std::size_t row) const { return top + cell * static_cast<double>(row); }
};

/// From white (none of the row) to dark blue (all of it).
std::string colour(double share) {
  const auto mix = [&](int full) { return static_cast<int>(255 + (full - 255) * std::min(1.0, share)); };
  return fmt::format("#{:02x}{:02x}{:02x}", mix(8), mix(64), mix(129));
}

}  // namespace

std::string confusion_svg(const Evaluation& evaluation, const std::vector<std::string>& class_names) {
  const std::size_t k = evaluation.per_class.size();
  if (k == 0)
    throw Error{{.where = "confusion matrix",
                 .expected = "integer labels and a loss with an accuracy",
                 .received = "an evaluation without them"}};
  const auto counts = evaluation.confusion.view().as<std::int64_t>();
  std::vector<std::string> names;
  std::size_t longest = 1;
  for (std::size_t i = 0; i < k; ++i) {
    names.push_back(i < class_names.size() ? escaped(class_names[i]) : std::to_string(i));
    longest = std::max(longest, names.back().size());
  }
  const Layout at(k, longest);
  Svg svg;
  svg.add(
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<g font-family=\"sans-serif\" font-size=\"12\">\n"
      "<text x=\"16\" y=\"22\" font-size=\"14\">true class by row, predicted by column; accuracy {:.4f} of {} "
      "samples</text>\n",
      evaluation.metrics.accuracy.value_or(0), evaluation.metrics.samples);
  for (std::size_t i = 0; i < k; ++i) {
    svg.add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", at.left - 8, at.y(i) + at.cell / 2 + 4,
            names[i]);
    svg.add("<text transform=\"translate({:.1f},{:.1f}) rotate(-45)\">{}</text>\n", at.x(i) + at.cell / 2, at.top - 8,
            names[i]);
  }
  for (std::size_t row = 0; row < k; ++row)
    for (std::size_t column = 0; column < k; ++column) {
      const std::int64_t n = counts[row * k + column];
      const double share =
          static_cast<double>(n) / static_cast<double>(std::max<std::int64_t>(1, evaluation.per_class[row].samples));
      svg.add(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" stroke=\"#ddd\">"
          "<title>{} predicted as {}: {}</title></rect>\n",
          at.x(column), at.y(row), at.cell, at.cell, colour(share), names[row], names[column], n);
      if (at.cell > 20 && n > 0)
        svg.add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" fill=\"{}\" font-size=\"{}\">{}</text>\n",
                at.x(column) + at.cell / 2, at.y(row) + at.cell / 2 + 4, share > 0.5 ? "#fff" : "#222",
                at.cell > 40 ? 12 : 9, n);
    }
  return picture_file(std::max(at.width(), 470.0), at.height(), "Confusion matrix", svg.text() + "</g>\n");
}

}  // namespace evenkeel
