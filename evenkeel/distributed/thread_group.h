#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "evenkeel/distributed/communicator.h"

namespace evenkeel {

/// Communicators of threads of this process: for tests, and for whoever has several networks in one process. Sums add
/// in the order of the ranks. A member that aborts makes every later or waiting call of the others throw Error.
class ThreadGroup {
 public:
  explicit ThreadGroup(int size);
  ~ThreadGroup();
  Communicator& member(int rank);

  /// Calls body(member) in a thread for each member of a group of so many, and waits. If bodies throw, the others end
  /// with an error too, and the exception of the first that threw reaches the caller.
  static void run(int size, const std::function<void(Communicator&)>& body);

 private:
  class Member;
  struct State;
  std::unique_ptr<State> state_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace evenkeel
