#include "evenkeel/data/strokes.h"

#include "evenkeel/data/statistics.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

TEST(Strokes, AreTheSameOnEveryMachine) {
  EXPECT_EQ(make_strokes(false, 1000).fingerprint(), "b0f91185");
  EXPECT_EQ(make_strokes(true, 1000).fingerprint(), "34df2426");
}

TEST(Strokes, DoNotDependOnHowManyAreDrawn) {
  EXPECT_EQ(make_strokes(false, 500).range(0, 100).fingerprint(), make_strokes(false, 100).fingerprint());
}

TEST(Strokes, DifferBySplitAndSeed) {
  EXPECT_NE(make_strokes(false, 10).fingerprint(), make_strokes(true, 10).fingerprint());
  EXPECT_NE(make_strokes(false, 10).fingerprint(), make_strokes(false, 10, 1).fingerprint());
}

TEST(Strokes, AreGrayImagesOfTenNamedClasses) {
  const Dataset set = make_strokes(false, 1);
  EXPECT_EQ(set.x().shape, (Shape{1, 28, 28, 1}));
  EXPECT_EQ(set.x().dtype, DType::uint8);
  EXPECT_EQ(set.class_names().size(), 10u);
}

TEST(Strokes, HaveEveryClassAboutEquallyOften) {
  const auto counts = dataset_statistics(make_strokes(false, 10000)).per_class;
  for (std::int64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 1000, 150);  // five standard deviations
}

TEST(Strokes, AreNamedAsTheirSpec) {
  EXPECT_EQ(make_strokes(false, 1).name(), "strokes:train");
  EXPECT_EQ(make_strokes(true, 1).name(), "strokes:test");
}

TEST(Strokes, RefuseToBeNone) {
  EXPECT_SAYS(error_of([] { make_strokes(false, 0); }), "strokes: expected 1 sample or more, received 0");
}

}  // namespace
}  // namespace evenkeel
