#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/interchange/foreign_cases.h"
#include "tests/support/testing.h"

// Small networks of PyTorch's and Keras's families in their files (tools/interchange/make_networks.py): what we compute
// is what those computed, in evaluation and training mode, and so are the statistics after one pass in training mode.

namespace evenkeel::interchange {
namespace {

/// Relative, L2: what the design promises. Sums of float32 in another order differ by less.
constexpr double kTolerance = 1e-4;

const std::map<std::string, ForeignCase>& cases_of(const std::string& producer) {
  static std::map<std::string, std::map<std::string, ForeignCase>> read;
  auto found = read.find(producer);
  if (found == read.end()) {
    const std::string file = producer + ".safetensors.gz";
    const std::filesystem::path folder = EVENKEEL_SOURCE_DIR "/tests/interchange/networks";
    found = read.emplace(producer, read_cases(folder / file)).first;
  }
  return found->second;
}

struct File {
  std::string producer, name;  ///< "pytorch", "resnet.train"
  std::string network() const { return name.substr(0, name.find('.')); }
  std::string form() const { return name.substr(name.find('.') + 1); }
};

void PrintTo(const File& file, std::ostream* out) { *out << file.producer << ' ' << file.name; }

std::vector<File> all_files() {
  std::vector<File> files;
  for (const char* producer : {"pytorch", "keras"})
    for (const auto& [name, one] : cases_of(producer))
      if (!one.ending.empty()) files.push_back({producer, name});
  return files;
}

class NetworkFile : public testing::TestWithParam<File> {
 protected:
  const ForeignCase& file() const { return cases_of(GetParam().producer).at(GetParam().name); }
  const ForeignCase& computed() const { return cases_of(GetParam().producer).at(GetParam().network()); }

  Imported imported() const {
    const TestFolder folder;
    return import_network(file().write(folder.path()));
  }

  /// PyTorch's default export for inference folds normalizations away; its newer one always does.
  bool has_normalizations() const { return GetParam().form() != "folded" && GetParam().form() != "dynamo"; }

  void expect_outputs(const Arrays& actual, const std::string& kind) const {
    const Arrays& expected = computed().of(kind);
    EXPECT_EQ(actual.size(), expected.size());
    // Keras's outputs are numbered here, in the order of the model's.
    for (const auto& [name, output] : expected) {
      SCOPED_TRACE(name);
      const auto found = actual.find(name);
      ASSERT_NE(found, actual.end());
      EXPECT_EQ(found->second.shape(), output.shape());
      EXPECT_LT(relative_distance(found->second, output), kTolerance);
    }
  }
};

TEST_P(NetworkFile, EvaluatesAsItsProducer) {
  const Imported net = imported();
  const auto network = network_of(net);
  expect_outputs(numbered(net, run_foreign(net, *network, computed().of("input"), Mode::evaluate)), "evaluate");
}

TEST_P(NetworkFile, ComputesInTrainingModeAsItsProducer) {
  if (!has_normalizations()) GTEST_SKIP() << "the file has none of its normalizations";
  const Imported net = imported();
  const auto network = network_of(net);
  expect_outputs(numbered(net, run_foreign(net, *network, computed().of("input"), Mode::train)), "train");
}

TEST_P(NetworkFile, UpdatesStatisticsAsItsProducer) {
  if (!has_normalizations()) GTEST_SKIP() << "the file has none of its normalizations";
  const Imported net = imported();
  const auto network = network_of(net);
  run_foreign(net, *network, computed().of("input"), Mode::train);
  const auto distances = distances_of_statistics(net, *network, computed().arrays);
  for (const auto& [name, distance] : distances) EXPECT_LT(distance, kTolerance) << name;
  EXPECT_EQ(distances.size(), computed().of("statistics").size());
}

TEST_P(NetworkFile, SaysWhatItHasLost) {
  if (has_normalizations()) GTEST_SKIP() << "the file has all of it";
  const Imported net = imported();
  if (computed().of("statistics").empty()) GTEST_SKIP() << "there was nothing to lose";
  EXPECT_THAT(net.record.lost, testing::Not(testing::IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(Tiny, NetworkFile, testing::ValuesIn(all_files()), [](const auto& tested) {
  std::string name = tested.param.producer + '_' + tested.param.name;
  std::ranges::replace(name, '.', '_');
  return name;
});

}  // namespace
}  // namespace evenkeel::interchange
