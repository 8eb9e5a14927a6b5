#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// How curves and dots of one name look in all charts of a page: a colour of page.css (--c0 ... --c7) and the shape of
/// a marker. There are 8 colours and 7 shapes, so 56 names look different, and colour is never the only difference.
struct Look {
  std::size_t colour = 0, shape = 0;
};

/// Assigns looks to names in the order in which they first appear in the report.
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

/// The definitions of the markers' shapes (circle, square, triangle, diamond, cross, plus, bar). A page needs them
/// once.
std::string marker_definitions();
/// A marker as SVG, about 8 pixels wide, at a position in pixels ("12") or in percent ("12%"). `content` is put into
/// the element, for example a <title>.
std::string marker_at(const std::string& x, const std::string& y, Look look, bool hollow,
                      const std::string& content = {});

}  // namespace evenkeel
