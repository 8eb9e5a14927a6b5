#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "evenkeel/data/fetch/download.h"
#include "evenkeel/data/fetch/published.h"

namespace evenkeel {

struct FetchProgress {
  enum class Phase { download, unpack };
  Phase phase = Phase::download;
  std::string file;               ///< published name
  std::int64_t done = 0, of = 0;  ///< bytes of it
};

struct FetchOptions {
  std::string data_dir;  ///< the folder to write to; empty: the first of data_directories() that can be written
  std::string url;       ///< a mirror: the address of a folder with the published files, or of the one file
  bool force = false;    ///< fetch again what is already there
  TransferLimits limits = {};
  std::optional<std::chrono::seconds> timeout = {};  ///< of all downloads together
  std::function<void(const FetchProgress&)> progress = {};
  std::stop_token stop = {};
};

struct FetchResult {
  enum class Status { already_there, fetched, interrupted };
  Status status = Status::already_there;
  std::filesystem::path folder;         ///< where the set is
  std::filesystem::path replaced = {};  ///< the new name of the old folder, if it was replaced; else empty
  std::vector<FileReport> files = {};   ///< their states after the fetch
};

/// Downloads the published files of a set, compares their checksums, unpacks them if they are an archive, and puts them
/// where load_dataset looks. A set whose files are all there is not changed, even if they differ from the published
/// ones (`files` reports that). If some files are missing, it is completed, provided that the others are as published.
/// Nothing appears in the set's place before everything is right. With `force`, the replaced folder is kept beside it.
/// An interrupted or failed fetch leaves what it has in FOLDER.part, and the next one continues from there. Errors: no
/// folder to write to; another process fetches the same set; an address or a server that does not have the file;
/// another checksum (then the download is removed); a full disk; an archive that would write elsewhere; a set of which
/// some files are missing and others are not as published.
FetchResult fetch_dataset(const PublishedSet& set, const FetchOptions& options);

}  // namespace evenkeel
