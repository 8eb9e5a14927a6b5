#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/interchange/layout.h"
#include "evenkeel/nn/layer_traits.h"
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

/// Outputs by "y", or "y0", "y1", ... in their order, as the archives have them.
Arrays numbered(const Imported& imported, Arrays outputs) {
  Arrays renamed;
  for (std::size_t i = 0; i < imported.record.outputs.size(); ++i) {
    const std::string name = imported.record.outputs.size() > 1 ? fmt::format("y{}", i) : "y";
    renamed.emplace(name, std::move(outputs.at(imported.record.outputs[i].foreign)));
  }
  return renamed;
}

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

/// The foreign names that a moving statistic may have in the archives: PyTorch's buffer, or "<layer>.moving_mean".
std::string statistic_name(const LayerRecord& layer, const TensorRecord& tensor, const Arrays& known) {
  if (known.contains(tensor.foreign)) return tensor.foreign;
  std::string name = layer.foreign + tensor.name.substr(tensor.name.rfind('/'));
  std::ranges::replace(name, '/', '.');
  return name;
}

TEST_P(NetworkFile, UpdatesStatisticsAsItsProducer) {
  if (!has_normalizations()) GTEST_SKIP() << "the file has none of its normalizations";
  const Imported net = imported();
  const auto network = network_of(net);
  run_foreign(net, *network, computed().of("input"), Mode::train);
  std::size_t compared = 0;
  for (const LayerRecord& layer : net.record.layers) {
    const LayerTraits traits =
        net.file.model.nodes()[static_cast<std::size_t>(net.file.model.find(layer.name))].layer.traits();
    for (const TensorRecord& tensor : layer.tensors) {
      if (!tensor.name.ends_with("/moving_mean") && !tensor.name.ends_with("/moving_variance")) continue;
      // ONNX defines the variance that moves as the biased one, PyTorch's is not.
      const bool unbiased =
          traits.normalization && traits.normalization->moving && traits.normalization->moving->unbiased;
      const Arrays& known = computed().of(unbiased || GetParam().producer == "keras" ? "statistics" : "biased");
      const std::string name = statistic_name(layer, tensor, known);
      SCOPED_TRACE(name);
      const auto expected = known.find(name);
      ASSERT_NE(expected, known.end());
      EXPECT_LT(relative_distance(network->weight(tensor.name), expected->second), kTolerance);
      ++compared;
    }
  }
  EXPECT_EQ(compared, computed().of("statistics").size());
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
