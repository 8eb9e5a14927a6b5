#include "evenkeel/program/ops/foreign.h"

#include "evenkeel/base/error.h"

namespace evenkeel::ops {

Kernel Foreign::choose(const KernelRequest&) const {
  throw Error{{.kind = Error::unsupported,
               .where = "layer of kind \"" + detail_ + '"',
               .expected = "a layer of Evenkeel's own",
               .received = "one that only its own framework computes",
               .hint = "The doctor asks that framework; to run the network here, import it."}};
}

}  // namespace evenkeel::ops
