#include "evenkeel/data/fetch/download.h"

#include <algorithm>
#include <thread>

#include "evenkeel/formats/file.h"
#include "tests/data/helpers.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/http_server.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

std::string sample(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * i % 26);
  return text;
}

/// Downloads from servers on 127.0.0.1 to a file of the test's folder, by default without a second try.
class Download : public testing::Test {
 protected:
  Download() {
    setenv("no_proxy", "127.0.0.1", 1);
    options_.limits = {.retries = 0, .retry_pause = std::chrono::milliseconds(0)};
  }

  bool get(const std::string& url) { return download(url, part_, std::ssize(text_), options_); }
  std::string refusal(const std::string& url) {
    return error_of([&] { get(url); });
  }
  std::string part() const {
    const formats::Bytes bytes = formats::read_file(part_);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// Leaves a part of so many bytes, as a connection that breaks does.
  void break_after(FileServer& server, long bytes) {
    server.break_after(bytes);
    refusal(server.url() + "file");
    server.break_after(-1);
  }
  std::string whole_answer(const std::string& text) const {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
  }

  TestFolder folder_;
  const fs::path part_ = folder_ / "file.part";
  const std::string text_ = sample(50000);
  DownloadOptions options_;
};

TEST_F(Download, BringsTheFile) {
  const FileServer server({{"file", text_}});
  EXPECT_TRUE(get(server.url() + "file"));
  EXPECT_EQ(part(), text_);
}

TEST_F(Download, IsNotRepeatedWhenAllIsThere) {
  const FileServer server({{"file", text_}});
  get(server.url() + "file");
  EXPECT_TRUE(get(server.url() + "file"));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(Download, ThatBreaksKeepsWhatCame) {
  FileServer server({{"file", text_}});
  server.break_after(20000);
  EXPECT_SAYS(refusal(server.url() + "file"), "The 20000 bytes received are kept");
  EXPECT_EQ(part(), text_.substr(0, 20000));
}

TEST_F(Download, GoesOnWhereItBroke) {
  FileServer server({{"file", text_}});
  break_after(server, 20000);
  EXPECT_TRUE(get(server.url() + "file"));
  EXPECT_EQ(part(), text_);
  EXPECT_EQ(server.requests().back().range, "bytes=20000-");
  EXPECT_EQ(server.requests().back().if_range, "\"file\"");
}

TEST_F(Download, GoesOnByItself) {
  FileServer server({{"file", text_}});
  server.break_after(20000);
  options_.limits.retries = 2;
  EXPECT_TRUE(get(server.url() + "file"));
  EXPECT_EQ(part(), text_);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(Download, ReportsBytesFromWhereItGoesOn) {
  FileServer server({{"file", text_}});
  break_after(server, 20000);
  std::vector<std::int64_t> reports;
  options_.progress = [&](std::int64_t bytes) { reports.push_back(bytes); };
  get(server.url() + "file");
  EXPECT_TRUE(std::ranges::is_sorted(reports));
  EXPECT_EQ(reports.front(), 20000);
  EXPECT_EQ(reports.back(), 50000);
}

TEST_F(Download, BeginsAnewWhereTheServerIgnoresRanges) {
  FileServer first({{"file", text_}});
  const RawServer server({{whole_answer(text_).substr(0, 30000)}, {whole_answer(text_)}});
  refusal(server.url());
  EXPECT_TRUE(get(server.url()));
  EXPECT_NE(server.requests().back().range, "");
  EXPECT_EQ(part(), text_);
}

TEST_F(Download, AsksForTheRestWithoutAnEtagByDate) {
  const std::string date = "Sat, 01 Aug 1998 12:00:00 GMT";
  std::string answer = whole_answer(text_).substr(0, 30000);
  answer.insert(answer.find("\r\n") + 2, "ETag: W/\"weak\"\r\nLast-Modified: " + date + "\r\n");
  const RawServer server({{answer}, {whole_answer(text_)}});
  refusal(server.url());
  get(server.url());
  EXPECT_EQ(server.requests().back().if_range, date);
}

TEST_F(Download, BeginsAnewAtAnotherAddress) {
  FileServer server({{"file", text_}, {"other", text_}});
  break_after(server, 20000);
  EXPECT_TRUE(get(server.url() + "other"));
  EXPECT_EQ(server.requests().back().range, "");
  EXPECT_EQ(part(), text_);
}

TEST_F(Download, BeginsAnewWhereTheServerHasNoSuchRange) {
  const RawServer server({{whole_answer(text_).substr(0, 30000)},
                          {"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"},
                          {whole_answer(text_)}});
  options_.limits.retries = 2;
  EXPECT_TRUE(get(server.url()));
  EXPECT_EQ(part(), text_);
}

TEST_F(Download, RefusesARangeThatItDidNotAskFor) {
  const RawServer server({{whole_answer(text_).substr(0, 30000)},
                          {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 10-19/50000\r\n"
                           "Content-Length: 10\r\n\r\n0123456789"},
                          {whole_answer(text_)}});
  refusal(server.url());
  EXPECT_SAYS(refusal(server.url()), "another range");
  EXPECT_TRUE(get(server.url()));
  EXPECT_EQ(part(), text_);
}

TEST_F(Download, SaysThatTheServerDoesNotHaveTheFile) {
  FileServer server({});
  options_.limits.retries = 3;
  EXPECT_SAYS(refusal(server.url() + "file"), server.url() + "file: HTTP status 404");
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(Download, LeavesNothingWhereNothingCame) {
  FileServer server({});
  refusal(server.url() + "file");
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Download, TriesAgainWhereTheServerHasTrouble) {
  FileServer server({{"file", text_}});
  server.answer_with(503);
  options_.limits.retries = 2;
  EXPECT_SAYS(refusal(server.url() + "file"), "HTTP status 503");
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(Download, GivesUpOnAServerThatSaysNothing) {
  const RawServer server({{.text = "", .hold = true}});
  options_.limits.stall_timeout = std::chrono::seconds(1);
  EXPECT_SAYS(refusal(server.url()), server.url());
}

TEST_F(Download, GivesUpOnAServerThatStallsAndKeepsWhatCame) {
  const RawServer server({{.text = whole_answer(text_).substr(0, 30000), .hold = true}});
  options_.limits.stall_timeout = std::chrono::seconds(1);
  EXPECT_SAYS(refusal(server.url()), "bytes received are kept");
  EXPECT_TRUE(text_.starts_with(part()));
}

TEST_F(Download, GivesUpOnAServerThatIsSlowOnAverage) {
  const RawServer server({{.text = whole_answer(text_).substr(0, 30000), .hold = true}});
  options_.limits.rate_window = std::chrono::seconds(0);  // measured at once
  options_.limits.least_rate = std::int64_t{1} << 60;
  options_.limits.retries = 3;
  EXPECT_SAYS(refusal(server.url()), "expected at least 1152921504606846976 bytes a second, received ");
  EXPECT_LE(server.requests().size(), 1u);
}

TEST_F(Download, GivesUpWhenItsTimeIsOver) {
  const RawServer server({{.text = whole_answer(text_).substr(0, 30000), .hold = true}});
  options_.deadline = std::chrono::steady_clock::now();
  options_.limits.retries = 3;
  EXPECT_SAYS(refusal(server.url()), "expected all 50000 bytes in the time that was allowed");
}

TEST_F(Download, ThatIsThereAlreadyNeedsNoTime) {
  const FileServer server({{"file", text_}});
  get(server.url() + "file");
  options_.deadline = std::chrono::steady_clock::now();
  EXPECT_TRUE(get(server.url() + "file"));
}

TEST_F(Download, SaysThatNobodyListens) {
  const std::string url = RawServer({{""}}).url();
  EXPECT_SAYS(refusal(url), url);
}

TEST_F(Download, WithoutALengthThatEndsEarlyIsBroken) {
  const RawServer server({{"HTTP/1.0 200 OK\r\n\r\n" + text_.substr(0, 30000)}});
  EXPECT_SAYS(refusal(server.url()), "the connection ended early. The 30000 bytes received are kept");
}

TEST_F(Download, RefusesAFileOfAnotherSize) {
  const RawServer server({{whole_answer("a page that asks for a login")}});
  EXPECT_SAYS(refusal(server.url()), "expected the published file of 50000 bytes, received 28 bytes");
}

TEST_F(Download, LosesNothingToAFileOfAnotherSize) {
  const RawServer server({{whole_answer(text_).substr(0, 30000)}, {whole_answer("a page")}});
  refusal(server.url());
  refusal(server.url());
  EXPECT_GT(part().size(), 29000u);
}

TEST_F(Download, RefusesAFileThatDoesNotEnd) {
  const RawServer server({{"HTTP/1.0 200 OK\r\n\r\n" + sample(50001)}});
  EXPECT_SAYS(refusal(server.url()), "expected the published file of 50000 bytes");
  EXPECT_FALSE(fs::exists(part_));
}

TEST_F(Download, FollowsARedirect) {
  FileServer server({{"file", text_}});
  server.redirect("old", "/file");
  EXPECT_TRUE(get(server.url() + "old"));
  EXPECT_EQ(part(), text_);
}

TEST_F(Download, FollowsFiveRedirectsAtMost) {
  FileServer server({});
  server.redirect("round", "/round");
  EXPECT_SAYS(refusal(server.url() + "round"), "redirects");
  EXPECT_EQ(server.requests().size(), 6u);
}

TEST_F(Download, FollowsNoRedirectToThisMachinesFiles) {
  write_bytes(folder_ / "secret", {1, 2, 3});
  FileServer server({});
  server.redirect("file", "file://" + (folder_ / "secret").string());
  EXPECT_SAYS(refusal(server.url() + "file"), "not supported");
}

TEST_F(Download, RefusesOtherProtocols) { EXPECT_SAYS(refusal("ftp://127.0.0.1/file"), "ftp"); }

TEST_F(Download, CopiesAFile) {
  formats::write_file_atomically(folder_ / "mirror", text_);
  EXPECT_TRUE(get("file://" + (folder_ / "mirror").string()));
  EXPECT_EQ(part(), text_);
}

TEST_F(Download, CopiesAFileAnewAfterABreak) {
  formats::write_file_atomically(folder_ / "mirror", text_);
  const std::string url = "file://" + (folder_ / "mirror").string();
  {
    const FileSizeLimit limit(20000);
    refusal(url);
  }
  EXPECT_TRUE(get(url));
  EXPECT_EQ(part(), text_);
}

TEST_F(Download, StopsWhenAsked) {
  const FileServer server({{"file", text_}});
  std::stop_source source;
  options_.stop = source.get_token();
  options_.progress = [&](std::int64_t bytes) {
    if (bytes > 0) source.request_stop();
  };
  EXPECT_FALSE(get(server.url() + "file"));
  EXPECT_TRUE(text_.starts_with(part()));
}

TEST_F(Download, StopsWhileTheServerIsSilent) {
  const RawServer server({{.text = "", .hold = true}});
  std::stop_source source;
  options_.stop = source.get_token();
  std::jthread asks([&] {
    while (server.requests().empty()) std::this_thread::yield();
    source.request_stop();
  });
  EXPECT_FALSE(get(server.url()));
}

TEST_F(Download, ToAFullDiskKeepsWhatFitted) {
  const FileServer server({{"file", text_}});
  {
    const FileSizeLimit limit(20000);
    EXPECT_SAYS(refusal(server.url() + "file"), "expected room for the file");
  }
  EXPECT_EQ(part(), text_.substr(0, 20000));
  EXPECT_TRUE(get(server.url() + "file"));
  EXPECT_EQ(part(), text_);
}

}  // namespace
}  // namespace evenkeel
