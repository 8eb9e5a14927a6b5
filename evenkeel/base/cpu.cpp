#include "evenkeel/base/cpu.h"

#include <cpuid.h>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

std::string brand() {
  std::array<std::uint32_t, 12> words{};
  for (unsigned i = 0; i < 3; ++i)
    if (!__get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]))
      return "unknown";
  char text[sizeof words + 1] = {};
  std::memcpy(text, words.data(), sizeof words);
  std::string name = text;
  name.erase(0, name.find_first_not_of(' '));
  return name;
}

bool is_amd() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0, &a, &b, &c, &d) && b == signature_AMD_ebx && c == signature_AMD_ecx && d == signature_AMD_edx;
}

/// The processor's family, as in AMD's lists: 0x17 is Zen 1 and 2, 0x19 is Zen 3 and 4, 0x1a is Zen 5.
unsigned family() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return 0;
  const unsigned base = a >> 8 & 0xf;
  return base == 0xf ? base + (a >> 20 & 0xff) : base;
}

bool bit(unsigned word, int position) { return (word >> position & 1u) != 0; }

Machine detect() {
  Machine machine;
  machine.cpu = brand();
  machine.cores = std::max(1, omp_get_num_procs());
  // __builtin_cpu_supports also asks whether the operating system saves the registers.
  machine.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  machine.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  machine.avx512_in_halves = machine.avx512 && is_amd() && family() == 0x19;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) machine.amx_bf16 = machine.avx512 && bit(d, 22) && bit(d, 24);
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) machine.avx512_bf16 = machine.avx512 && bit(a, 5);
  // Measured: twice the float rate on Zen 4, half of it on Sapphire Rapids (docs/performance.md).
  machine.fast_dots = machine.avx512_bf16 && is_amd();
  return machine;
}

Machine detect_within_limit() {
  const Machine machine = detect();
  const char* isa = std::getenv("EVENKEEL_ISA");
  return isa == nullptr || *isa == '\0' ? machine : machine.limited_to(isa);
}

/// The values of EVENKEEL_ISA, narrowest first. Every processor we run on has the first.
struct InstructionSet {
  std::string_view name;
  bool Machine::*has;
};
constexpr InstructionSet kInstructionSets[] = {{"sse4", nullptr},
                                               {"avx2", &Machine::avx2},
                                               {"avx512", &Machine::avx512},
                                               {"avx512_bf16", &Machine::avx512_bf16},
                                               {"amx", &Machine::amx_bf16}};

}  // namespace

const Machine& Machine::here() {
  static const Machine machine = detect_within_limit();
  return machine;
}

Machine Machine::limited_to(std::string_view isa) const {
  const auto is_ours = [this](const InstructionSet& set) { return set.has == nullptr || this->*set.has; };
  const auto* widest = std::find_if(std::begin(kInstructionSets), std::end(kInstructionSets),
                                    [&](const InstructionSet& set) { return set.name == isa && is_ours(set); });
  if (widest == std::end(kInstructionSets)) {
    std::string known;
    for (const InstructionSet& set : kInstructionSets)
      if (is_ours(set)) known += fmt::format("{}{}", known.empty() ? "" : ", ", set.name);
    throw Error{{.where = "EVENKEEL_ISA",
                 .expected = "an instruction set of this processor (" + known + ")",
                 .received = fmt::format("\"{}\"", isa)}};
  }
  Machine machine = *this;
  machine.limited = true;
  for (const auto* wider = widest + 1; wider != std::end(kInstructionSets); ++wider) machine.*(wider->has) = false;
  machine.fast_dots = fast_dots && machine.avx512_bf16;
  machine.avx512_in_halves = avx512_in_halves && machine.avx512;
  return machine;
}

std::string Machine::features() const {
  std::string text = avx512 ? "AVX-512" : avx2 ? "AVX2" : "SSE2";
  if (avx512_bf16) text += ", AVX-512 BF16";
  if (amx_bf16) text += ", AMX";
  if (limited) text += ", limited by EVENKEEL_ISA";
  return text;
}

}  // namespace evenkeel
