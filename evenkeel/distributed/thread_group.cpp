#include "evenkeel/distributed/thread_group.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <variant>

#include "evenkeel/base/error.h"

namespace evenkeel {

/// Where the members meet.
struct ThreadGroup::State {
  explicit State(int members) : size(members), given(static_cast<std::size_t>(members)) {}

  /// Every member gives a pointer; the last one to come acts on all of them before any goes on.
  void meet(int rank, const void* pointer, const std::function<void(const std::vector<const void*>&)>& act) {
    std::unique_lock lock(mutex);
    check();
    given[static_cast<std::size_t>(rank)] = pointer;
    const std::uint64_t now = round;
    if (++arrived == size) {
      act(given);
      arrived = 0;
      ++round;
      changed.notify_all();
      return;
    }
    changed.wait(lock, [&] { return round != now || aborted; });
    if (round == now) check();
  }

  void meet_place(void* to) {
    const std::lock_guard lock(mutex);
    place = to;
  }

  void check() const {
    if (aborted)
      throw Error{{.kind = Error::environment, .where = "processes", .received = "one of them ended with an error"}};
  }

  void end() {
    const std::lock_guard lock(mutex);
    aborted = true;
    changed.notify_all();
  }

  const int size;
  std::vector<const void*> given;  ///< by rank
  void* place = nullptr;           ///< where the first member gathers
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  std::uint64_t round = 0;
  bool aborted = false;
};

class ThreadGroup::Member final : public Communicator {
 public:
  Member(State& state, int rank) : Communicator(rank, state.size), state_(state) {}

  std::string library() const override { return "threads of one process"; }
  void sum(std::span<float> values) override { add(values); }
  void sum(std::span<double> values) override { add(values); }
  void start_sum(std::span<float> values) override { started_.emplace_back(values); }
  void start_sum(std::span<double> values) override { started_.emplace_back(values); }
  void finish_sums() override {
    for (const auto& values : started_) std::visit([&](auto span) { add(span); }, values);
    started_.clear();
  }
  void broadcast(std::span<std::byte> bytes) override {
    state_.meet(rank(), bytes.data(), [&](const std::vector<const void*>& all) {
      for (std::size_t i = 1; i < all.size() && !bytes.empty(); ++i)
        std::memcpy(const_cast<void*>(all[i]), all[0], bytes.size());
    });
  }
  /// Whoever comes last copies; every member has given its own memory and, the first, where all of it goes.
  void gather(std::span<const std::byte> own, std::span<std::byte> all) override {
    if (is_first()) state_.meet_place(all.data());
    state_.meet(rank(), own.data(), [&](const std::vector<const void*>& given) {
      for (std::size_t i = 0; i < given.size() && !own.empty(); ++i)
        std::memcpy(static_cast<std::byte*>(state_.place) + i * own.size(), given[i], own.size());
    });
  }
  void barrier() override {
    state_.meet(rank(), nullptr, [](const std::vector<const void*>&) {});
  }
  [[noreturn]] void abort(int code) override {
    state_.end();
    throw Error{{.kind = Error::environment, .where = name(), .received = "exit code " + std::to_string(code)}};
  }

 private:
  template <class T>
  void add(std::span<T> values) {
    state_.meet(rank(), values.data(), [&](const std::vector<const void*>& all) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        T total = 0;
        for (const void* one : all) total += static_cast<const T*>(one)[i];
        for (const void* one : all) static_cast<T*>(const_cast<void*>(one))[i] = total;
      }
    });
  }

  State& state_;
  std::vector<std::variant<std::span<float>, std::span<double>>> started_;
};

ThreadGroup::ThreadGroup(int size) : state_(std::make_unique<State>(size)) {
  for (int rank = 0; rank < size; ++rank) members_.push_back(std::make_unique<Member>(*state_, rank));
}
ThreadGroup::~ThreadGroup() = default;

Communicator& ThreadGroup::member(int rank) { return *members_[static_cast<std::size_t>(rank)]; }

void ThreadGroup::run(int size, const std::function<void(Communicator&)>& body) {
  ThreadGroup group(size);
  std::mutex mutex;
  std::exception_ptr first;
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < size; ++rank)
      threads.emplace_back([&, rank] {
        try {
          body(group.member(rank));
        } catch (...) {
          {
            const std::lock_guard lock(mutex);
            if (!first) first = std::current_exception();
          }
          group.state_->end();
        }
      });
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace evenkeel
