#include "evenkeel/base/cpu.h"
#include "evenkeel/kernels/convolution/convolution.h"
#include "tests/kernels/convolution_cases.h"
#include "tests/kernels/kernel_test.h"

// These say most where EVENKEEL_ISA limits the test program: `make test` runs it with avx2 too.

namespace evenkeel::kernels {
namespace {

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(InstructionSets, OfOurKernelsAreThisMachines) {
  const Machine& machine = Machine::here();
  for (const std::int64_t target : targets_of_this_machine())
    EXPECT_TRUE((target != HWY_AVX3 || machine.avx512) && (target != HWY_AVX2 || machine.avx2))
        << hwy::TargetName(target);
}

TEST(InstructionSets, OfTheKernelsThatRunAreTheWidestOfThese) {
  hwy::SupportedTargets();  // chooses for Highway itself, not for us
  hwy::ChosenTarget widest;
  widest.Update(targets_of_this_machine().front());
  EXPECT_EQ(chosen_target().GetIndex(), widest.GetIndex());
}

TEST(InstructionSets, OfOneDnnAreThisMachines) {
  const Machine& machine = Machine::here();
  const Case at = make_case(64, {28, 28}, 1, 4, {3, 3}, {1, 1}, Pad::same);
  const std::string name = prepare_convolution(at.window, at.filters, true, Activation::relu, machine, Threads(1)).name;
  EXPECT_TRUE(machine.avx512 || !has(name, "avx512")) << name;
  EXPECT_TRUE(machine.avx2 || !has(name, "avx2")) << name;
}

}  // namespace
}  // namespace evenkeel::kernels
