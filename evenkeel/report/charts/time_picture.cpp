#include "evenkeel/report/charts/time_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "evenkeel/report/charts/svg.h"
#include "evenkeel/report/page/markup.h"

namespace evenkeel {
namespace {

// All sizes are pixels.
constexpr double kWidth = 1240, kNames = 510, kBars = 400, kRow = 22, kHead = 84, kFoot = 18;

constexpr const char* kStyle = R"(<style>
  svg { --paper: #ffffff; --ink: #1d2126; --muted: #5d6672; --arithmetic: #1a67b8; --memory: #b84d08; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #14171b; --ink: #e7eaee; --muted: #9aa4b1; --arithmetic: #4f9df5; --memory: #f9a55c; } }
  .paper { fill: var(--paper); }
  text { font: 13px system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; fill: var(--ink); }
  .title { font-size: 18px; font-weight: 650; } .muted { fill: var(--muted); } .end { text-anchor: end; }
  .arithmetic { fill: var(--arithmetic); } .memory { fill: var(--memory); } .rest { fill-opacity: 0.3; }
</style>
)";

double total_ms(const std::vector<TimePicture::Bar>& bars) {
  double total = 0;
  for (const TimePicture::Bar& bar : bars) total += bar.ms;
  return total;
}

/// The longest bars first. The others become one bar, with their common share.
std::vector<TimePicture::Bar> drawn_bars(std::vector<TimePicture::Bar> bars) {
  std::ranges::stable_sort(bars, std::greater(), &TimePicture::Bar::ms);
  if (bars.size() <= kDrawnBars + 1) return bars;
  TimePicture::Bar others{.name = fmt::format("{} others", bars.size() - kDrawnBars)};
  for (std::size_t i = kDrawnBars; i < bars.size(); ++i) {
    others.ms += bars[i].ms;
    others.share += bars[i].ms * bars[i].share;
  }
  if (others.ms > 0) others.share /= others.ms;
  bars.resize(kDrawnBars);
  bars.push_back(std::move(others));
  return bars;
}

class Drawing {
 public:
  void panel(const TimePicture& picture) {
    const std::vector<TimePicture::Bar> bars = drawn_bars(picture.bars);
    svg_.add("<text class=\"title\" x=\"16\" y=\"{:.0f}\">{}</text>\n", top_ + 28, escaped(picture.title));
    svg_.add("<text class=\"muted\" x=\"16\" y=\"{:.0f}\">{}</text>\n", top_ + 48, escaped(picture.subtitle));
    legend(top_ + 68);
    top_ += kHead;
    double longest = 0;
    for (const TimePicture::Bar& bar : bars) longest = std::max(longest, bar.ms);
    const double total = total_ms(bars);
    for (const TimePicture::Bar& bar : bars) row(bar, longest, total);
    top_ += kFoot;
  }

  std::string file() const {
    return picture_file(kWidth, top_, "Time per op",
                        kStyle + std::string("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n") + svg_.text());
  }

 private:
  void legend(double y) {
    const auto entry = [&](double x, const char* kind, const char* text) {
      svg_.add(
          "<rect class=\"{0}\" x=\"{1:.0f}\" y=\"{2:.0f}\" width=\"12\" height=\"12\"/>"
          "<text class=\"muted\" x=\"{3:.0f}\" y=\"{4:.0f}\">{5}</text>\n",
          kind, x, y - 11, x + 18, y, text);
    };
    entry(16, "arithmetic", "needed for the arithmetic at the machine's peak");
    entry(385, "memory", "needed for memory at its bandwidth");
    entry(650, "muted rest", "beyond that");
  }

  void row(const TimePicture::Bar& bar, double longest, double total) {
    const double length = longest > 0 ? bar.ms / longest * kBars : 0, filled = length * std::clamp(bar.share, 0.0, 1.0);
    const char* kind = bar.arithmetic ? "arithmetic" : "memory";
    svg_.add("<text class=\"end\" x=\"{:.0f}\" y=\"{:.0f}\">{}</text>", kNames - 10, top_ + 15, escaped(bar.name));
    svg_.add("<rect class=\"{} rest\" x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"{:.0f}\"/>", kind, kNames,
             top_ + 3, length, kRow - 6);
    svg_.add("<rect class=\"{}\" x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"{:.0f}\"/>", kind, kNames,
             top_ + 3, filled, kRow - 6);
    svg_.add(
        "<text class=\"muted\" x=\"{:.1f}\" y=\"{:.0f}\">{:.3f} ms, {:.1f} % of the step; {:.0f} % of its "
        "limit</text>\n",
        kNames + length + 8, top_ + 15, bar.ms, 100 * bar.ms / std::max(total, 1e-12), 100 * bar.share);
    top_ += kRow;
  }

  double top_ = 0;
  Svg svg_;
};

}  // namespace

std::string svg_file(const std::vector<TimePicture>& pictures) {
  Drawing drawing;
  for (const TimePicture& picture : pictures) drawing.panel(picture);
  return drawing.file();
}

}  // namespace evenkeel
