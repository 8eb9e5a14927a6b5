#include "evenkeel/data/fingerprint.h"

#include <fmt/format.h>

#include <span>

#include "evenkeel/formats/deflate.h"

namespace evenkeel {
namespace {

std::uint32_t crc_of_kind(const Shape& shape, DType dtype, std::uint32_t so_far) {
  const std::string header = fmt::format("{} {};", name_of(dtype), to_string(shape));
  return formats::crc32(std::as_bytes(std::span(header)), so_far);
}

}  // namespace

void RunningFingerprint::add(TensorView samples) {
  crc_ = formats::crc32({samples.data, samples.bytes()}, crc_);
  bytes_ += samples.bytes();
}

std::string RunningFingerprint::text(const Shape& x, DType dtype, TensorView y) const {
  std::uint32_t crc = formats::joined_crc32(crc_of_kind(x, dtype, 0), crc_, bytes_);
  if (y.shape.size() > 0) crc = formats::crc32({y.data, y.bytes()}, crc_of_kind(y.shape, y.dtype, crc));
  return fmt::format("{:08x}", crc);
}

}  // namespace evenkeel
