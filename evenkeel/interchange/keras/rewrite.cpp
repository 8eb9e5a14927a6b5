#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/keras/file.h"
#include "evenkeel/interchange/layout.h"

namespace evenkeel::interchange {
namespace {

/// The tensors of a file that differ from ours, and their numbers in the file's layout.
struct Replacements {
  std::vector<std::string> names;  ///< ours
  std::vector<Tensor> tensors;
  std::vector<formats::Hdf5Change> changes;
};

bool are_equal(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

Replacements replacements(const keras::File& file, const Record& record, const formats::SafetensorsFile& weights) {
  std::map<std::string, const TensorRecord*> places;
  for (const LayerRecord& layer : record.layers)
    for (const TensorRecord& tensor : layer.tensors) places[tensor.name] = &tensor;
  Replacements all;
  all.tensors.reserve(weights.tensors.size());
  for (const auto& [name, tensor] : weights.tensors) {
    const auto place = places.find(name);
    if (place == places.end())
      throw Error{{.where = file.where, .expected = "a place for \"" + name + '"', .received = "none in this file"}};
    const formats::Hdf5Object* dataset = file.tree.find(place->second->foreign);
    if (!dataset || !dataset->is_dataset || dataset->shape != place->second->foreign_shape)
      throw Error{{.where = fmt::format("{}: \"{}\"", file.where, place->second->foreign),
                   .expected = "a tensor " + to_string(place->second->foreign_shape),
                   .received = dataset && dataset->is_dataset ? to_string(dataset->shape) : "none",
                   .hint = "This is not the file that the network was imported from."}};
    Tensor ours = to_foreign(converted(tensor, DType::float32), *place->second);
    const Tensor theirs = converted(formats::tensor_of(*dataset, file.weights, file.where), DType::float32);
    if (are_equal(ours, theirs)) continue;
    all.names.push_back(name);
    all.tensors.push_back(std::move(ours));
    all.changes.push_back({dataset, all.tensors.back().view()});
  }
  return all;
}

/// The archive with another weights file; all other members as they are.
void write_archive(const formats::Bytes& original, const formats::Bytes& weights, const std::string& where,
                   const std::filesystem::path& out) {
  const formats::Source source(original, where);
  const formats::ZipReader zip(source);
  formats::AtomicFile file(out);
  formats::ZipWriter writer(file);
  for (const formats::ZipMember& member : zip.members()) {
    if (member.name == keras::kWeightsMember) {
      writer.add(member.name, {weights}, member.method != 0);
      continue;
    }
    formats::Bytes bytes;
    zip.read(member, [&](formats::Reader& in) {
      bytes = formats::allocate_bytes(in.remaining(), where);
      in.read(bytes);
    });
    writer.add(member.name, {bytes}, member.method != 0);
  }
  writer.finish();
  file.commit();
}

}  // namespace

std::vector<std::string> rewrite_keras(const std::filesystem::path& original, const Record& record,
                                       const formats::SafetensorsFile& weights, const std::filesystem::path& out) {
  const keras::File file = keras::open_file(original);
  const Replacements all = replacements(file, record, weights);
  const formats::Bytes changed = formats::changed_hdf5(file.weights, all.changes, file.where);
  if (file.is_archive)
    write_archive(formats::read_file(original), changed, file.where, out);
  else
    formats::write_file_atomically(out, changed);
  return all.names;
}

}  // namespace evenkeel::interchange
