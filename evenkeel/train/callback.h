#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "evenkeel/data/batches.h"
#include "evenkeel/train/history.h"

namespace evenkeel {

class Trainer;

struct FitBegin {
  std::uint64_t first_step = 0;  ///< updates done before, including those of a resumed run
  std::int64_t done_steps = 0;   ///< updates of this fit before it was resumed
  std::int64_t total_steps = 0;  ///< all updates of this fit, including `done_steps`
  std::int64_t steps_per_epoch = 0;
  std::int64_t epochs = 0;  ///< whole or partial
  std::int64_t batch_size = 0;
  const Dataset* data = nullptr;
  const Dataset* validation = nullptr;  ///< may be null
  const History* history = nullptr;     ///< of a resumed run, up to its checkpoint; otherwise empty
};

struct StepEnd {
  std::uint64_t step = 0;          ///< updates done
  std::int64_t epoch = 0;          ///< from 1
  std::int64_t step_in_epoch = 0;  ///< from 1
  Metrics batch;                   ///< of this batch
  Metrics epoch_so_far;
  double learning_rate = 0;     ///< that the update used
  const Batch* data = nullptr;  ///< the batch itself
};

/// The gradients are computed, and the update is not made yet.
struct GradientsReady {
  std::uint64_t step = 0;  ///< updates done before
  const Batch* data = nullptr;
};

/// All callbacks of a step, and of its epoch's end, have been called. A run resumed from here begins with the present
/// state of callbacks and trainer.
struct Settled {
  std::uint64_t step = 0;
  bool end_of_epoch = false;
  bool last = false;  ///< no further step follows: done, stopped or interrupted
};

/// The state of a callback, for checkpoints.
struct CallbackState {
  std::map<std::string, double> numbers;
  std::map<std::string, Tensor> tensors;

  /// A number of steps or epochs. Throws Error if there is none of this name, or it is not a whole one in range.
  std::int64_t count(const std::string& name) const;
};

/// An object that is called during training. It can have any type with some of
///     void on_begin(const FitBegin&, Trainer&);            before the first step
///     void on_gradients(const GradientsReady&, Trainer&);  in every step; without such a callback it costs nothing
///     void on_step(const StepEnd&, Trainer&);
///     void on_epoch(const EpochRecord&, Trainer&);         after validation
///     void on_partial_epoch(const EpochRecord&, Trainer&); one that the run ends in, only to show it; see below
///     void on_settled(const Settled&, Trainer&);           checkpoints are made here
///     void on_end(History&, Trainer&);
/// each with or without the Trainer. An epoch is partial if the run is interrupted in it, a callback ends the run in
/// it, or the last step of `FitOptions::steps` lies in it. A resumed run, or one that was made longer, reports the
/// whole epoch. So a callback must not store or decide anything by a partial one. If the run was interrupted or has
/// failed, it has no validation. A callback that changes the weights at the end sets the epoch they are from
/// (History::weights_epoch). A callback whose state must survive an interruption also has
///     static constexpr std::string_view kName; CallbackState save() const; void load(const CallbackState&);
/// Copies share the object.
class Callback {
 public:
  template <class T>
  requires(!std::same_as<std::remove_cvref_t<T>, Callback>)
      Callback(T callback)  // NOLINT(google-explicit-constructor): .callbacks = {CsvLog{...}}
      : self_(std::make_shared<Holder<T>>(std::move(callback))) {}

  void on_begin(const FitBegin& e, Trainer& t) const { self_->on_begin(e, t); }
  void on_gradients(const GradientsReady& e, Trainer& t) const { self_->on_gradients(e, t); }
  void on_step(const StepEnd& e, Trainer& t) const { self_->on_step(e, t); }
  void on_epoch(const EpochRecord& e, Trainer& t) const { self_->on_epoch(e, t); }
  void on_partial_epoch(const EpochRecord& e, Trainer& t) const { self_->on_partial_epoch(e, t); }
  void on_settled(const Settled& e, Trainer& t) const { self_->on_settled(e, t); }
  void on_end(History& e, Trainer& t) const { self_->on_end(e, t); }
  bool wants_gradients() const { return self_->wants_gradients(); }

  /// Empty if there is no state to save.
  std::string name() const { return self_->name(); }
  CallbackState save() const { return self_->save(); }
  void load(const CallbackState& state) const { self_->load(state); }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual void on_begin(const FitBegin&, Trainer&) = 0;
    virtual void on_gradients(const GradientsReady&, Trainer&) = 0;
    virtual void on_step(const StepEnd&, Trainer&) = 0;
    virtual void on_epoch(const EpochRecord&, Trainer&) = 0;
    virtual void on_partial_epoch(const EpochRecord&, Trainer&) = 0;
    virtual void on_settled(const Settled&, Trainer&) = 0;
    virtual void on_end(History&, Trainer&) = 0;
    virtual bool wants_gradients() const = 0;
    virtual std::string name() const = 0;
    virtual CallbackState save() const = 0;
    virtual void load(const CallbackState&) = 0;
  };

  template <class T>
  struct Holder final : Concept {
    explicit Holder(T c) : callback(std::move(c)) {}
    void on_begin(const FitBegin& e, Trainer& t) override {
      if constexpr (requires { callback.on_begin(e, t); })
        callback.on_begin(e, t);
      else if constexpr (requires { callback.on_begin(e); })
        callback.on_begin(e);
    }
    void on_gradients(const GradientsReady& e, Trainer& t) override {
      if constexpr (requires { callback.on_gradients(e, t); }) callback.on_gradients(e, t);
    }
    void on_step(const StepEnd& e, Trainer& t) override {
      if constexpr (requires { callback.on_step(e, t); })
        callback.on_step(e, t);
      else if constexpr (requires { callback.on_step(e); })
        callback.on_step(e);
    }
    void on_epoch(const EpochRecord& e, Trainer& t) override {
      if constexpr (requires { callback.on_epoch(e, t); })
        callback.on_epoch(e, t);
      else if constexpr (requires { callback.on_epoch(e); })
        callback.on_epoch(e);
    }
    void on_partial_epoch(const EpochRecord& e, Trainer& t) override {
      if constexpr (requires { callback.on_partial_epoch(e, t); })
        callback.on_partial_epoch(e, t);
      else if constexpr (requires { callback.on_partial_epoch(e); })
        callback.on_partial_epoch(e);
    }
    void on_settled(const Settled& e, Trainer& t) override {
      if constexpr (requires { callback.on_settled(e, t); }) callback.on_settled(e, t);
    }
    void on_end(History& e, Trainer& t) override {
      if constexpr (requires { callback.on_end(e, t); })
        callback.on_end(e, t);
      else if constexpr (requires { callback.on_end(e); })
        callback.on_end(e);
    }
    bool wants_gradients() const override {
      return requires(T & c, const GradientsReady& e, Trainer& t) { c.on_gradients(e, t); };
    }
    std::string name() const override {
      if constexpr (requires { callback.save(); })
        return std::string(T::kName);
      else
        return {};
    }
    CallbackState save() const override {
      if constexpr (requires { callback.save(); })
        return callback.save();
      else
        return {};
    }
    void load(const CallbackState& state) override {
      if constexpr (requires { callback.load(state); }) callback.load(state);
    }
    T callback;
  };

  std::shared_ptr<Concept> self_;
};

}  // namespace evenkeel
