#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace evenkeel {

/// The processes that train one network together, as one of them sees them. Every process calls the same functions in
/// the same order with spans of the same size. Sums are the same to the bit in every process, and in every run with as
/// many processes on the same machines. Functions throw Error (environment) where the processes cannot be reached; only
/// one thread of a process may call them.
class Communicator {
 public:
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;

  int rank() const { return rank_; }  ///< of this process, from 0
  int size() const { return size_; }  ///< number of processes
  bool is_first() const { return rank_ == 0; }
  /// "process 2 of 4 on node7", counted from 0 as MPI does.
  virtual std::string name() const;
  /// What connects the processes: "Open MPI 4.1.4".
  virtual std::string library() const = 0;

  /// Replaces every element by its sum over the processes.
  virtual void sum(std::span<float> values) = 0;
  virtual void sum(std::span<double> values) = 0;
  /// The same, but the sums are there only after finish_sums(). Until then the memory must not be touched.
  virtual void start_sum(std::span<float> values) = 0;
  virtual void start_sum(std::span<double> values) = 0;
  virtual void finish_sums() = 0;
  /// Copies the first process's bytes to all.
  virtual void broadcast(std::span<std::byte> bytes) = 0;
  /// `all` of the first process gets the bytes of every process, in order; elsewhere it is not used and may be empty.
  virtual void gather(std::span<const std::byte> own, std::span<std::byte> all) = 0;
  /// Returns when all processes have called it.
  virtual void barrier() = 0;
  /// Ends all processes at once with this exit code: for a process that cannot go on while others wait for it.
  [[noreturn]] virtual void abort(int code) = 0;

 protected:
  Communicator(int rank, int size) : rank_(rank), size_(size) {}

 private:
  int rank_, size_;
};

/// A process that works alone: sums are what they were.
class Alone final : public Communicator {
 public:
  Alone() : Communicator(0, 1) {}
  std::string library() const override { return "none"; }
  void sum(std::span<float>) override {}
  void sum(std::span<double>) override {}
  void start_sum(std::span<float>) override {}
  void start_sum(std::span<double>) override {}
  void finish_sums() override {}
  void broadcast(std::span<std::byte>) override {}
  void gather(std::span<const std::byte> own, std::span<std::byte> all) override;
  void barrier() override {}
  [[noreturn]] void abort(int code) override;
};

/// Whose statistics a normalization uses in training: those of the whole batch, as one process would compute them, or
/// of the samples of each process. With local ones, the moving statistics are those of the first process, as in
/// PyTorch's DistributedDataParallel.
enum class StatisticsOf { synchronized, local };

/// How training is spread over processes. A trainer with it gets the whole data set in every process, and takes its
/// part of each batch.
struct Spreading {
  Communicator* among = nullptr;  ///< null: one process
  StatisticsOf statistics = StatisticsOf::synchronized;

  int rank() const { return among ? among->rank() : 0; }
  int size() const { return among ? among->size() : 1; }
};

}  // namespace evenkeel
