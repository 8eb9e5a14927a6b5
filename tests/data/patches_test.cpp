#include "evenkeel/data/patches.h"

#include "evenkeel/data/statistics.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

TEST(Patches, AreTheSameOnEveryMachine) {
  EXPECT_EQ(make_patches(false, 1000).fingerprint(), "577b93db");
  EXPECT_EQ(make_patches(true, 1000).fingerprint(), "78221fd8");
}

TEST(Patches, DoNotDependOnHowManyAreDrawn) {
  EXPECT_EQ(make_patches(false, 500).range(0, 100).fingerprint(), make_patches(false, 100).fingerprint());
}

TEST(Patches, DifferBySplitAndSeed) {
  EXPECT_NE(make_patches(false, 10).fingerprint(), make_patches(true, 10).fingerprint());
  EXPECT_NE(make_patches(false, 10).fingerprint(), make_patches(false, 10, 1).fingerprint());
}

TEST(Patches, AreColourImagesOfTenNamedClasses) {
  const Dataset set = make_patches(false, 1);
  EXPECT_EQ(set.x().shape, (Shape{1, 32, 32, 3}));
  EXPECT_EQ(set.x().dtype, DType::uint8);
  EXPECT_EQ(set.class_names().size(), 10u);
}

TEST(Patches, HaveEveryClassAboutEquallyOften) {
  const auto counts = dataset_statistics(make_patches(false, 10000)).per_class;
  for (std::int64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 1000, 150);  // five standard deviations
}

TEST(Patches, AreNamedAsTheirSpec) {
  EXPECT_EQ(make_patches(false, 1).name(), "patches:train");
  EXPECT_EQ(make_patches(true, 1).name(), "patches:test");
}

TEST(Patches, RefuseToBeNone) {
  EXPECT_SAYS(error_of([] { make_patches(false, 0); }), "patches: expected 1 sample or more, received 0");
}

}  // namespace
}  // namespace evenkeel
