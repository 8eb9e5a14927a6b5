#include "evenkeel/report/charts/svg.h"

#include "evenkeel/report/page/markup.h"

namespace evenkeel {

std::string picture_file(double width, double height, const std::string& label, const std::string& content) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" role=\"img\" aria-label=\"{2}\">\n{3}</svg>\n",
      width, height, plain(label), content);
}

std::string percent(double position) { return fmt::format("{:.2f}%", 100 * position); }

std::string chart_begin(const std::string& title, const ChartFrame& frame) {
  return fmt::format(
      "<svg class=\"picture\" role=\"img\" aria-label=\"{}\" style=\"--left:{:.0f}px;--below:{:.0f}px{}\">\n",
      plain(title), frame.left, frame.below, frame.height > 0 ? fmt::format(";height:{:.0f}px", frame.height) : "");
}

std::string column_tick(double position, const std::string& text, const char* mark) {
  return fmt::format("<svg x=\"{}\" y=\"100%\">{}<text class=\"tick mid\" y=\"18\">{}</text></svg>\n",
                     percent(position), mark, text);
}

}  // namespace evenkeel
