#include "evenkeel/data/fetch/download.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/version.h"
#include "evenkeel/data/fetch/partial_file.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// Why an attempt did not download everything.
struct Failure {
  Error error;
  bool may_pass;  ///< whether another attempt can succeed
};

using Clock = std::chrono::steady_clock;

Error timed_out(const std::string& url, std::int64_t received, std::int64_t of) {
  return Error{{.kind = Error::environment,
                .where = url,
                .expected = fmt::format("all {} bytes in the time that was allowed", of),
                .received = fmt::format("{}", received),
                .hint = "--timeout allows more."}};
}

/// One request and its answer, appended to the part.
class Transfer {
 public:
  Transfer(const std::string& url, PartialFile& part, std::int64_t bytes, const DownloadOptions& options);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Nothing if it succeeded or was stopped. Throws errors of the disk, and if the server has another file than the
  /// wanted one.
  std::optional<Failure> run();

 private:
  static std::size_t write(char* data, std::size_t, std::size_t n, void* self);
  static int watch(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  void check_pace();
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(handle_.get(), option, value);
  }

  void ask_for_the_rest();
  void begin_body();
  void take(formats::BytesView bytes);
  std::optional<Failure> judge(CURLcode code);
  long status() const;           ///< 0 for a file
  curl_off_t announced() const;  ///< bytes of this answer, -1 if it does not say
  std::string header(const char* name) const;
  Error another_file(std::int64_t received) const;

  std::string url_;
  PartialFile& part_;
  std::int64_t bytes_;
  const DownloadOptions& options_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_{nullptr, curl_slist_free_all};
  std::array<char, CURL_ERROR_SIZE> message_{};
  bool body_begun_ = false;
  std::exception_ptr failure_;  ///< thrown in a callback of curl, rethrown after it
  Clock::time_point window_begin_ = Clock::now();
  std::int64_t window_size_;  ///< of the part, when the window began
  std::optional<Error> too_slow_ = {};
};

CURL* new_handle() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL* handle = ready == CURLE_OK ? curl_easy_init() : nullptr;
  if (!handle) throw Error{{.kind = Error::environment, .where = "libcurl", .received = "it cannot be started"}};
  return handle;
}

Transfer::Transfer(const std::string& url, PartialFile& part, std::int64_t bytes, const DownloadOptions& options)
    : url_(without_credentials(url)),
      part_(part),
      bytes_(bytes),
      options_(options),
      handle_(new_handle(), curl_easy_cleanup),
      window_size_(part.size()) {
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https,file");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 5L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, fmt::format("evenkeel/{}", kVersion).c_str());
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.limits.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.limits.stall_timeout.count()));
  set(CURLOPT_ERRORBUFFER, message_.data());
  set(CURLOPT_WRITEFUNCTION, &Transfer::write);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Transfer::watch);
  set(CURLOPT_XFERINFODATA, this);
  ask_for_the_rest();
}

void Transfer::ask_for_the_rest() {
  // A file on this machine is copied from the start, because nothing shows that it is still the same.
  if (part_.size() == 0 || url_.starts_with("file:")) return;
  set(CURLOPT_RANGE, fmt::format("{}-", part_.size()).c_str());
  if (part_.validator().empty()) return;
  headers_.reset(curl_slist_append(nullptr, ("If-Range: " + part_.validator()).c_str()));
  set(CURLOPT_HTTPHEADER, headers_.get());
}

std::size_t Transfer::write(char* data, std::size_t, std::size_t n, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  try {
    transfer.take(std::as_bytes(std::span(data, n)));
    return n;
  } catch (...) {
    transfer.failure_ = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

int Transfer::watch(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.check_pace();
  return transfer.options_.stop.stop_requested() || transfer.too_slow_ ? 1 : 0;
}

/// curl's own limit takes the rate of the last seconds: a few bytes now and then would pass it for ever.
void Transfer::check_pace() {
  const Clock::time_point now = Clock::now();
  if (now >= options_.deadline) too_slow_ = timed_out(url_, part_.size(), bytes_);
  const std::chrono::duration<double> passed = now - window_begin_;
  if (passed < options_.limits.rate_window) return;
  const double rate = static_cast<double>(part_.size() - window_size_) / passed.count();
  if (rate < static_cast<double>(options_.limits.least_rate))
    too_slow_ = Error{{.kind = Error::environment,
                       .where = url_,
                       .expected = fmt::format("at least {} bytes a second", options_.limits.least_rate),
                       .received = fmt::format("{:.0f} on average over {:.0f} s", rate, passed.count()),
                       .hint = "--url names another address."}};
  window_begin_ = now;
  window_size_ = part_.size();
}

long Transfer::status() const {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

curl_off_t Transfer::announced() const {
  curl_off_t bytes = -1;
  curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &bytes);
  return bytes;
}

std::string Transfer::header(const char* name) const {
  curl_header* found = nullptr;
  constexpr int kOfTheLastAnswer = -1;
  return curl_easy_header(handle_.get(), name, 0, CURLH_HEADER, kOfTheLastAnswer, &found) == CURLHE_OK ? found->value
                                                                                                       : "";
}

Error Transfer::another_file(std::int64_t received) const {
  return Error{{.kind = Error::environment,
                .where = url_,
                .expected = fmt::format("the published file of {} bytes", bytes_),
                .received = fmt::format("{} bytes", received),
                .hint = "That is another file. --url names another address."}};
}

/// The first byte of a 206 answer, -1 if it does not say: "bytes 1000-1999/2000".
std::int64_t first_byte(std::string_view content_range) {
  constexpr std::string_view kUnit = "bytes ";
  std::int64_t first = -1;
  if (content_range.starts_with(kUnit))
    std::from_chars(content_range.data() + kUnit.size(), content_range.data() + content_range.size(), first);
  return first;
}

void Transfer::begin_body() {
  constexpr long kPartialContent = 206;
  if (status() == kPartialContent && first_byte(header("Content-Range")) == part_.size()) return;
  if (status() == kPartialContent) {
    part_.restart("");
    throw Error{{.kind = Error::environment,
                 .where = url_,
                 .received = "the server sent another range than the one asked for"}};
  }
  // Checked before anything is dropped: a login page is no reason to lose bytes that have arrived.
  if (announced() >= 0 && announced() != bytes_) throw another_file(announced());
  // A weak ETag does not guarantee the same bytes.
  const std::string etag = header("ETag");
  part_.restart(etag.empty() || etag.starts_with("W/") ? header("Last-Modified") : etag);
}

void Transfer::take(formats::BytesView bytes) {
  if (!body_begun_) begin_body();
  body_begun_ = true;
  const auto size = part_.size() + static_cast<std::int64_t>(bytes.size());
  if (size > bytes_) {
    part_.restart("");
    throw another_file(size);
  }
  part_.append(bytes);
  if (options_.progress) options_.progress(part_.size());
}

std::optional<Failure> Transfer::run() {
  const CURLcode code = curl_easy_perform(handle_.get());
  if (failure_) std::rethrow_exception(failure_);
  if (code == CURLE_OK && !body_begun_) begin_body();
  if (options_.stop.stop_requested() || (code == CURLE_OK && part_.size() == bytes_)) return {};
  if (too_slow_) return Failure{*too_slow_, false};
  return judge(code);
}

std::optional<Failure> Transfer::judge(CURLcode code) {
  constexpr long kRequestTimeout = 408, kRangeNotSatisfiable = 416, kTooManyRequests = 429, kServerError = 500;
  const long answer = status();
  const bool wrong_address = code == CURLE_URL_MALFORMAT || code == CURLE_FILE_COULDNT_READ_FILE;
  const auto failure = [&](std::string what, std::string hint, bool may_pass) {
    return Failure{Error{{.kind = wrong_address ? Error::input : Error::environment,
                          .where = url_,
                          .received = std::move(what),
                          .hint = std::move(hint)}},
                   may_pass};
  };
  switch (code) {
    case CURLE_OK:
      if (announced() >= 0) {
        const std::int64_t received = part_.size();
        part_.restart("");
        throw another_file(received);
      }
      return failure("the connection ended early", "", true);
    case CURLE_HTTP_RETURNED_ERROR:
      if (answer == kRangeNotSatisfiable) part_.restart("");
      return failure(fmt::format("HTTP status {}", answer), "If the file is no longer there, --url names a mirror.",
                     answer >= kServerError || answer == kRangeNotSatisfiable || answer == kRequestTimeout ||
                         answer == kTooManyRequests);
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return failure(message_[0] ? message_.data() : curl_easy_strerror(code), "", true);
    default: return failure(message_[0] ? message_.data() : curl_easy_strerror(code), "", false);
  }
}

/// The user's error after the last attempt.
Error last_word(const Error& error, const PartialFile& part) {
  Error::Parts parts = error.parts();
  if (part.size() > 0)
    parts.hint += fmt::format("{}The {} bytes received are kept: the same command continues from there.",
                              parts.hint.empty() ? "" : " ", part.size());
  return Error(parts);
}

void wait(std::chrono::milliseconds pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, pause, [] { return false; });
}

}  // namespace

bool download(const std::string& url, const fs::path& path, std::int64_t bytes, const DownloadOptions& options) {
  PartialFile part(path, url);
  if (part.size() > bytes) part.restart("");
  if (options.progress) options.progress(part.size());
  for (int attempt = 0; part.size() < bytes; ++attempt) {
    const auto failure = Transfer(url, part, bytes, options).run();
    if (options.stop.stop_requested()) return false;
    if (!failure) break;
    if (!failure->may_pass || attempt == options.limits.retries) throw last_word(failure->error, part);
    wait(options.limits.retry_pause, options.stop);
    if (Clock::now() >= options.deadline) throw last_word(timed_out(url, part.size(), bytes), part);
  }
  part.sync();
  return true;
}

}  // namespace evenkeel
