#include "evenkeel/distributed/communicator.h"

#include <algorithm>

#include "evenkeel/base/error.h"

namespace evenkeel {

std::string Communicator::name() const { return "process " + std::to_string(rank_) + " of " + std::to_string(size_); }

void Alone::gather(std::span<const std::byte> own, std::span<std::byte> all) { std::ranges::copy(own, all.begin()); }

void Alone::abort(int code) {
  throw Error{{.kind = Error::internal, .received = "abort with exit code " + std::to_string(code)}};
}

}  // namespace evenkeel
