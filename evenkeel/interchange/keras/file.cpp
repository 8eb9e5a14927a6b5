#include "evenkeel/interchange/keras/file.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"

namespace evenkeel::interchange::keras {
namespace {

constexpr std::string_view kZipMagic = "PK\x03\x04", kHdf5Magic = "\x89HDF\r\n\x1a\n";

bool starts_with(formats::BytesView bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::ranges::equal(bytes.first(magic.size()), formats::view_of(magic));
}

Json json_from(std::string_view text, const std::string& where) {
  Json json = formats::parse_json(text, where);
  if (!json.is_object())
    throw Error{
        {.where = where, .expected = "a JSON object", .received = json.is_discarded() ? "no JSON" : json.type_name()}};
  return json;
}

Json member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? Json() : *found;
}

Error without_model(const std::string& where) {
  return Error{{.where = where,
                .expected = "a network",
                .received = "its weights alone",
                .hint = "Save the whole model in Keras: model.save(\"model.keras\")."}};
}

formats::Bytes read_member(const formats::ZipReader& zip, const std::string& name, std::uint64_t limit,
                           const std::string& where) {
  const auto found = std::ranges::find(zip.members(), name, &formats::ZipMember::name);
  if (found == zip.members().end())
    throw Error{{.where = where,
                 .expected = fmt::format("a member \"{}\", as in every .keras file", name),
                 .received = "none"}};
  const std::string inside = where + ": " + name;
  if (found->size > limit)
    throw Error{{.where = inside,
                 .expected = "at most " + with_commas(static_cast<std::int64_t>(limit)) + " bytes",
                 .received = with_commas(static_cast<std::int64_t>(found->size))}};
  formats::Bytes bytes;
  zip.read(*found, [&](formats::Reader& in) {
    bytes = formats::allocate_bytes(in.remaining(), inside);
    in.read(bytes);
  });
  if (starts_with(bytes, kZipMagic))
    throw Error{
        {.where = inside, .received = "a zip archive inside a zip archive", .hint = "Keras writes no such file."}};
  return bytes;
}

std::string text_of(const formats::Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Keras also writes weights as .npz, and spreads large ones over several files.
void check_members(const formats::ZipReader& zip, const std::string& where) {
  for (const char* other : {"model.weights.npz", "model.weights.json"})
    if (std::ranges::count(zip.members(), other, &formats::ZipMember::name) > 0)
      throw Error{{.kind = Error::unsupported,
                   .where = where,
                   .expected = fmt::format("weights in \"{}\"", kWeightsMember),
                   .received = fmt::format("\"{}\"", other),
                   .hint = "Save it in Keras without `weights_format` and without shards."}};
}

File archive(formats::BytesView bytes, const std::string& where) {
  const formats::Source source(bytes, where);
  const formats::ZipReader zip(source);
  check_members(zip, where);
  File file{.where = where, .is_archive = true};
  const auto json = [&](const char* name) {
    return json_from(text_of(read_member(zip, name, limits::kModelFileBytes, where)), where + ": " + name);
  };
  file.config = json(kConfigMember);
  file.training = member(file.config, "compile_config");
  if (const Json version = member(json(kMetadataMember), "keras_version"); version.is_string())
    file.keras_version = version;
  file.weights = read_member(zip, kWeightsMember, formats::Bytes().max_size(), where);
  if (!starts_with(file.weights, kHdf5Magic))
    throw Error{{.where = where + ": " + kWeightsMember, .expected = "an HDF5 file", .received = "other bytes"}};
  file.tree = formats::decode_hdf5(file.weights, where + ": " + kWeightsMember);
  return file;
}

File legacy(formats::Bytes bytes, const std::string& where) {
  File file{.where = where};
  file.weights = std::move(bytes);
  file.tree = formats::decode_hdf5(file.weights, where);
  const formats::Hdf5Object* root = file.tree.find("");
  const auto text = [&](const char* name) { return root ? root->text(name) : std::nullopt; };
  const auto config = text("model_config");
  if (!config) throw without_model(where);
  file.config = json_from(*config, where + ": model_config");
  if (const auto training = text("training_config")) file.training = json_from(*training, where + ": training_config");
  file.keras_version = text("keras_version").value_or("");
  file.backend = text("backend").value_or("");
  // Keras 1 and early Keras 2 wrote it beside the weights.
  if (const auto* weights = file.tree.find("model_weights")) {
    if (file.keras_version.empty()) file.keras_version = weights->text("keras_version").value_or("");
    if (file.backend.empty()) file.backend = weights->text("backend").value_or("");
  }
  return file;
}

}  // namespace

File open_bytes(formats::Bytes bytes, const std::string& where) {
  if (starts_with(bytes, kZipMagic)) return archive(bytes, where);
  if (starts_with(bytes, kHdf5Magic)) return legacy(std::move(bytes), where);
  throw Error{{.where = where,
               .expected = "a .keras file (a zip archive) or an .h5 file (HDF5)",
               .received = bytes.empty() ? "an empty file" : "other bytes",
               .hint = "The file is damaged, or not of Keras."}};
}

File open_file(const std::filesystem::path& path) { return open_bytes(formats::read_file(path), path.string()); }

}  // namespace evenkeel::interchange::keras
