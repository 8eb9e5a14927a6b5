#include "evenkeel/report/charts/svg_axis.h"

#include <fmt/format.h>

#include "evenkeel/report/page/markup.h"

namespace evenkeel {

std::string SvgAxis::text() const {
  std::string svg;
  for (const double tick : axis.ticks())
    svg += fmt::format(
        "<path class=\"grid\" d=\"M{0:.1f},0V{1:.0f}\"/>"
        "<text class=\"tick mid\" x=\"{0:.1f}\" y=\"{2:.0f}\">{3}</text>\n",
        at(tick), bottom, bottom + 18, readable(tick));
  return svg + fmt::format("<path class=\"base\" d=\"M0,{:.0f}H{:.0f}\"/>\n", bottom, width);
}

}  // namespace evenkeel
