#include "evenkeel/data/fetch/fetch.h"

#include <algorithm>
#include <optional>

#include "evenkeel/data/staging.h"
#include "evenkeel/formats/file.h"
#include "tests/data/helpers.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/http_server.h"
#include "tests/support/tar_writer.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;
using Status = FetchResult::Status;

std::string read(const fs::path& path) {
  const formats::Bytes bytes = formats::read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A set of small files, published by a server on 127.0.0.1; DIR is data/ in the test's folder.
class Fetch : public testing::Test {
 protected:
  Fetch() {
    setenv("no_proxy", "127.0.0.1", 1);
    options_.data_dir = (folder_ / "data").string();
    options_.limits = {.retries = 0, .retry_pause = std::chrono::milliseconds(0)};
    fs::create_directories(folder_ / "published");
  }

  void publish(const std::string& name, const std::string& text) {
    formats::write_file_atomically(folder_ / "published" / name, text);
    publish(name);
  }
  void publish(const std::string& name) {
    const fs::path path = folder_ / "published" / name;
    const auto checksum = formats::checksum_of(path, formats::Checksum::Kind::sha256);
    set_.files.push_back({name, static_cast<std::int64_t>(fs::file_size(path)), checksum});
    published_[name] = read(path);
  }
  void publish_two_files() {
    publish("a", "the first file");
    publish("b", "the second file");
    serve();
  }
  void publish_archive(const std::vector<TarEntry>& entries) {
    write_tar(folder_ / "published" / "set.tar.gz", entries);
    publish("set.tar.gz");
    set_.unpacked = {{"x.bin", 100000}, {"names.txt", 0}};
    serve();
  }
  void publish_archive() { publish_archive({{"set/x.bin", std::string(100000, 'x')}, {"set/names.txt", "a\nb\n"}}); }
  /// Serves what was published, or what is said to be.
  void serve() {
    server_.emplace(published_);
    set_.url = server_->url();
  }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories(set_folder());
    formats::write_file_atomically(set_folder() / name, text);
  }
  fs::path set_folder() const { return folder_ / "data" / "set"; }
  fs::path staging() const { return folder_ / "data" / "set.part"; }
  FetchResult fetch() { return fetch_dataset(set_, options_); }
  std::string refusal() {
    return error_of([&] { fetch(); });
  }

  TestFolder folder_;
  std::map<std::string, std::string> published_;
  PublishedSet set_{.name = "set", .folder = "set", .url = "", .files = {}, .unpacked = {}};
  FetchOptions options_;
  std::optional<FileServer> server_;
};

TEST_F(Fetch, PutsTheFilesIntoTheSetsFolder) {
  publish_two_files();
  const FetchResult result = fetch();
  EXPECT_EQ(result.status, Status::fetched);
  EXPECT_EQ(result.folder, set_folder());
  EXPECT_EQ(read(set_folder() / "a"), "the first file");
  EXPECT_EQ(read(set_folder() / "b"), "the second file");
}

TEST_F(Fetch, LeavesNothingElseBehind) {
  publish_two_files();
  fetch();
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "data"), {}), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(set_folder()), {}), 2);
}

TEST_F(Fetch, LeavesACompleteSetAlone) {
  publish_two_files();
  fetch();
  EXPECT_EQ(fetch().status, Status::already_there);
  EXPECT_EQ(server_->requests().size(), 2u);
}

TEST_F(Fetch, LeavesACompleteSetOfOtherFilesAloneAndSaysSo) {
  publish_two_files();
  write("a", "encoded anew");
  write("b", "the second file");
  const FetchResult result = fetch();
  EXPECT_EQ(result.status, Status::already_there);
  EXPECT_EQ(result.files[0].state, FileState::differs);
  EXPECT_EQ(result.files[1].state, FileState::as_published);
  EXPECT_EQ(read(set_folder() / "a"), "encoded anew");
}

TEST_F(Fetch, BringsJustTheFilesThatAreMissing) {
  publish_two_files();
  write("b", "the second file");
  EXPECT_EQ(fetch().status, Status::fetched);
  EXPECT_EQ(server_->requests().size(), 1u);
  EXPECT_EQ(read(set_folder() / "a"), "the first file");
}

TEST_F(Fetch, DoesNotMixPublishedFilesWithOthers) {
  publish_two_files();
  write("b", "another set's");
  EXPECT_SAYS(refusal(), "b: expected all of the set's files, or each one as published, received differs");
  EXPECT_FALSE(fs::exists(set_folder() / "a"));
}

TEST_F(Fetch, KeepsTheFilesOfOthersInTheFolder) {
  publish_two_files();
  write("notes.txt", "mine");
  fetch();
  EXPECT_EQ(read(set_folder() / "notes.txt"), "mine");
}

TEST_F(Fetch, ByForceReplacesTheFolderAndKeepsTheOldOne) {
  publish_two_files();
  write("a", "encoded anew");
  write("notes.txt", "mine");
  options_.force = true;
  const FetchResult result = fetch();
  EXPECT_EQ(read(set_folder() / "a"), "the first file");
  EXPECT_EQ(result.replaced, folder_ / "data" / "set.replaced-1");
  EXPECT_EQ(read(result.replaced / "a"), "encoded anew");
  EXPECT_EQ(read(result.replaced / "notes.txt"), "mine");
}

TEST_F(Fetch, ByForceTwiceKeepsBothOldFolders) {
  publish_two_files();
  write("a", "encoded anew");
  options_.force = true;
  fetch();
  EXPECT_EQ(fetch().replaced, folder_ / "data" / "set.replaced-2");
  EXPECT_EQ(read(folder_ / "data" / "set.replaced-1" / "a"), "encoded anew");
}

TEST_F(Fetch, FollowsALinkToTheFolder) {
  publish_two_files();
  fs::create_directories(folder_ / "data");
  fs::create_directories(folder_ / "elsewhere/set");
  fs::create_directory_symlink(folder_ / "elsewhere/set", set_folder());
  fetch();
  EXPECT_TRUE(fs::is_symlink(set_folder()));
  EXPECT_EQ(read(folder_ / "elsewhere/set/a"), "the first file");
}

TEST_F(Fetch, RefusesAWrongChecksumAndNamesBoth) {
  publish("a", "the first file");
  const std::string expected = set_.files[0].checksum.hex;
  published_["a"] = "the worst file";
  serve();
  const std::string error = refusal();
  EXPECT_SAYS(error, "expected the published file, sha256 " + expected);
  EXPECT_SAYS(error, "received sha256 ");
}

TEST_F(Fetch, BeginsAnewAfterAWrongChecksum) {
  publish("a", "the first file");
  published_["a"] = "the worst file";
  serve();
  refusal();
  EXPECT_FALSE(fs::exists(staging()));
  options_.url = "file://" + (folder_ / "published").string();
  EXPECT_EQ(fetch().status, Status::fetched);
}

TEST_F(Fetch, LosesNothingToAWrongChecksum) {
  publish("a", "the first file");
  published_["a"] = "the worst file";
  serve();
  write("a", "encoded anew");
  options_.force = true;
  refusal();
  EXPECT_EQ(read(set_folder() / "a"), "encoded anew");
}

TEST_F(Fetch, SeesThatAPartWasDamagedOnTheDisk) {
  publish("a", "the first file");
  publish("b", "the second file");
  published_.erase("b");
  serve();
  refusal();
  formats::write_file_atomically(staging() / "a.part", std::string("the worst file"));
  EXPECT_SAYS(refusal(), "expected the published file, sha256");
}

TEST_F(Fetch, ShowsNothingOfASetBeforeAllFilesAreThere) {
  publish("a", "the first file");
  publish("b", "the second file");
  published_.erase("b");
  serve();
  EXPECT_SAYS(refusal(), "HTTP status 404");
  EXPECT_FALSE(fs::exists(set_folder()));
}

TEST_F(Fetch, KeepsTheFilesThatCameForTheNextTry) {
  publish("a", "the first file");
  publish("b", "the second file");
  published_.erase("b");
  serve();
  refusal();
  options_.url = "file://" + (folder_ / "published").string();
  fs::remove(folder_ / "published" / "a");
  EXPECT_EQ(fetch().status, Status::fetched);
}

TEST_F(Fetch, GoesOnWithADownloadThatBroke) {
  publish("a", std::string(100000, 'x'));
  serve();
  server_->break_after(40000);
  refusal();
  server_->break_after(-1);
  EXPECT_EQ(fetch().status, Status::fetched);
  EXPECT_EQ(server_->requests().back().range, "bytes=40000-");
}

TEST_F(Fetch, UnpacksAnArchive) {
  publish_archive();
  EXPECT_EQ(fetch().files[0].state, FileState::unchecked);
  EXPECT_EQ(read(set_folder() / "x.bin"), std::string(100000, 'x'));
  EXPECT_EQ(read(set_folder() / "names.txt"), "a\nb\n");
}

TEST_F(Fetch, KeepsNoArchive) {
  publish_archive();
  fetch();
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "data"), {}), 1);
}

TEST_F(Fetch, LeavesAnUnpackedSetAlone) {
  publish_archive();
  fetch();
  EXPECT_EQ(fetch().status, Status::already_there);
}

TEST_F(Fetch, DoesNotMixAnArchivesFilesWithOthers) {
  publish_archive();
  write("x.bin", std::string(100000, 'y'));
  EXPECT_SAYS(refusal(), "Other files of the set are missing");
}

TEST_F(Fetch, RefusesAnArchiveThatWritesElsewhere) {
  publish_archive({{"set/x.bin", std::string(100000, 'x')}, {"set/../../../names.txt", ""}});
  EXPECT_SAYS(refusal(), "a name with \"..\"");
  EXPECT_FALSE(fs::exists(set_folder()));
}

TEST_F(Fetch, RefusesAnArchiveWithoutTheSetsFiles) {
  publish_archive({{"set/x.bin", std::string(100000, 'x')}});
  EXPECT_SAYS(refusal(), "an archive without them");
  EXPECT_FALSE(fs::exists(set_folder()));
}

TEST_F(Fetch, KeepsTheArchiveWhereTheDiskIsTooFullToUnpack) {
  publish_archive();
  {
    const FileSizeLimit limit(50000);
    EXPECT_SAYS(refusal(), "expected room for the file");
  }
  EXPECT_FALSE(fs::exists(set_folder()));
  EXPECT_FALSE(fs::exists(staging() / "unpacked"));
  EXPECT_EQ(fetch().status, Status::fetched);
  EXPECT_EQ(server_->requests().size(), 1u);
}

TEST_F(Fetch, KeepsTheOldSetWhereTheDiskIsFull) {
  publish_archive();
  write("x.bin", "old");
  options_.force = true;
  const FileSizeLimit limit(50000);
  refusal();
  EXPECT_EQ(read(set_folder() / "x.bin"), "old");
}

TEST_F(Fetch, InterruptedWhileUnpackingKeepsTheArchive) {
  publish_archive();
  std::stop_source source;
  options_.stop = source.get_token();
  options_.progress = [&](const FetchProgress& now) {
    if (now.phase == FetchProgress::Phase::unpack) source.request_stop();
  };
  EXPECT_EQ(fetch().status, Status::interrupted);
  EXPECT_FALSE(fs::exists(set_folder()));
  EXPECT_TRUE(fs::exists(staging() / "set.tar.gz.part"));
}

TEST_F(Fetch, ReportsTheBytesOfEachFile) {
  publish_two_files();
  std::vector<std::string> done;
  options_.progress = [&](const FetchProgress& now) {
    if (now.done == now.of) done.push_back(now.file);
  };
  fetch();
  EXPECT_EQ(done, (std::vector<std::string>{"a", "b"}));
}

TEST_F(Fetch, IsRefusedWhileAnotherProcessFetchesTheSet) {
  publish_two_files();
  const StagingFolder other(set_folder());
  EXPECT_SAYS(refusal(), "another process is fetching this set");
}

TEST_F(Fetch, TakesAMirrorWithOrWithoutASlash) {
  publish("a", "the first file");
  options_.url = "file://" + (folder_ / "published").string();
  EXPECT_EQ(fetch().status, Status::fetched);
  fs::remove_all(set_folder());
  options_.url += "/";
  EXPECT_EQ(fetch().status, Status::fetched);
}

TEST_F(Fetch, TakesTheAddressOfTheFileItself) {
  publish("a", "the first file");
  options_.url = "file://" + (folder_ / "published" / "a").string();
  EXPECT_EQ(fetch().status, Status::fetched);
}

TEST_F(Fetch, RefusesAnAddressWithoutAScheme) {
  publish("a", "the first file");
  options_.url = (folder_ / "published").string();
  EXPECT_SAYS(refusal(), "Write file://" + options_.url + " instead.");
}

TEST_F(Fetch, GoesToTheFirstFolderThatCanBeWritten) {
  publish("a", "the first file");
  serve();
  write_bytes(folder_ / "file", {1});
  const ScopedVariable data("EVENKEEL_DATA", (folder_ / "file" / "below").string());
  const ScopedVariable home("HOME", (folder_ / "home").string());
  options_.data_dir.clear();
  EXPECT_EQ(fetch().folder, folder_ / "home/.cache/evenkeel/set");
}

TEST_F(Fetch, FindsASetThatIsCompleteInAnotherFolder) {
  publish("a", "the first file");
  fs::create_directories(folder_ / "home/.cache/evenkeel/set");
  formats::write_file_atomically(folder_ / "home/.cache/evenkeel/set/a", std::string("the first file"));
  const ScopedVariable data("EVENKEEL_DATA", (folder_ / "data").string());
  const ScopedVariable home("HOME", (folder_ / "home").string());
  options_.data_dir.clear();
  EXPECT_EQ(fetch().status, Status::already_there);
}

TEST_F(Fetch, NamesTheFoldersThatCannotBeWritten) {
  publish("a", "the first file");
  write_bytes(folder_ / "file", {1});
  options_.data_dir = (folder_ / "file" / "below").string();
  EXPECT_SAYS(refusal(), "expected a folder that can be written, received " + options_.data_dir);
}

}  // namespace
}  // namespace evenkeel
