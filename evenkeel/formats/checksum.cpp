#include "evenkeel/formats/checksum.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/source.h"

namespace evenkeel::formats {
namespace {

const char* name_of(Checksum::Kind kind) { return kind == Checksum::Kind::md5 ? "md5" : "sha256"; }

}  // namespace

std::string to_string(const Checksum& checksum) { return fmt::format("{} {}", name_of(checksum.kind), checksum.hex); }

Checksum checksum_of(const std::filesystem::path& file, Checksum::Kind kind) {
  constexpr std::size_t kPiece = std::size_t{1} << 18;
  const Source source(file);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  bool fine = context && EVP_DigestInit_ex(context.get(), EVP_get_digestbyname(name_of(kind)), nullptr) == 1;
  Bytes piece = allocate_bytes(std::min<std::uint64_t>(kPiece, source.size()), source.name());
  for (std::uint64_t at = 0; fine && at < source.size(); at += piece.size()) {
    const std::span<std::byte> part(piece.data(), std::min<std::uint64_t>(piece.size(), source.size() - at));
    source.read(at, part);
    fine = EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (!fine || EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1)
    throw Error{{.kind = Error::environment,
                 .where = source.name(),
                 .received = fmt::format("OpenSSL cannot compute {} here", name_of(kind))}};
  Checksum result{.kind = kind, .hex = {}};
  for (unsigned char byte : std::span(digest).first(size)) result.hex += fmt::format("{:02x}", byte);
  return result;
}

}  // namespace evenkeel::formats
