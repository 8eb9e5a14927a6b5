// Every decoder is given thousands of damaged files, the same ones on every run: it must decode them or throw Error.
// What it must not do (read outside, overflow, ask for absurd memory) the sanitizers see: run this under them.
#include <functional>

#include "evenkeel/base/philox.h"
#include "evenkeel/formats/cifar.h"
#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/idx.h"
#include "evenkeel/formats/image.h"
#include "evenkeel/formats/image_header.h"
#include "evenkeel/formats/npy.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/formats/safetensors.h"
#include "evenkeel/formats/tfrecord.h"
#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

constexpr std::uint64_t kMutations = 2000;

struct Format {
  const char* name;
  std::vector<std::string> fixtures;
  std::function<void(BytesView)> decode;
};

void PrintTo(const Format& format, std::ostream* out) { *out << format.name; }

void decode_image_and_header(BytesView bytes) {
  why_no_image(bytes);
  image_header(bytes);
  decode_image(bytes, "x");
}

std::vector<Format> formats() {
  return {{"idx", {"pixels.idx", "int32.idx"}, [](BytesView bytes) { decode_idx(bytes, "x"); }},
          {"gzip", {"pixels.idx.gz"}, [](BytesView bytes) { gunzip(bytes, 1 << 20, "x"); }},
          {"npy", {"float32.npy", "int16.npy", "structured.npy"}, [](BytesView bytes) { decode_npy(bytes, "x"); }},
          {"npz",
           {"stored.npz", "compressed.npz", "zip64.npz", "data_descriptor.npz"},
           [](BytesView bytes) { decode_npz(bytes, "x"); }},
          {"tfrecord",
           {"records.tfrecord"},
           [](BytesView bytes) {
             const Source source(bytes, "x");
             RecordReader reader(source);
             while (reader.next()) {
             }
           }},
          {"safetensors", {"mixed.safetensors"}, [](BytesView bytes) { decode_safetensors(bytes, "x"); }},
          {"cifar", {"cifar10.bin"}, [](BytesView bytes) { decode_cifar(bytes, kCifar10, "x"); }},
          {"jpeg",
           {"gray.jpg", "rgb.jpg", "progressive.jpg", "cmyk.jpg"},
           [](BytesView bytes) { decode_image_and_header(bytes); }},
          {"png", {"rgb.png", "palette_transparent.png", "interlaced.png", "gray16.png"}, [](BytesView bytes) {
             decode_image_and_header(bytes);
           }}};
}

/// A few bytes changed, a stretch removed, doubled or overwritten with what lengths and counts fear most.
Bytes mutated(Bytes bytes, RandomStream& random) {
  const auto place = [&] { return bytes.empty() ? 0 : random.below(static_cast<std::uint32_t>(bytes.size())); };
  const std::uint32_t changes = 1 + random.below(4);
  for (std::uint32_t i = 0; i < changes && !bytes.empty(); ++i) {
    const std::uint32_t begin = place();
    const std::uint32_t length = std::min(1 + random.below(8), static_cast<std::uint32_t>(bytes.size()) - begin);
    const auto first = bytes.begin() + begin;
    switch (random.below(6)) {
      case 0: *first = static_cast<std::byte>(random.below(256)); break;
      case 1: *first ^= static_cast<std::byte>(1u << random.below(8)); break;
      case 2: std::fill_n(first, length, random.below(2) ? std::byte{0xff} : std::byte{0}); break;
      case 3: bytes.erase(first, first + length); break;
      case 4: {
        const Bytes doubled(first, first + length);
        bytes.insert(first, doubled.begin(), doubled.end());
        break;
      }
      case 5: bytes.resize(begin); break;
    }
  }
  return bytes;
}

/// Puts the crc of every PNG chunk right, so that damage reaches what lies after that check.
void mend_png(Bytes& bytes) {
  for (std::size_t chunk = 8; chunk + 12 <= bytes.size();) {
    const std::uint64_t length = swapped(load_little<std::uint32_t>(bytes.data() + chunk));
    if (chunk + 12 + length > bytes.size()) return;
    const std::uint32_t crc = swapped(crc32(BytesView(bytes).subspan(chunk + 4, length + 4)));
    std::memcpy(bytes.data() + chunk + 8 + length, &crc, sizeof crc);
    chunk += 12 + length;
  }
}

class HostileBytes : public testing::TestWithParam<Format> {};

TEST_P(HostileBytes, AreDecodedOrRefusedByAnError) {
  const Format& format = GetParam();
  std::uint64_t refused = 0;
  for (const std::string& name : format.fixtures) {
    const Bytes whole = read_file(fixture(name));
    for (std::uint64_t i = 0; i < kMutations; ++i) {
      RandomStream random({.seed = i, .purpose = Purpose::study});
      Bytes bytes = mutated(whole, random);
      if (i % 2 == 0 && format.name == std::string("png")) mend_png(bytes);
      try {
        format.decode(bytes);
      } catch (const Error& error) {
        ++refused;
        EXPECT_FALSE(error.parts().where.empty()) << error.what();
      }
    }
  }
  EXPECT_GT(refused, kMutations / 4) << "the mutations hardly damage anything";
}

INSTANTIATE_TEST_SUITE_P(Formats, HostileBytes, testing::ValuesIn(formats()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace evenkeel::formats
