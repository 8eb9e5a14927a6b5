#include "evenkeel/config/precision.h"

#include "evenkeel/base/error.h"

namespace evenkeel {

std::string_view name_of(Precision precision) { return precision == Precision::bfloat16 ? "bfloat16" : "float32"; }

void check_precision(Precision precision, const Machine& machine, bool force) {
  if (precision == Precision::float32 || machine.has_bfloat16() || force) return;
  throw Error{{.kind = Error::unsupported,
               .where = "precision bfloat16",
               .expected = "a processor with AVX-512 BF16 or AMX",
               .received = machine.cpu + " (" + machine.features() + ')',
               .hint = "Use --precision float32, or --force for bfloat16 that is slower than that."}};
}

}  // namespace evenkeel
