#include "evenkeel/base/number.h"

#include <gtest/gtest.h>

#include <limits>

namespace evenkeel {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

TEST(Number, OfAFiniteValueIsFormattedAsADouble) {
  EXPECT_EQ(fmt::format("{:.2f} {:+.3g} {}", Number{1.234}, Number{2.0}, Number{1e-7}), "1.23 +2 1e-07");
  EXPECT_EQ(fmt::format("{:.{}g}", Number{3.14159}, 3), "3.14");
}

TEST(Number, ThatIsNoneHasOneNameWhateverItsSignAndTheFormat) {
  EXPECT_EQ(fmt::format("{:.4f} {:+.3g} {}", Number{kNaN}, Number{-kNaN}, Number{-kNaN}), "NaN NaN NaN");
  EXPECT_EQ(fmt::format("{:.4f} {:.3g}", Number{kInfinity}, Number{-kInfinity}), "inf -inf");
}

}  // namespace
}  // namespace evenkeel
