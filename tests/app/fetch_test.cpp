#include <csignal>

#include "tests/app/app_test.h"
#include "tests/support/http_server.h"

namespace evenkeel {
namespace {

/// `data fetch`, from servers on 127.0.0.1; the published files themselves are no part of the repository.
class FetchCommand : public App {
 protected:
  FetchCommand() { setenv("no_proxy", "127.0.0.1", 1); }
  std::vector<std::string> fetch(const std::string& url) {
    return {"data", "fetch", "mnist", "--data-dir", "data", "--url", url};
  }
  void write_other_files() {
    std::filesystem::create_directories(folder_ / "data/mnist");
    for (const char* name : {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"})
      write(std::string("data/mnist/") + name + "-ubyte.gz", "encoded anew");
  }
};

TEST_F(FetchCommand, SaysThatTheServerDoesNotHaveTheFile) {
  const FileServer server({});
  EXPECT_SAYS(failure(3, fetch(server.url())), "train-images-idx3-ubyte.gz: HTTP status 404");
}

TEST_F(FetchCommand, KeepsUserAndPasswordOfAnAddressToItself) {
  const FileServer server({{"train-images-idx3-ubyte.gz", std::string("another file")}});
  std::string url = server.url();
  url.insert(url.find("://") + 3, "me:secret@");
  for (const std::string& address : {url, std::string("ftp://me:secret@host/mnist")}) {
    const auto result = run(fetch(address));
    EXPECT_NE(result.code, 0);
    EXPECT_EQ(result.err.find("secret"), std::string::npos) << result.err;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "data"))
    if (entry.is_regular_file()) {
      const std::string name = std::filesystem::relative(entry.path(), folder_.path()).string();
      EXPECT_EQ(read(name).find("secret"), std::string::npos) << name;
    }
}

TEST_F(FetchCommand, RefusesAWrongChecksum) {
  const FileServer server({{"train-images-idx3-ubyte.gz", std::string(9912422, 'x')}});
  EXPECT_SAYS(failure(3, fetch(server.url())), "expected the published file, md5 f68b3c2dcbeaaa9fbdd348bbdeb94873");
}

TEST_F(FetchCommand, WhereStderrIsNoTerminalPrintsALinePerTenth) {
  const FileServer server({{"train-images-idx3-ubyte.gz", std::string(9912422, 'x')}});
  const std::string error = run(fetch(server.url())).err;
  EXPECT_EQ(std::ranges::count(error, '\n'), 11) << error;
}

TEST_F(FetchCommand, InterruptedEndsWith130AndKeepsWhatCame) {
  const RawServer server(
      {{.text = "HTTP/1.1 200 OK\r\nContent-Length: 9912422\r\n\r\n" + std::string(1000000, 'x'), .hold = true}});
  RunningProgram program(fetch(server.url()), folder_.path().string());
  EXPECT_SAYS(program.read_line(), "train-images-idx3-ubyte.gz");
  program.send(SIGINT);
  const auto result = program.wait();
  EXPECT_EQ(result.code, 130);
  EXPECT_SAYS(result.err, "the same command continues");
  EXPECT_TRUE(exists("data/mnist.part/train-images-idx3-ubyte.gz.part"));
}

TEST_F(FetchCommand, LeavesAnotherCompleteSetAloneAndSaysSo) {
  write_other_files();
  const auto result = run(fetch("http://127.0.0.1:1/"));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.out, "differs from the published file (re-encoded?)");
  EXPECT_SAYS(result.err, "--force");
}

TEST_F(FetchCommand, PrintsItsResultAsJson) {
  write_other_files();
  const auto result = run_json(fetch("http://127.0.0.1:1/"));
  EXPECT_EQ(result.at("status"), "already_there");
  EXPECT_EQ(result.at("files").at(3).at("state"), "differs");
}

TEST_F(FetchCommand, GivesUpAfterTheTimeThatWasAllowed) {
  const RawServer server({{.text = "HTTP/1.1 200 OK\r\nContent-Length: 9912422\r\n\r\nxxx", .hold = true}});
  auto arguments = fetch(server.url());
  arguments.insert(arguments.end(), {"--timeout", "1"});
  EXPECT_SAYS(failure(3, arguments), "--timeout allows more. The 3 bytes received are kept");
}

TEST_F(FetchCommand, IsQuietWhenAsked) {
  write_other_files();
  auto arguments = fetch("http://127.0.0.1:1/");
  arguments.emplace_back("--quiet");
  EXPECT_EQ(run(arguments).err, "");
}

TEST_F(FetchCommand, KnowsThatSomeSetsAreDrawn) {
  EXPECT_SAYS(refusal({"data", "fetch", "strokes"}), "the program draws this set itself");
}

TEST_F(FetchCommand, IsNamedWhereASetIsMissing) {
  const std::vector<std::string> nowhere = {"env", "-u", "EVENKEEL_DATA", "HOME=" + folder_.path().string()};
  EXPECT_SAYS(refusal({"data", "info", "mnist"}, nowhere), "`evenkeel data fetch mnist`");
}

TEST_F(FetchCommand, IsHeldToTheChecksumsByInfo) {
  std::filesystem::create_directories(folder_ / "data/mnist");
  write_idx(folder_ / "data/mnist/train-images-idx3-ubyte", {1, 28, 28}, std::vector<std::uint8_t>(28 * 28));
  write_idx(folder_ / "data/mnist/train-labels-idx1-ubyte", {1}, {3});
  const auto files = run_json({"data", "info", "mnist:train", "--data-dir", "data"}).at("files");
  EXPECT_EQ(files.at(0).at("state"), "unchecked");
  EXPECT_EQ(files.at(2).at("state"), "missing");
}

}  // namespace
}  // namespace evenkeel
