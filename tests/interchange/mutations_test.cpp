#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "evenkeel/base/philox.h"
#include "evenkeel/formats/file.h"
#include "tests/interchange/foreign_cases.h"
#include "tests/support/memory_limit.h"
#include "tests/support/testing.h"

// The readers are given many damaged files, the same ones on every run: they read them or throw Error. What they must
// not do (read outside, overflow) the sanitizers see: run this under them. EVENKEEL_MUTATIONS is how many of each file.

namespace evenkeel::interchange {
namespace {

namespace fs = std::filesystem;

/// A few bytes changed, a stretch removed, doubled, or overwritten with what lengths and counts fear most.
void mutate(formats::Bytes& bytes, RandomStream& random) {
  const std::uint32_t changes = 1 + random.below(4);
  for (std::uint32_t i = 0; i < changes && !bytes.empty(); ++i) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const std::uint32_t begin = random.below(size), length = std::min(1 + random.below(8), size - begin);
    const auto first = bytes.begin() + begin;
    switch (random.below(7)) {
      case 0: *first = static_cast<std::byte>(random.below(256)); break;
      case 1: *first ^= static_cast<std::byte>(1u << random.below(8)); break;
      case 2: std::fill_n(first, length, random.below(2) ? std::byte{0xff} : std::byte{0}); break;
      case 3: bytes.erase(first, first + length); break;
      case 4: {
        const formats::Bytes doubled(first, first + length);
        bytes.insert(first, doubled.begin(), doubled.end());
        break;
      }
      case 5: *first = static_cast<std::byte>(std::to_integer<unsigned>(*first) + (random.below(2) ? 1 : 255)); break;
      default: std::swap(*first, bytes[random.below(size)]); break;
    }
  }
}

/// Of each file. ONNX's and Keras's readers take about a millisecond, HDF5's library ten: it has a process of its own.
std::uint64_t mutations(std::uint64_t usual) {
  const char* asked = std::getenv("EVENKEEL_MUTATIONS");
  return asked ? std::strtoull(asked, nullptr, 10) : usual;
}

/// Returns how many were read.
std::uint64_t check_mutations(const formats::Bytes& whole, const fs::path& path, std::uint64_t count) {
  std::uint64_t read = 0;
  for (std::uint64_t n = 0; n < count; ++n) {
    RandomStream random({.seed = n});
    formats::Bytes bytes = whole;
    mutate(bytes, random);
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    try {
      const MemoryLimit limit(std::size_t{1} << 30);
      import_network(path);
      ++read;
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), Error::internal) << "mutation " << n << ": " << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "mutation " << n << ", no Error: " << error.what();
    }
  }
  return read;
}

TEST(MutatedNetworks, OfOnnxAreReadOrRefused) {
  const TestFolder folder;
  std::uint64_t read = 0;
  for (const auto& entry : fs::directory_iterator(EVENKEEL_SOURCE_DIR "/tests/fuzz/corpus/onnx")) {
    SCOPED_TRACE(entry.path().filename());
    read += check_mutations(formats::read_file(entry.path()), folder / "net.onnx", mutations(40));
  }
  EXPECT_GT(read, 0u);  // changed weights are still a network
}

TEST(MutatedNetworks, OfKerasAreReadOrRefused) {
  const TestFolder folder;
  const auto cases = read_cases(EVENKEEL_SOURCE_DIR "/tests/interchange/networks/keras.safetensors.gz");
  std::uint64_t read = 0;
  for (const auto& [name, one] : cases) {
    if (one.ending.empty()) continue;
    SCOPED_TRACE(name);
    const auto* data = one.model.data();
    read += check_mutations({data, data + one.model.bytes()}, folder / ("net" + one.ending), mutations(10));
  }
  EXPECT_GT(read, 0u);
}

}  // namespace
}  // namespace evenkeel::interchange
