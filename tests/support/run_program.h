#pragma once

#include <string>
#include <vector>

namespace evenkeel {

/// The program `evenkeel`, started with arguments, seen from outside. Its stdout and stderr are no terminals.
class RunningProgram {
 public:
  struct Result {
    int code = -1;  ///< exit code; -signal where one ended it
    std::string out, err;
  };

  /// Starts in the folder `in`. `under`: a command that runs it, such as {"sh", "-c", ...}.
  RunningProgram(const std::vector<std::string>& arguments, const std::string& in,
                 const std::vector<std::string>& under = {});
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;
  ~RunningProgram();

  /// Waits for the next line on stderr; empty at its end.
  std::string read_line();
  void send(int signal) const;
  /// Waits until a signal has stopped it (SIGSTOP). False if it ended instead.
  bool wait_until_stopped() const;
  /// Waits for its end. stderr is what read_line has not read.
  Result wait();

 private:
  int process_ = -1, errors_ = -1;
  std::string out_file_, unread_;
};

inline RunningProgram::Result run_program(const std::vector<std::string>& arguments, const std::string& in,
                                          const std::vector<std::string>& under = {}) {
  return RunningProgram(arguments, in, under).wait();
}

}  // namespace evenkeel
