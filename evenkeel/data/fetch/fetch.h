#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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
  std::string data_dir;  ///< where to, and nowhere else; empty: the first of data_directories() that can be written
  std::string url;       ///< a mirror: the address of a folder with the published files, or of the one file
  bool force = false;    ///< fetch anew what is there
  TransferLimits limits = {};
  std::function<void(const FetchProgress&)> progress = {};
  std::stop_token stop = {};
};

struct FetchResult {
  enum class Status { already_there, fetched, interrupted };
  Status status = Status::already_there;
  std::filesystem::path folder;         ///< where the set lies
  std::filesystem::path replaced = {};  ///< where the folder lies that it took the place of; empty if there was none
  std::vector<FileReport> files = {};   ///< as they are now
};

/// Downloads the published files of a set, holds them to their checksums, unpacks them if they are an archive, and puts
/// them where load_dataset looks. A set whose files are all there is left alone, whether or not they are as published
/// (`files` says it); one of which some are missing is completed if the others are as published. Nothing is seen in the
/// set's place before all is right; what is replaced (`force`) is kept beside it. An interrupted or failed fetch leaves
/// what it has in FOLDER.part, and the next one goes on from there.
/// Errors: no folder to write to, another process at the same set, an address or a server that does not give the
/// file, another checksum (what was downloaded is removed), a full disk, an archive that would write elsewhere, a set
/// of which some files are missing and others not as published.
FetchResult fetch_dataset(const PublishedSet& set, const FetchOptions& options);

}  // namespace evenkeel
