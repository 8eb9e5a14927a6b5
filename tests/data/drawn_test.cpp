#include "evenkeel/data/drawn.h"

#include "evenkeel/data/patches.h"
#include "evenkeel/data/statistics.h"
#include "evenkeel/data/strokes.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

struct Drawn {
  std::string name;
  Dataset (*make)(bool test_split, std::int64_t count, std::uint64_t seed);
  Shape image;
  std::string train, test;  ///< the fingerprints of 1000 samples with seed 0
};
void PrintTo(const Drawn& set, std::ostream* os) { *os << set.name; }

class DrawnSets : public testing::TestWithParam<Drawn> {
 protected:
  static Dataset make(bool test_split, std::int64_t count, std::uint64_t seed = 0) {
    return GetParam().make(test_split, count, seed);
  }
};
INSTANTIATE_TEST_SUITE_P(Of, DrawnSets,
                         testing::Values(Drawn{"patches", make_patches, {32, 32, 3}, "577b93db", "78221fd8"},
                                         Drawn{"strokes", make_strokes, {28, 28, 1}, "b0f91185", "34df2426"}),
                         [](const auto& set) { return set.param.name; });

TEST_P(DrawnSets, AreTheSameOnEveryMachine) {
  EXPECT_EQ(make(false, 1000).fingerprint(), GetParam().train);
  EXPECT_EQ(make(true, 1000).fingerprint(), GetParam().test);
}

TEST_P(DrawnSets, DoNotDependOnHowManyAreDrawn) {
  EXPECT_EQ(make(false, 500).range(0, 100).fingerprint(), make(false, 100).fingerprint());
}

TEST_P(DrawnSets, DifferBySplitAndSeed) {
  EXPECT_NE(make(false, 10).fingerprint(), make(true, 10).fingerprint());
  EXPECT_NE(make(false, 10).fingerprint(), make(false, 10, 1).fingerprint());
}

TEST_P(DrawnSets, AreImagesOfTenNamedClasses) {
  const Dataset set = make(false, 1);
  EXPECT_EQ(set.x().shape, GetParam().image.batched(1));
  EXPECT_EQ(set.x().dtype, DType::uint8);
  EXPECT_EQ(set.class_names().size(), 10u);
}

TEST_P(DrawnSets, HaveEveryClassAboutEquallyOften) {
  const auto counts = dataset_statistics(make(false, 10000)).per_class;
  for (std::int64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 1000, 150);  // five standard deviations
}

TEST_P(DrawnSets, AreNamedAsTheirSpec) {
  EXPECT_EQ(make(false, 1).name(), GetParam().name + ":train");
  EXPECT_EQ(make(true, 1).name(), GetParam().name + ":test");
}

TEST_P(DrawnSets, RefuseToBeNone) {
  EXPECT_SAYS(error_of([] { make(false, 0); }), GetParam().name + ": expected 1 sample or more, received 0");
}

}  // namespace
}  // namespace evenkeel
