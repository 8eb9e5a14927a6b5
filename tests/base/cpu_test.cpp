#include "evenkeel/base/cpu.h"

#include "evenkeel/base/threads.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

const Machine kWide{
    .cpu = "any", .avx2 = true, .avx512 = true, .avx512_bf16 = true, .fast_dots = true, .amx_bf16 = true};

TEST(Machine, HasANameAndACore) {
  EXPECT_FALSE(Machine::here().cpu.empty());
  EXPECT_GE(Machine::here().cores, usable_cores());
}

TEST(Machine, NamesTheWidestInstructionsFirst) {
  Machine machine;
  EXPECT_EQ(machine.features(), "SSE2");
  machine.avx2 = true;
  EXPECT_EQ(machine.features(), "AVX2");
  EXPECT_EQ(kWide.features(), "AVX-512, AVX-512 BF16, AMX");
}

TEST(Machine, ClaimsNoBfloat16WithoutAvx512) {
  const Machine& machine = Machine::here();
  EXPECT_TRUE(machine.avx512 || !(machine.avx512_bf16 || machine.amx_bf16));
}

TEST(Machine, HasNothingWiderThanItsLimit) {
  EXPECT_EQ(kWide.limited_to("amx").features(), "AVX-512, AVX-512 BF16, AMX, limited by EVENKEEL_ISA");
  EXPECT_EQ(kWide.limited_to("avx512_bf16").features(), "AVX-512, AVX-512 BF16, limited by EVENKEEL_ISA");
  EXPECT_EQ(kWide.limited_to("avx512").features(), "AVX-512, limited by EVENKEEL_ISA");
  EXPECT_EQ(kWide.limited_to("avx2").features(), "AVX2, limited by EVENKEEL_ISA");
  EXPECT_EQ(kWide.limited_to("sse4").features(), "SSE2, limited by EVENKEEL_ISA");
}

TEST(Machine, LosesFastDotProductsWithDotProducts) {
  EXPECT_TRUE(kWide.limited_to("avx512_bf16").fast_dots);
  EXPECT_FALSE(kWide.limited_to("avx512").fast_dots);
}

TEST(Machine, ComputesNoAvx512InHalvesWithoutAvx512) {
  Machine machine = kWide;
  machine.avx512_in_halves = true;
  EXPECT_TRUE(machine.limited_to("avx512").avx512_in_halves);
  EXPECT_FALSE(machine.limited_to("avx2").avx512_in_halves);
}

TEST(Machine, RefusesALimitThatIsNoneOfItsOwn) {
  const Machine narrow{.cpu = "any", .avx2 = true};
  for (const char* wrong : {"avx512", "AVX2", "avx10", " avx2"})
    EXPECT_EQ(error_of([&] { narrow.limited_to(wrong); }),
              std::string("EVENKEEL_ISA: expected an instruction set of this processor (sse4, avx2), received \"") +
                  wrong + "\".");
}

}  // namespace
}  // namespace evenkeel
