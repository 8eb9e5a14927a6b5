#include "evenkeel/runs/import_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evenkeel/base/text.h"
#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/formats/source.h"
#include "evenkeel/interchange/record_json.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/nn/weights_misfit.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kImportFiles[] = {"model.toml", "weights.safetensors", kImportRecord, kImportedSlots};

/// Without the separator at its end, so that it has a name.
fs::path with_name(const fs::path& folder) { return folder.has_filename() ? folder : folder.parent_path(); }

/// The names of what is in a folder.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure))
    names.push_back(entry->path().filename().string());
  if (failure)
    throw Error{{.kind = Error::environment,
                 .where = folder.string(),
                 .expected = "a readable folder",
                 .received = failure.message()}};
  std::ranges::sort(names);
  return names;
}

/// Removes an unfinished folder, unless it has become the real one.
struct UnfinishedFolder {
  fs::path path;
  UnfinishedFolder(fs::path folder) : path(std::move(folder)) { formats::make_folder(path); }
  UnfinishedFolder(const UnfinishedFolder&) = delete;
  ~UnfinishedFolder() {
    std::error_code none;
    fs::remove_all(path, none);
  }
};

void write_tensors(const interchange::Imported& imported, const fs::path& path, const std::string& model) {
  const CompiledModel compiled = compile(imported.file.model, {.batch_size = 1});
  if (const auto misfit = weights_misfit(imported.record.file, imported.weights, false, compiled.weights))
    throw *misfit;
  std::vector<formats::SafetensorsEntry> entries;
  for (const WeightInfo& weight : compiled.weights)
    entries.push_back({weight.name, *imported.weights.find(weight.name)});
  std::map<std::string, std::string> metadata = imported.weights.metadata;
  metadata["format"] = kWeightsFormat;
  metadata["model"] = model;
  formats::write_safetensors(path, entries, metadata);
}

}  // namespace

void check_import_folder(const fs::path& folder) {
  if (!formats::exists(folder)) return;
  const auto refused = [&](const std::string& received) {
    return Error{{.where = folder.string(),
                  .expected = "the name of a new folder, or the folder of an earlier import",
                  .received = received,
                  .hint = "Choose another --out."}};
  };
  if (!formats::is_folder(folder)) throw refused("a file");
  const std::vector<std::string> names = names_in(folder);
  if (names.empty()) return;
  if (std::ranges::count(names, kImportRecord) == 0) throw refused("a folder with other files (" + names[0] + ')');
  for (const std::string& name : names)
    if (std::ranges::count(kImportFiles, name) == 0) throw refused("a folder that has more than an import: " + name);
}

void write_import_folder(const interchange::Imported& imported, const fs::path& wanted) {
  const fs::path folder = with_name(wanted);
  check_import_folder(folder);
  const fs::path above = folder.parent_path();
  if (!above.empty()) formats::make_folder(above);
  const std::string hidden = '.' + folder.filename().string() + fmt::format(".{}", ::getpid());
  const UnfinishedFolder made(above / (hidden + ".new"));
  const std::string model = write_model_file(imported.file);
  formats::write_file_atomically(made.path / "model.toml", model);
  write_tensors(imported, made.path / "weights.safetensors", model);
  if (!imported.slots.tensors.empty()) {
    std::vector<formats::SafetensorsEntry> entries;
    for (const auto& [name, tensor] : imported.slots.tensors) entries.push_back({name, tensor});
    formats::write_safetensors(made.path / kImportedSlots, entries, imported.slots.metadata);
  }
  write_import_record(imported.record, made.path);
  if (!formats::exists(folder) || names_in(folder).empty()) {
    formats::rename_path(made.path, folder);
  } else {
    const UnfinishedFolder old(above / (hidden + ".old"));
    formats::rename_path(folder, old.path);
    formats::rename_path(made.path, folder);
  }
  formats::sync_folder(above.empty() ? fs::path(".") : above);
}

std::optional<interchange::Record> import_record_in(const fs::path& folder) {
  const fs::path path = folder / kImportRecord;
  if (!formats::exists(path)) return {};
  return interchange::record_from(formats::read_json(path), path.string());
}

std::string checksum_of(const fs::path& file) {
  const formats::Source source(file);
  formats::Reader reader(source, 0, source.size(), source.name(), formats::Reader::Sum::crc32);
  formats::Bytes piece(std::size_t{1} << 20);  // a network's file may be as large as the memory that is left
  while (reader.remaining() > 0)
    reader.read(std::span(piece).first(std::min<std::uint64_t>(piece.size(), reader.remaining())));
  return fmt::format("{:08x}", reader.crc());
}

void write_import_record(const interchange::Record& record, const fs::path& folder) {
  formats::write_file_atomically(folder / kImportRecord, formats::json_text(to_json(record), 2) + '\n');
}

fs::path original_file(const interchange::Record& record) {
  const fs::path path = record.file;
  if (!formats::exists(path))
    throw Error{
        {.where = record.file,
         .expected = "the file that the network was imported from",
         .received = "no such file",
         .hint = "Put it back, run where its path is right, or write the network anew with `evenkeel export`."}};
  if (!record.checksum.empty() && checksum_of(path) != record.checksum)
    throw Error{{.where = record.file,
                 .expected = "the file that the network was imported from",
                 .received = "one that has changed since",
                 .hint = "Import it again, or write the network anew with `evenkeel export`."}};
  return path;
}

}  // namespace evenkeel
