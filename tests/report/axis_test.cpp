#include "evenkeel/report/charts/axis.h"

#include <gmock/gmock.h>

namespace evenkeel {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

ValueRange extent(double low, double high) {
  ValueRange made;
  made.add(low);
  made.add(high);
  return made;
}

TEST(Axis, HasTicksAtRoundNumbers) {
  EXPECT_THAT(Axis(extent(0, 399), false).ticks(), ElementsAre(0, 100, 200, 300));
  EXPECT_THAT(Axis(extent(0.12, 0.97), false).ticks(), ElementsAre(DoubleEq(0.2), 0.4, DoubleEq(0.6), 0.8));
}

TEST(Axis, HasPowersOfTenOnALogScale) {
  EXPECT_THAT(Axis(extent(1e-4, 1), true).ticks(),
              ElementsAre(DoubleEq(1e-4), DoubleEq(1e-3), DoubleEq(0.01), DoubleEq(0.1), 1));
}

TEST(Axis, HasTwosAndFivesWhereALogScaleIsShort) {
  EXPECT_THAT(Axis(extent(1, 20), true).ticks(), ElementsAre(1, 2, 5, 10, 20));
}

TEST(Axis, HasTheTicksOfALinearOneWhereALogScaleIsShorter) {
  EXPECT_THAT(Axis(extent(1.15, 3.55), true).ticks(), ElementsAre(1.5, 2, 2.5, 3, 3.5));
}

TEST(Axis, GivesPositionsFromZeroToOne) {
  EXPECT_DOUBLE_EQ(Axis(extent(10, 20), false).position(15), 0.5);
  EXPECT_DOUBLE_EQ(Axis(extent(1, 100), true).position(10), 0.5);
}

TEST(Axis, BeginsAtZeroWhereValuesBeginNearIt) {
  EXPECT_DOUBLE_EQ(Axis(extent(0.1, 1), false, Axis::Room::from_zero_if_near).position(0), 0);
  EXPECT_LT(Axis(extent(0.9, 1), false, Axis::Room::from_zero_if_near).position(0.5), 0);
}

TEST(Axis, BeginsAtZeroWhereDifferencesCanStillBeSeen) {
  EXPECT_DOUBLE_EQ(Axis(extent(0.8, 1), false, Axis::Room::from_zero_if_readable).position(0), 0);
  EXPECT_LT(Axis(extent(0.9, 1), false, Axis::Room::from_zero_if_readable).position(0.5), 0);
}

TEST(Axis, HasRoomAroundOneValue) {
  const Axis axis(extent(7, 7), false);
  EXPECT_DOUBLE_EQ(axis.position(7), 0.5);
  EXPECT_GE(axis.ticks().size(), 3u);
}

TEST(Axis, OfNothingIsFromZeroToOne) { EXPECT_DOUBLE_EQ(Axis(ValueRange(), false).position(0.25), 0.25); }

}  // namespace
}  // namespace evenkeel
