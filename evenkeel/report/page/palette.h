#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// How what has one name looks, in all charts of a page: a colour of page.css (--c0 ... --c7) and a marker's shape.
/// There are 8 and 7 of them, so 56 names look different; colour is never the only difference.
struct Look {
  std::size_t colour = 0, shape = 0;
};

/// Gives names their looks in the order in which they first appear in the report.
class Palette {
 public:
  explicit Palette(const Report& report);
  Look of(const Curve& curve) const { return of(key(curve)); }
  Look of(const DotChart::Row& row) const { return of(row.name); }

 private:
  static const std::string& key(const Curve& curve) { return curve.group.empty() ? curve.name : curve.group; }
  Look of(const std::string& name) const;
  void add(const std::string& name);

  std::vector<std::string> names_;
};

inline constexpr std::size_t kShapes = 7, kColours = 8;

/// The markers' shapes (circle, square, triangle, diamond, cross, plus, bar), which a page needs once.
std::string marker_definitions();
/// A marker as SVG, about 8 pixels wide, at a place in pixels ("12") or in percent ("12%"). `content` is what the
/// element holds: a <title>.
std::string marker_at(const std::string& x, const std::string& y, Look look, bool hollow,
                      const std::string& content = {});

}  // namespace evenkeel
