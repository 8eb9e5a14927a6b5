#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace evenkeel {

struct FileServer::State {
  std::map<std::string, std::string> files;
  std::atomic<long> break_after = -1;
  std::atomic<int> status = 0;
  mutable std::mutex mutex;
  std::vector<SeenRequest> requests;
  std::map<std::string, std::string> redirects;
  httplib::Server server;
  int port = 0;
  std::thread thread;

  void answer(const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(mutex);
    const std::string name = request.path.substr(1);
    requests.push_back({name, request.get_header_value("Range"), request.get_header_value("If-Range")});
    if (status != 0) {
      response.status = status;
      return;
    }
    if (const auto target = redirects.find(name); target != redirects.end())
      return response.set_redirect(target->second);
    const auto file = files.find(name);
    if (file == files.end()) return;
    response.set_header("ETag", "\"" + name + "\"");
    response.set_content_provider(
        file->second.size(), "application/octet-stream",
        [&text = file->second, left = break_after.load()](std::size_t at, std::size_t n, httplib::DataSink& sink) {
          if (left >= 0) n = std::min(n, static_cast<std::size_t>(left));
          sink.write(text.data() + at, n);
          return left < 0;
        });
  }
};

FileServer::FileServer(std::map<std::string, std::string> files) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.files = std::move(files);
  // Otherwise the end of a test waits for connections that curl keeps.
  state.server.set_keep_alive_max_count(1);
  state.server.Get("/.*", [&state](const auto& request, auto& response) { state.answer(request, response); });
  state.port = state.server.bind_to_any_port("127.0.0.1");
  if (state.port < 0) throw std::runtime_error("no port");
  state.thread = std::thread([&state] { state.server.listen_after_bind(); });
  while (!state.server.is_running()) std::this_thread::yield();
}

FileServer::~FileServer() {
  state_->server.stop();
  state_->thread.join();
}

std::string FileServer::url() const { return "http://127.0.0.1:" + std::to_string(state_->port) + "/"; }

std::vector<SeenRequest> FileServer::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

void FileServer::break_after(long bytes) { state_->break_after = bytes; }
void FileServer::answer_with(int status) { state_->status = status; }

void FileServer::redirect(const std::string& path, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  state_->redirects[path] = to;
}

struct RawServer::State {
  std::vector<Answer> answers;
  mutable std::mutex mutex;
  std::vector<SeenRequest> requests;
  std::vector<int> held;
  int listener = -1;
  int port = 0;
  std::thread thread;

  void serve() {
    for (std::size_t i = 0;; ++i) {
      const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      const Answer& answer = answers[std::min(i, answers.size() - 1)];
      read_head(connection);
      static_cast<void>(send(connection, answer.text.data(), answer.text.size(), MSG_NOSIGNAL));
      if (answer.hold)
        held.push_back(connection);
      else
        close(connection);
    }
  }

  void read_head(int connection) {
    std::string head;
    std::array<char, 1024> piece{};
    for (ssize_t n = 0;
         head.find("\r\n\r\n") == std::string::npos && (n = read(connection, piece.data(), piece.size())) > 0;)
      head.append(piece.data(), static_cast<std::size_t>(n));
    const auto value = [&head](const std::string& name) {
      const auto at = head.find("\r\n" + name + ": ");
      if (at == std::string::npos) return std::string();
      const auto begin = at + name.size() + 4;
      return head.substr(begin, head.find("\r\n", begin) - begin);
    };
    const auto begin = std::min(head.find('/') + 1, head.size());
    const std::lock_guard lock(mutex);
    requests.push_back({head.substr(begin, head.find(' ', begin) - begin), value("Range"), value("If-Range")});
  }
};

RawServer::RawServer(std::vector<Answer> answers) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.answers = std::move(answers);
  state.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(state.listener, generic, size) != 0 || listen(state.listener, 16) != 0 ||
      getsockname(state.listener, generic, &size) != 0)
    throw std::runtime_error("no port");
  state.port = ntohs(address.sin_port);
  state.thread = std::thread([&state] { state.serve(); });
}

RawServer::~RawServer() {
  shutdown(state_->listener, SHUT_RDWR);
  state_->thread.join();
  close(state_->listener);
  for (const int connection : state_->held) close(connection);
}

std::string RawServer::url() const { return "http://127.0.0.1:" + std::to_string(state_->port) + "/"; }

std::vector<SeenRequest> RawServer::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

}  // namespace evenkeel
