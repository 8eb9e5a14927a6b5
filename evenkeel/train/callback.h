#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "evenkeel/train/history.h"

namespace evenkeel {

struct FitBegin {
  std::uint64_t first_step = 0;       ///< updates done before
  std::int64_t total_steps = 0;       ///< that this fit will make
  std::int64_t steps_per_epoch = 0;
  std::int64_t epochs = 0;            ///< begun or whole
  std::int64_t batch_size = 0;
};

struct StepEnd {
  std::uint64_t step = 0;        ///< updates done
  std::int64_t epoch = 0;        ///< from 1
  std::int64_t step_in_epoch = 0;  ///< from 1
  Metrics batch;                 ///< of this batch
  Metrics epoch_so_far;
};

/// What is called while training: any type with some of
///     void on_begin(const FitBegin&); void on_step(const StepEnd&); void on_epoch(const EpochRecord&);
///     void on_end(const History&);
/// Copies share the object.
class Callback {
 public:
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, Callback>)
  Callback(T callback)  // NOLINT(google-explicit-constructor): .callbacks = {CsvLogger{...}}
      : self_(std::make_shared<Holder<T>>(std::move(callback))) {}

  void on_begin(const FitBegin& e) const { self_->on_begin(e); }
  void on_step(const StepEnd& e) const { self_->on_step(e); }
  void on_epoch(const EpochRecord& e) const { self_->on_epoch(e); }
  void on_end(const History& e) const { self_->on_end(e); }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual void on_begin(const FitBegin&) = 0;
    virtual void on_step(const StepEnd&) = 0;
    virtual void on_epoch(const EpochRecord&) = 0;
    virtual void on_end(const History&) = 0;
  };
  template <class T>
  struct Holder final : Concept {
    explicit Holder(T c) : callback(std::move(c)) {}
    void on_begin(const FitBegin& e) override {
      if constexpr (requires { callback.on_begin(e); }) callback.on_begin(e);
    }
    void on_step(const StepEnd& e) override {
      if constexpr (requires { callback.on_step(e); }) callback.on_step(e);
    }
    void on_epoch(const EpochRecord& e) override {
      if constexpr (requires { callback.on_epoch(e); }) callback.on_epoch(e);
    }
    void on_end(const History& e) override {
      if constexpr (requires { callback.on_end(e); }) callback.on_end(e);
    }
    T callback;
  };
  std::shared_ptr<Concept> self_;
};

}  // namespace evenkeel
