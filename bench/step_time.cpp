// Our worker for bench/compare (protocol: bench/compare/worker.py):
//   step_time --workload W1|W2|W3|R18|M2|E0 --threads N --what step|evaluate|predict --precision float32|bfloat16
//             [--batch-size N]
// then lines
//   step K -> {"ms": [...]}                      K steps on one resident batch
//   peak   -> {"gflops": x, "step_gflop": y}     the machine's FMA peak with these threads, and what a step needs
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <map>
#include <string>

#include "evenkeel/base/error.h"
#include "evenkeel/config/fields.h"
#include "evenkeel/kernels/machine/machine_limits.h"
#include "evenkeel/studies/workloads.h"
#include "evenkeel/train/benchmark.h"

namespace {

using namespace evenkeel;
using Flags = std::map<std::string, std::string>;

int serve(const Flags& flags) {
  Precision precision = Precision::float32;
  if (!convert(flags.at("--precision"), precision))
    throw Error{{.where = "--precision", .expected = kind_of(precision), .received = flags.at("--precision")}};
  const Workload workload = workload_named(flags.at("--workload"));
  const int threads = std::stoi(flags.at("--threads"));
  const std::int64_t given = std::stoll(flags.at("--batch-size"));
  NetworkOptions options{.optimizer = workload.optimizer, .compute = {.threads = threads, .precision = precision}};
  if (flags.at("--what") != "predict") options.loss = workload.loss;
  BenchmarkRun run(workload.model, options, given > 0 ? given : workload.batch_size, flags.at("--what") == "step");
  for (std::string command; std::cin >> command;) {
    if (command == "peak") {
      std::cout << fmt::format("{{\"gflops\": {:.1f}, \"step_gflop\": {:.4f}}}", kernels::fma_gflops(Threads(threads)),
                               totals_of(plan_of(run.executor(), run.context())).flops / 1e9)
                << std::endl;
      continue;
    }
    int count = 0;
    if (command != "step" || !(std::cin >> count)) return 2;
    std::cout << fmt::format("{{\"ms\": [{:.4f}]}}", fmt::join(run.time(count, 0).ms, ", ")) << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  Flags flags = {
      {"--workload", "W3"}, {"--threads", "0"}, {"--what", "step"}, {"--precision", "float32"}, {"--batch-size", "0"}};
  for (int i = 1; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  return serve(flags);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
