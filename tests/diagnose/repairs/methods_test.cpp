#include <gtest/gtest.h>

#include "evenkeel/diagnose/codes.h"
#include "tests/diagnose/repairs/mended.h"

namespace evenkeel {
namespace {

TEST(ANormalizationOfAnotherAxis, IsLeftByMethodsThatWorkOnChannels) {
  Sequential model = chain("rows");
  model.add(Conv2D{.filters = 4}, BatchNormalization{.axis = 1}, Flatten{}, Dense{.units = 2});
  const auto network = trained(model);
  for (const char* method : {"fold", "affine", "group-normalization", "batch-renormalization"})
    EXPECT_SAYS(error_of([&] { Mended(*network, method); }), "it normalizes another axis than the last") << method;
  EXPECT_TRUE(Mended(*network, "drop-bias").log.changes.empty());
}

TEST(ANormalizationOfAnotherAxis, HasItsBadRowsSetToZeroBehindIt) {
  Sequential model = chain("rows");
  model.add(Conv2D{.filters = 4}, BatchNormalization{.axis = 1, .name = "bn"}, Flatten{}, Dense{.units = 2});
  const auto healthy = trained(model), network = trained(model);
  for (const char* tensor : {"bn/gamma", "bn/beta"}) spoil(*healthy, tensor, 2, 0);
  spoil(*network, "bn/moving_mean", 2);
  const Mended mended(*network, "remove-channels");
  EXPECT_LT(difference(outputs_of(*healthy, mended.data), outputs_of(*mended.after, mended.data)), kEqual);
}

TEST(Methods, AreFoundByTheCodeThatTheyMend) {
  EXPECT_EQ(methods_named("never-updated").front()->name, "re-estimate");
  EXPECT_EQ(methods_named("not-finite").front()->name, "remove-channels");
}

TEST(Methods, AreThereForEveryCodeThatNamesOne) {
  for (const CodeInfo& info : all_codes()) {
    if (info.repair.empty()) continue;
    EXPECT_EQ(methods_named(std::string(info.code)).front()->name, info.repair) << info.code;
  }
}

TEST(Methods, OfAllKeepTheArchitecture) {
  for (const RepairMethod* method : methods_named("all")) EXPECT_FALSE(method->changes_architecture) << method->name;
}

TEST(Methods, AreNamedWhereAWordIsNearOne) {
  EXPECT_SAYS(error_of([] { methods_named("re-estimat"); }), "Did you mean \"re-estimate\"?");
  EXPECT_SAYS(error_of([] { methods_named("laging"); }), "Did you mean \"lagging\"?");
}

TEST(Methods, RefuseACodeThatNoneMends) {
  EXPECT_SAYS(error_of([] { methods_named("extreme-gamma"); }), "no repair mends \"extreme-gamma\"");
}

}  // namespace
}  // namespace evenkeel
