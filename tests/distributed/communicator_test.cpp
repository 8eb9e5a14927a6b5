#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <numeric>

#include "evenkeel/base/error.h"
#include "evenkeel/distributed/batch_part.h"
#include "evenkeel/distributed/launch.h"
#include "evenkeel/distributed/messages.h"
#include "evenkeel/distributed/thread_group.h"

namespace evenkeel {
namespace {

TEST(BatchPart, CoversTheBatchInOrderWithTheLargestFirst) {
  for (const std::int64_t total : {1, 2, 7, 250, 1000})
    for (const int processes : {1, 2, 3, 4, 7})
      for (const std::int64_t unit : {1, 2, 16}) {
        std::int64_t at = 0, before = total;
        for (int rank = 0; rank < processes; ++rank) {
          const BatchPart part = part_of(total, rank, processes, unit);
          EXPECT_EQ(part.first, at);
          EXPECT_TRUE(part.first % unit == 0 || part.size == 0);
          EXPECT_LE(part.size, before);
          before = part.size;
          at += part.size;
        }
        EXPECT_EQ(at, total);
        EXPECT_GT(part_of(total, 0, processes, unit).size, 0);
      }
}

TEST(ThreadGroup, SumsBroadcastsAndGathers) {
  for (const int size : {1, 2, 3, 4})
    ThreadGroup::run(size, [size](Communicator& among) {
      const double rank = among.rank();
      std::array<double, 2> values = {rank, 1};
      among.sum(values);
      EXPECT_EQ(values[0], size * (size - 1) / 2);
      EXPECT_EQ(values[1], size);
      std::array<float, 2> later = {1, static_cast<float>(rank)}, other = {2, 2};
      among.start_sum(later);
      among.start_sum(other);
      among.finish_sums();
      EXPECT_EQ(later[0], static_cast<float>(size));
      EXPECT_EQ(other[1], static_cast<float>(2 * size));
      EXPECT_EQ(broadcast_text(among, among.is_first() ? "of the first" : "x"), "of the first");
      const auto texts = gather_texts(among, std::string(static_cast<std::size_t>(among.rank()), 'a'));
      EXPECT_EQ(texts.size(), among.is_first() ? static_cast<std::size_t>(size) : 0u);
      for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], std::string(i, 'a'));
      EXPECT_EQ(any(among, among.rank() == size - 1), true);
      EXPECT_EQ(any(among, false), false);
    });
}

TEST(ThreadGroup, EndsAllMembersIfOneThrows) {
  std::atomic<int> ended = 0;
  const auto body = [&](Communicator& among) {
    if (among.rank() == 1) throw Error{{.received = "the cause"}};
    try {
      among.barrier();
    } catch (const Error&) {
      ++ended;
      throw;
    }
  };
  try {
    ThreadGroup::run(3, body);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the cause.");
  }
  EXPECT_EQ(ended, 2);
}

Verdict verdict_of(int size, const std::function<Readiness(int rank)>& readiness) {
  Verdict first;
  ThreadGroup::run(size, [&](Communicator& among) {
    const Verdict verdict = agree(among, readiness(among.rank()));
    if (among.is_first())
      first = verdict;
    else
      EXPECT_TRUE(verdict.message.empty());
    const double code = broadcast_text(among, std::to_string(verdict.exit_code)).empty() ? 0 : verdict.exit_code;
    double sum = code;
    among.sum(std::span(&sum, 1));
    EXPECT_EQ(sum, code * among.size());
  });
  return first;
}

TEST(Agreement, GoesOnIfAllAreTheSame) {
  const Verdict verdict = verdict_of(3, [](int) { return Readiness{.identity = {{"version", "1"}}}; });
  EXPECT_EQ(verdict.exit_code, 0);
}

TEST(Agreement, NamesTheProcessThatHasAnError) {
  const Verdict verdict = verdict_of(
      3, [](int rank) { return rank == 2 ? Readiness{.exit_code = 3, .error = "x.npz: no such file"} : Readiness{}; });
  EXPECT_EQ(verdict.exit_code, 3);
  EXPECT_EQ(verdict.message, "process 2 of 3: x.npz: no such file");
}

TEST(Agreement, SaysTheErrorOfAllAsOneProcessWould) {
  const Verdict verdict = verdict_of(2, [](int) { return Readiness{.exit_code = 2, .error = "--epochs: wrong"}; });
  EXPECT_EQ(verdict.exit_code, 2);
  EXPECT_EQ(verdict.message, "--epochs: wrong");
}

TEST(Agreement, NamesWhatDiffers) {
  const Verdict verdict = verdict_of(3, [](int rank) {
    return Readiness{.identity = {{"version", "1"}, {"fingerprint of the data", rank == 1 ? "b" : "a"}}};
  });
  EXPECT_EQ(verdict.exit_code, 2);
  EXPECT_EQ(verdict.message,
            "process 1 of 3: fingerprint of the data: expected a, as in process 0, received b. All processes need the "
            "same program, model, settings and data.");
}

TEST(Agreement, NamesWhatOnlyOneHas) {
  const auto verdict = [](int with) {
    return verdict_of(2, [with](int rank) {
      return rank == with ? Readiness{.identity = {{"what is left to do", "nothing"}}} : Readiness{};
    });
  };
  for (const int with : {0, 1}) {
    EXPECT_EQ(verdict(with).exit_code, 2);
    EXPECT_NE(verdict(with).message.find("what is left to do"), std::string::npos);
  }
}

Environment environment_of(std::map<std::string, std::string> variables) {
  return [all = std::move(variables)](const char* name) {
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second.c_str();
  };
}

TEST(Launch, IsSeenInTheEnvironment) {
  EXPECT_FALSE(launch_of(environment_of({})));
  EXPECT_FALSE(launch_of(environment_of({{"OMPI_COMM_WORLD_SIZE", "1"}})));
  const auto open = launch_of(environment_of({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "2"}}));
  ASSERT_TRUE(open);
  EXPECT_EQ(open->families, std::vector<std::string>{"openmpi"});
  EXPECT_EQ(open->rank, 2);
  EXPECT_EQ(open->size, 4);
  const auto mpich = launch_of(environment_of({{"PMI_SIZE", "3"}, {"PMI_RANK", "1"}}));
  ASSERT_TRUE(mpich);
  EXPECT_EQ(mpich->families.front(), "mpich");
  const auto slurm = launch_of(environment_of(
      {{"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "8"}, {"SLURM_PROCID", "5"}, {"PMIX_RANK", "5"}}));
  ASSERT_TRUE(slurm);
  EXPECT_EQ(slurm->families.front(), "openmpi");
  EXPECT_EQ(slurm->size, 8);
  // MPICH's mpirun in a job of two nodes: Slurm's step is that of its proxies.
  const auto by_proxies = launch_of(environment_of({{"SLURM_STEP_ID", "0"},
                                                    {"SLURM_STEP_NUM_TASKS", "2"},
                                                    {"SLURM_PROCID", "1"},
                                                    {"PMI_SIZE", "8"},
                                                    {"PMI_RANK", "6"}}));
  ASSERT_TRUE(by_proxies);
  EXPECT_EQ(by_proxies->rank, 6);
  EXPECT_EQ(by_proxies->size, 8);
  // In the batch script itself, before any srun.
  EXPECT_FALSE(launch_of(environment_of({{"SLURM_NTASKS", "8"}, {"SLURM_PROCID", "0"}})));
}

TEST(Launch, RefusesProcessesOfSrunThatNothingConnects) {
  EXPECT_THROW(launch_of(environment_of({{"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "8"}})), Error);
}

TEST(Launch, LooksForThePluginBesideTheProgramAndWhereItIsInstalled) {
  const Launch launch{.by = "", .families = {"mpich"}};
  const auto paths = plugin_paths(launch, environment_of({}), "/opt/bin");
  ASSERT_EQ(paths.size(), 2u);
  EXPECT_EQ(paths[0], "/opt/bin/mpi/mpich/libevenkeel_mpi.so");
  EXPECT_TRUE(paths[1].string().ends_with("/evenkeel/mpi/mpich/libevenkeel_mpi.so"));
  EXPECT_EQ(plugin_paths(launch, environment_of({{"EVENKEEL_MPI", "/x/mine.so"}}), "/opt/bin").front(), "/x/mine.so");
}

}  // namespace
}  // namespace evenkeel
