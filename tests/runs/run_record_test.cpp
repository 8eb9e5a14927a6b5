#include "evenkeel/runs/run_record.h"

#include <gtest/gtest.h>

#include <fstream>

#include "evenkeel/runs/run_folder.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// A run on 10 samples in batches of 4: three steps an epoch, or by steps 2.5.
class ARecord : public testing::Test {
 protected:
  std::size_t rows_of(const std::string& rows, bool interrupted, std::optional<std::int64_t> steps = {}) {
    const TestFolder folder;
    Sequential model({4}, "tiny");
    model.add(Dense{.units = 2});
    Trainer trainer(model, {.loss = SoftmaxCrossEntropy{}, .batch_size = 4, .compute = {.threads = 1}});
    const RunDescription run{.command = {"train"},
                             .data = "set",
                             .data_fingerprint = "0",
                             .samples = 10,
                             .epochs = steps ? 0 : 5,
                             .steps = steps,
                             .started = "now"};
    const RunFolder made(folder / "run");
    made.write_description({.model = model}, trainer, run);
    History history;
    history.stopped = interrupted;
    made.write_result({.model = model}, trainer, run, history, {});
    std::ofstream(folder / "run/metrics.csv") << "epoch,step,loss\n" + rows;
    return read_run_record(folder / "run").metrics.rows();
  }
};

TEST_F(ARecord, HasNoEpochThatARunWasInterruptedIn) {
  EXPECT_EQ(rows_of("1,3,0.9\n2,6,0.8\n3,8,0.1\n", true), 2u);
  EXPECT_EQ(rows_of("1,2,0.9\n", true), 0u);
  EXPECT_EQ(rows_of("1,3,0.9\n2,5,0.8\n3,7,0.1\n", true, 20), 2u);
}

TEST_F(ARecord, HasTheEpochThatARunWasInterruptedAfter) {
  EXPECT_EQ(rows_of("1,3,0.9\n2,6,0.8\n3,9,0.1\n", true), 3u);
  EXPECT_EQ(rows_of("1,3,0.9\n2,5,0.8\n", true, 20), 2u);
}

TEST_F(ARecord, HasThePartOfAnEpochThatARunOfSoManyStepsEndsWith) {
  EXPECT_EQ(rows_of("1,3,0.9\n2,5,0.8\n3,7,0.1\n", false, 7), 3u);
}

}  // namespace
}  // namespace evenkeel
