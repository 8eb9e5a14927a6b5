#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace evenkeel {

/// What a server was asked.
struct SeenRequest {
  std::string path, range, if_range;  ///< the headers' values, empty if they were not there
};

/// A well-behaved server on 127.0.0.1 (cpp-httplib: ranges, redirects) unless a test changes it.
class FileServer {
 public:
  explicit FileServer(std::map<std::string, std::string> files);
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;
  ~FileServer();

  std::string url() const;  ///< "http://127.0.0.1:4242/"
  std::vector<SeenRequest> requests() const;
  /// From now on each answer breaks off after so many bytes of its body; negative: none does.
  void break_after(long bytes);
  /// From now on each answer has this status and no file; 0: the file.
  void answer_with(int status);
  /// PATH redirects to this address.
  void redirect(const std::string& path, const std::string& to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A server on 127.0.0.1 that sends given answers, however wrong: its n-th connection gets the n-th answer (the last
/// one from then on) after the request's head.
class RawServer {
 public:
  struct Answer {
    std::string text;
    bool hold = false;  ///< the connection stays open and silent; otherwise it is closed
  };
  explicit RawServer(std::vector<Answer> answers);
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer();

  std::string url() const;
  std::vector<SeenRequest> requests() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace evenkeel
