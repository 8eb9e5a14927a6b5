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

/// Calls visit(zip, member, name) for each array.
template <class Visit>
void for_each_array(const Source& source, Visit visit) {
  const ZipReader zip(source);
  for (const ZipMember& member : zip.members())
    if (member.name.ends_with(kSuffix)) visit(zip, member, member.name.substr(0, member.name.size() - kSuffix.size()));
}

template <class Array>
std::map<std::string, Array> decode(const Source& source, const std::vector<std::string>& only,
                                    Array (*decode_one)(Reader&)) {
  std::map<std::string, Array> arrays;
  for_each_array(source, [&](const ZipReader& zip, const ZipMember& member, const std::string& name) {
    if (only.empty() || std::find(only.begin(), only.end(), name) != only.end())
      zip.read(member, [&](Reader& in) { arrays.emplace(name, decode_one(in)); });
  });
  return arrays;
}

}  // namespace

std::map<std::string, Tensor> read_npz(const std::filesystem::path& path, const std::vector<std::string>& only) {
  return decode<Tensor>(Source(path), only, decode_npy);
}

std::map<std::string, Tensor> decode_npz(BytesView bytes, const std::string& name,
                                         const std::vector<std::string>& only) {
  return decode<Tensor>(Source(bytes, name), only, decode_npy);
}

std::vector<std::string> npz_names(const std::filesystem::path& path) {
  std::vector<std::string> names;
  const Source source(path);
  for_each_array(source, [&](const ZipReader&, const ZipMember&, const std::string& name) { names.push_back(name); });
  return names;
}

std::map<std::string, std::variant<Tensor, TextArray>> read_npz_or_texts(const std::filesystem::path& path,
                                                                         const std::vector<std::string>& only) {
  return decode<std::variant<Tensor, TextArray>>(Source(path), only, decode_npy_or_texts);
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
