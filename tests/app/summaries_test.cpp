#include <algorithm>
#include <filesystem>

#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

using Summaries = App;

/// The files that TensorBoard reads in a run folder.
std::ptrdiff_t event_files_in(const std::filesystem::path& folder) {
  return std::ranges::count_if(std::filesystem::directory_iterator(folder), [](const auto& entry) {
    return entry.path().filename().string().starts_with("events.out.tfevents.");
  });
}

TEST_F(Summaries, TrainsWithAnEventFileForTensorBoardInTheRunFolder) {
  train("runs/a");
  EXPECT_EQ(event_files_in(folder_.path() / "runs/a"), 1);
}

TEST_F(Summaries, WritesMoreEventsWhereSummariesAreMoreFrequent) {
  const auto bytes = [&](const std::string& out, const std::string& every) {
    run({"train", "model.toml", "--data", "data.npz", "--out", out, "--summary-every", every});
    std::uintmax_t sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / out))
      if (entry.path().filename().string().starts_with("events.")) sum += entry.file_size();
    return sum;
  };
  EXPECT_GT(bytes("often", "1"), 2 * bytes("seldom", "4"));
}

TEST_F(Summaries, WritesNoEventsWhereNoSummariesAreWanted) {
  run({"train", "model.toml", "--data", "data.npz", "--out", "a", "--summary-every", "0"});
  EXPECT_EQ(event_files_in(folder_.path() / "a"), 0);
}

TEST_F(Summaries, RefusesANegativeNumberOfStepsBetweenSummaries) {
  const std::string said = refusal({"train", "model.toml", "--data", "data.npz", "--summary-every", "-1"});
  EXPECT_NE(said.find("--summary-every"), std::string::npos) << said;
}

}  // namespace
}  // namespace evenkeel
