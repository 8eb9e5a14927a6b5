#include "evenkeel/formats/npz.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/npy.h"
#include "evenkeel/formats/zip.h"

namespace evenkeel::formats {
namespace {

constexpr std::string_view kSuffix = ".npy";

std::map<std::string, Tensor> decode(const Source& source, const std::vector<std::string>& only) {
  const ZipReader zip(source);
  std::map<std::string, Tensor> arrays;
  for (const ZipMember& member : zip.members()) {
    if (!member.name.ends_with(kSuffix)) continue;
    const std::string name = member.name.substr(0, member.name.size() - kSuffix.size());
    if (only.empty() || std::find(only.begin(), only.end(), name) != only.end())
      zip.read(member, [&](Reader& in) { arrays.emplace(name, decode_npy(in)); });
  }
  return arrays;
}

}  // namespace

std::map<std::string, Tensor> read_npz(const std::filesystem::path& path, const std::vector<std::string>& only) {
  return decode(Source(path), only);
}

std::map<std::string, Tensor> decode_npz(BytesView bytes, const std::string& name,
                                         const std::vector<std::string>& only) {
  return decode(Source(bytes, name), only);
}

void write_npz(const std::filesystem::path& path, const std::vector<NpzEntry>& entries, bool compressed) {
  constexpr std::size_t kLongestName = 0xffff - kSuffix.size();
  AtomicFile file(path);
  ZipWriter zip(file);
  std::set<std::string_view> names;
  for (const auto& [name, tensor] : entries) {
    if (name.size() > kLongestName || !names.insert(name).second)
      throw Error{{.where = file.name(),
                   .expected = "array names that occur once and are shorter than 64 KiB",
                   .received = fmt::format("\"{:.100}\"", name)}};
    zip.add(name + std::string(kSuffix), {encode_npy_header(tensor), {tensor.data, tensor.bytes()}}, compressed);
  }
  zip.finish();
  file.commit();
}

}  // namespace evenkeel::formats
