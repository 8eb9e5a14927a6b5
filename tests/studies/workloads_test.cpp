#include "evenkeel/studies/workloads.h"

#include <gtest/gtest.h>

#include "evenkeel/nn/model_file.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/train/settings.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// A workload and the model file that users read.
struct Pair {
  const char *workload, *file;
};

class WorkloadModel : public testing::TestWithParam<Pair> {
 protected:
  ModelFile file() const {
    return read_model_file(std::string(EVENKEEL_SOURCE_DIR "/examples/models/") + GetParam().file + ".toml");
  }
};

TEST_P(WorkloadModel, HasTheLayersOfItsModelFile) {
  const auto lines = summarize(workload_named(GetParam().workload).model).layers,
             expected = summarize(file().model).layers;
  ASSERT_EQ(lines.size(), expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].output_shape, expected[i].output_shape);
    EXPECT_EQ(lines[i].parameters, expected[i].parameters);
  }
}

TEST_P(WorkloadModel, IsTrainedAsItsModelFileSays) {
  const Workload workload = workload_named(GetParam().workload);
  TrainerOptions expected = trainer_options(file().training);
  expected.batch_size = workload.batch_size;
  EXPECT_EQ(training_settings(TrainerOptions{
                .loss = workload.loss, .optimizer = workload.optimizer, .batch_size = workload.batch_size}),
            training_settings(expected));
}

INSTANTIATE_TEST_SUITE_P(Of, WorkloadModel,
                         testing::Values(Pair{"W1", "placement"}, Pair{"W2", "speedup"}, Pair{"W3", "depth"}),
                         [](const auto& pair) { return std::string(pair.param.workload); });

TEST(Workloads, ThatDoNotExistAreNamedWithThoseThatDo) {
  EXPECT_SAYS(error_of([] { workload_named("W4"); }), "W1, W2, W3, R18, M2, E0");
}

TEST(Workloads, OfArchitecturesTakeEightImagesOfTheUsualSize) {
  for (const auto& [name, parameters] :
       std::vector<std::pair<std::string, std::int64_t>>{{"R18", 11689512}, {"M2", 3504872}, {"E0", 5288548}}) {
    const Workload workload = workload_named(name);
    EXPECT_EQ(workload.batch_size, 8) << name;
    EXPECT_EQ(workload.model.input_shape(), (Shape{224, 224, 3})) << name;
    EXPECT_EQ(summarize(workload.model).trainable, parameters) << name;
  }
}

}  // namespace
}  // namespace evenkeel
