#include "evenkeel/data/fetch/fetch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/fetch/partial_file.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/data/staging.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/tar.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

bool none_missing(const std::vector<FileReport>& files) {
  return std::ranges::none_of(files, [](const FileReport& file) { return file.state == FileState::missing; });
}

bool can_be_written(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  return !problem && access(folder.c_str(), W_OK | X_OK) == 0;
}

/// The data directories that can be used, in order.
std::vector<fs::path> candidates(const FetchOptions& options) {
  return options.data_dir.empty() ? data_directories() : std::vector<fs::path>{options.data_dir};
}

/// The set's folder in the first directory that can be written.
fs::path choose_folder(const PublishedSet& set, const FetchOptions& options) {
  std::vector<std::string> tried;
  for (const fs::path& directory : candidates(options)) {
    if (can_be_written(directory)) return directory / set.folder;
    tried.push_back(directory.string());
  }
  throw Error{{.kind = Error::environment,
               .where = set.name,
               .expected = "a folder that can be written",
               .received = tried.empty() ? "none: neither EVENKEEL_DATA nor HOME is set" : join(tried),
               .hint = "--data-dir names another."}};
}

/// The folder in which the set is complete already.
std::optional<FetchResult> find_complete(const PublishedSet& set, const std::vector<fs::path>& folders) {
  for (const fs::path& folder : folders) {
    FetchResult result{
        .status = FetchResult::Status::already_there, .folder = folder, .files = check_files(set, folder)};
    if (none_missing(result.files)) return result;
  }
  return {};
}

/// The files that are missing in the folder. Throws Error if that would mix published files with others.
std::vector<PublishedFile> wanted_files(const PublishedSet& set, const fs::path& folder, bool force) {
  const std::vector<FileReport> files = check_files(set, folder);
  const bool all_missing =
      std::ranges::all_of(files, [](const FileReport& file) { return file.state == FileState::missing; });
  if (force || all_missing) return set.files;
  std::vector<PublishedFile> wanted;
  for (const FileReport& file : files) {
    if (file.state == FileState::as_published) continue;
    if (file.state != FileState::missing)
      throw Error{{.where = (folder / file.name).string(),
                   .expected = "all of the set's files, or each one as published",
                   .received = describe(file.state),
                   .hint = "Other files of the set are missing, and published ones may not belong to this one. "
                           "--force fetches the whole set and keeps this folder beside it; --data-dir names another."}};
    wanted.push_back(*std::ranges::find(set.files, file.name, &PublishedFile::name));
  }
  return wanted;
}

/// The published file's address, or that on the mirror.
std::string address_of(const PublishedSet& set, const PublishedFile& file, const std::string& mirror) {
  const std::string& base = mirror.empty() ? set.url : mirror;
  constexpr std::array<std::string_view, 3> kSchemes = {"http://", "https://", "file://"};
  if (std::ranges::none_of(kSchemes, [&](std::string_view scheme) { return base.starts_with(scheme); })) {
    std::error_code ignored;
    const bool is_path = fs::exists(base, ignored);
    throw Error{{.where = "url",
                 .expected = "an address that begins with http://, https:// or file://",
                 .received = without_credentials(base),
                 .hint = is_path ? fmt::format("Write file://{} instead.", fs::absolute(base).string()) : ""}};
  }
  if (base.ends_with("/" + file.name)) return base;
  return base + (base.ends_with('/') ? "" : "/") + file.name;
}

/// Downloads one file to the staging folder and compares its checksum. False if stopped. A file that is there already
/// and has the checksum is right, wherever it came from.
bool bring(const PublishedFile& file, const std::string& url, const fs::path& part, const FetchOptions& options,
           std::chrono::steady_clock::time_point deadline) {
  if (is_as_published(file, part)) return true;
  DownloadOptions download_options{.limits = options.limits, .deadline = deadline, .stop = options.stop};
  if (options.progress)
    download_options.progress = [&](std::int64_t bytes) {
      options.progress({FetchProgress::Phase::download, file.name, bytes, file.bytes});
    };
  if (!download(url, part, file.bytes, download_options)) return false;
  if (is_as_published(file, part)) return true;
  const formats::Checksum received = formats::checksum_of(part, file.checksum.kind);
  PartialFile::remove(part);
  throw Error{{.kind = Error::environment,
               .where = without_credentials(url),
               .expected = "the published file, " + to_string(file.checksum),
               .received = to_string(received),
               .hint = "The download was removed; the next try starts again. --url names another address."}};
}

/// Makes the set's folder in the empty folder `made` from the downloads; nothing if stopped.
std::optional<fs::path> assemble(const PublishedSet& set, const std::vector<PublishedFile>& files,
                                 const StagingFolder& staging, const fs::path& made, const FetchOptions& options) {
  if (set.unpacked.empty()) {
    for (const PublishedFile& file : files) formats::rename_path(staging / (file.name + ".part"), made / file.name);
    return made;
  }
  const PublishedFile& archive = files.front();
  const auto go_on = [&](std::uint64_t done) {
    if (options.progress)
      options.progress({FetchProgress::Phase::unpack, archive.name, static_cast<std::int64_t>(done), archive.bytes});
    return !options.stop.stop_requested();
  };
  if (!formats::unpack_tar(staging / (archive.name + ".part"), made, go_on)) return {};
  go_on(static_cast<std::uint64_t>(archive.bytes));
  if (!none_missing(check_files(set, made / set.folder)))
    throw Error{{.where = archive.name,
                 .expected = fmt::format("a folder {} with the set's files", set.folder),
                 .received = "an archive without them"}};
  return made / set.folder;
}

}  // namespace

FetchResult fetch_dataset(const PublishedSet& set, const FetchOptions& options) {
  if (!options.force) {
    std::vector<fs::path> folders = candidates(options);
    for (fs::path& folder : folders) folder /= set.folder;
    if (auto complete = find_complete(set, folders)) return *complete;
  }
  FetchResult result{.status = FetchResult::Status::interrupted, .folder = choose_folder(set, options), .files = {}};
  StagingFolder staging(result.folder);
  // Another process may just have done it.
  if (!options.force)
    if (auto complete = find_complete(set, {result.folder})) return *complete;
  const std::vector<PublishedFile> files = wanted_files(set, result.folder, options.force);
  const auto deadline = options.timeout ? std::chrono::steady_clock::now() + *options.timeout
                                        : std::chrono::steady_clock::time_point::max();
  for (const PublishedFile& file : files)
    if (!bring(file, address_of(set, file, options.url), staging / (file.name + ".part"), options, deadline))
      return result;
  const ScratchFolder scratch(staging / "unpacked");
  const auto made = assemble(set, files, staging, scratch.path(), options);
  if (!made) return result;
  result.replaced = staging.place(*made);
  staging.remove();
  result.status = FetchResult::Status::fetched;
  result.files = check_files(set, result.folder);
  return result;
}

}  // namespace evenkeel
