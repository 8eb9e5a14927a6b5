#include "evenkeel/data/fetch/published.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/cifar.h"
#include "evenkeel/data/mnist.h"
#include "evenkeel/data/sources.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

formats::Checksum md5(std::string hex) { return {formats::Checksum::Kind::md5, std::move(hex)}; }
formats::Checksum sha256(std::string hex) { return {formats::Checksum::Kind::sha256, std::move(hex)}; }

/// The folder in which sources.cpp looks for the set.
std::string folder_of(const std::string& name) {
  return std::ranges::find(named_sources(), name, &NamedSource::name)->folder;
}

/// The four files of MNIST and of those published in its form, in the order of mnist_files().
PublishedSet mnist_like(const std::string& name, const std::string& url,
                        const std::array<std::pair<std::int64_t, const char*>, 4>& bytes_and_md5) {
  PublishedSet set{.name = name, .folder = folder_of(name), .url = url, .files = {}, .unpacked = {}};
  for (std::size_t i = 0; i < bytes_and_md5.size(); ++i)
    set.files.push_back({mnist_files()[i] + ".gz", bytes_and_md5[i].first, md5(bytes_and_md5[i].second)});
  return set;
}

constexpr std::int64_t kCifar10Record = 1 + 3072, kCifar100Record = 2 + 3072;

/// The files with so many records of so many bytes, then those with names, whose size is not checked.
std::vector<std::pair<std::string, std::int64_t>> cifar_like(const std::vector<std::string>& names,
                                                             const std::vector<std::int64_t>& records,
                                                             std::int64_t record_bytes) {
  std::vector<std::pair<std::string, std::int64_t>> files;
  for (std::size_t i = 0; i < names.size(); ++i)
    files.emplace_back(names[i], i < records.size() ? records[i] * record_bytes : 0);
  return files;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::int64_t size_of_file(const fs::path& path) {
  std::error_code problem;
  const auto size = fs::file_size(path, problem);
  return problem ? -1 : static_cast<std::int64_t>(size);
}

FileState state_of_download(const PublishedFile& file, const fs::path& folder) {
  const fs::path path = folder / file.name;
  if (is_file(path)) return is_as_published(file, path) ? FileState::as_published : FileState::differs;
  const bool is_unpacked = path.extension() == ".gz" && is_file(folder / path.stem());
  return is_unpacked ? FileState::unchecked : FileState::missing;
}

FileState state_of_unpacked(const fs::path& path, std::int64_t bytes) {
  if (!is_file(path)) return FileState::missing;
  return bytes == 0 || size_of_file(path) == bytes ? FileState::unchecked : FileState::differs;
}

}  // namespace

const std::vector<PublishedSet>& published_sets() {
  static const std::vector<PublishedSet> list = {
      mnist_like("mnist", "https://ossci-datasets.s3.amazonaws.com/mnist/",
                 {{{9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"},
                   {28881, "d53e105ee54ea40749a09fcbcd1e9432"},
                   {1648877, "9fb629c4189551a2d022fa330f9573f3"},
                   {4542, "ec29112dd5afa0611ce80d1b7f02629c"}}}),
      // Its publisher offers no https.
      mnist_like("fashion-mnist", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                 {{{26421880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
                   {29515, "25c81989df183df01b3e8a0aad5dffbe"},
                   {4422102, "bef4ecab320f06d8554ea6380940ec79"},
                   {5148, "bb300cfdad3c16e7a12a480ee83cd310"}}}),
      {.name = "cifar10",
       .folder = folder_of("cifar10"),
       .url = "https://www.cs.toronto.edu/~kriz/",
       .files = {{"cifar-10-binary.tar.gz", 170052171,
                  sha256("c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")}},
       .unpacked = cifar_like(cifar10_files(), {10000, 10000, 10000, 10000, 10000, 10000}, kCifar10Record)},
      {.name = "cifar100",
       .folder = folder_of("cifar100"),
       .url = "https://www.cs.toronto.edu/~kriz/",
       .files = {{"cifar-100-binary.tar.gz", 168513733, md5("03b5dce01913d631647c71ecec9e9cb8")}},
       .unpacked = cifar_like(cifar100_files(), {50000, 10000}, kCifar100Record)},
  };
  return list;
}

const PublishedSet& published_set(const std::string& name) {
  std::vector<std::string> known;
  for (const PublishedSet& set : published_sets()) {
    if (same_name(set.name, name)) return set;
    known.push_back(set.name);
  }
  const bool drawn =
      std::ranges::any_of(named_sources(), [&](const auto& source) { return same_name(source.name, name); });
  if (drawn)
    throw Error{{.where = name, .received = "nothing to fetch: the program draws this set itself", .hint = ""}};
  const std::string near = nearest(name, known);
  throw Error{{.where = "data",
               .received = fmt::format("\"{}\" is not a data set that can be fetched", name),
               .hint = fmt::format("Those that can: {}.{}", join(known),
                                   near.empty() ? "" : fmt::format(" Did you mean \"{}\"?", near))}};
}

bool is_as_published(const PublishedFile& file, const fs::path& path) {
  return size_of_file(path) == file.bytes && formats::checksum_of(path, file.checksum.kind) == file.checksum;
}

const char* name_of(FileState state) {
  constexpr std::array kNames = {"as_published", "differs", "unchecked", "missing"};
  return kNames[static_cast<std::size_t>(state)];
}

const char* describe(FileState state) {
  constexpr std::array kTexts = {"as published", "differs from the published file (re-encoded?)",
                                 "not checked: unpacked from an archive", "missing"};
  return kTexts[static_cast<std::size_t>(state)];
}

std::vector<FileReport> check_files(const PublishedSet& set, const fs::path& folder) {
  std::vector<FileReport> reports;
  for (const auto& [name, bytes] : set.unpacked) reports.push_back({name, state_of_unpacked(folder / name, bytes)});
  if (set.unpacked.empty())
    for (const PublishedFile& file : set.files) reports.push_back({file.name, state_of_download(file, folder)});
  return reports;
}

}  // namespace evenkeel
