#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <type_traits>

namespace evenkeel {

/// A reference to a callable, so that the body of a parallel loop needs no allocation. The callable must outlive the
/// call.
template <class Signature>
class FunctionRef;
template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& f)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Arguments... arguments) -> Result {
          return (*static_cast<std::remove_reference_t<F>*>(object))(arguments...);
        }) {}
  Result operator()(Arguments... arguments) const { return call_(object_, arguments...); }

 private:
  void* object_;
  Result (*call_)(void*, Arguments...);
};

/// Cores that this process may use: those that it is bound to, or fewer where a control group allows it less time
/// (`docker run --cpus 1.5`: 2, because one thread could not use it all). `root` stands for / in tests.
int usable_cores(const std::filesystem::path& root = "/");

/// Bytes of stack that every thread of ours needs at least. Measured: training needs less than 96 KB.
inline constexpr std::size_t kLeastStack = std::size_t{256} << 10;

/// How many threads work, and the one pool they come from (OpenMP's, which oneDNN shares).
/// Work is split by index and thread count alone, so a result depends on the count but never on timing.
class Threads {
 public:
  /// count 0: one per core this process may use. OpenMP is asked for such a team from this thread: `count()` is what
  /// it gives, which may be less (OMP_THREAD_LIMIT, OMP_MAX_ACTIVE_LEVELS, a caller that is in a parallel region
  /// itself). Throws Error for a negative count, and where the system does not start that many threads or gives them
  /// too small a stack (OMP_STACKSIZE).
  explicit Threads(int count = 0);
  /// As many as libraries called from this thread may use: what was bound last, else what OpenMP's environment
  /// variables say. OpenMP is not asked for a team.
  static Threads bound();

  int count() const { return count_; }

  /// Makes this the thread count of libraries called from this thread (oneDNN asks OpenMP for it). Throws Error in a
  /// parallel region that gives fewer, where a kernel prepared for this count would wait for the others for ever.
  void bind() const;

  /// Calls body(begin, end, thread) for consecutive ranges that cover [0, n), one per thread; each range but the last
  /// is a multiple of `grain`. With a single range the caller's thread runs it and no pool is woken. If a body throws,
  /// the exception reaches the caller when all are done; of several exceptions, one does. `thread` is below ranges(n,
  /// grain).
  void parallel(std::int64_t n, std::int64_t grain,
                FunctionRef<void(std::int64_t begin, std::int64_t end, int thread)> body) const;

  /// How many ranges `parallel` makes.
  int ranges(std::int64_t n, std::int64_t grain) const;

 private:
  int count_;
};

}  // namespace evenkeel
