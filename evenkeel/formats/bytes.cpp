#include "evenkeel/formats/bytes.h"

#include <fmt/format.h>
#include <unistd.h>

#include "evenkeel/base/error.h"

namespace evenkeel::formats {

Bytes allocate_bytes(std::uint64_t size, const std::string& where) {
  const auto memory =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  if (size <= memory) try {
      return Bytes(static_cast<std::size_t>(size));
    } catch (const std::bad_alloc&) {
    }
  throw Error{{.kind = Error::environment,
               .where = where,
               .expected = fmt::format("what fits into this machine's memory ({} bytes)", memory),
               .received = fmt::format("{} bytes", size)}};
}

}  // namespace evenkeel::formats
