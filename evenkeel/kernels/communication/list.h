#pragma once

#include <cstdint>

#include "evenkeel/distributed/communicator.h"
#include "evenkeel/kernels/kernel.h"

// What the lines of a program do that meet those of other processes, as plain descriptions. Operands and outputs are
// those of the ops of the same names (program/ops/communication.h). A process without samples of its own takes part
// with zeros. Cost: the bytes of the operands over the network, and its latency.

namespace evenkeel::kernels {

struct MergeMoments {
  Communicator* among = nullptr;
  std::int64_t rows = 0;   ///< of this process's part of the batch
  std::int64_t total = 0;  ///< of the batch
};
struct SumOverProcesses {
  Communicator* among = nullptr;
  bool counts = true;  ///< false: this process adds nothing
};
struct StartGradientSum {
  Communicator* among = nullptr;
  std::int64_t offset = 0, size = 0;  ///< elements of the block of gradients
  bool counts = true;
};
struct FinishGradientSums {
  Communicator* among = nullptr;
};
Kernel choose(const MergeMoments&, const KernelRequest&);
Kernel choose(const SumOverProcesses&, const KernelRequest&);
Kernel choose(const StartGradientSum&, const KernelRequest&);
Kernel choose(const FinishGradientSums&, const KernelRequest&);

}  // namespace evenkeel::kernels
