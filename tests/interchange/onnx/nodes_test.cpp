#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/interchange/foreign_cases.h"
#include "tests/support/testing.h"

// onnx's own backend node tests (tools/interchange/make_node_tests.py), each as a network: all pass, or stand in
// nodes/not_supported.txt with a reason. EVENKEEL_NODE_TESTS names the archive of the whole set.

namespace evenkeel::interchange {
namespace {

const std::filesystem::path kNodes = EVENKEEL_SOURCE_DIR "/tests/interchange/onnx/nodes";

/// Whether a name is that of the list's line, which may end in '*'.
bool matches(const std::string& pattern, const std::string& name) {
  if (pattern.empty() || pattern.back() != '*') return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

/// Lines "<test or beginning*>: <reason>"; '#' begins a comment.
std::map<std::string, std::string> not_supported() {
  std::map<std::string, std::string> reasons;
  std::ifstream file(kNodes / "not_supported.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t colon = line.find(": ");
    EXPECT_NE(colon, std::string::npos) << "no reason: " << line;
    reasons[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return reasons;
}

/// Sums of a few dozen float32 products, and activations of our approximations, are closer than this.
constexpr double kTolerance = 1e-5;

/// What is wrong with a tensor; empty if nothing is.
std::string difference(const std::string& name, const Arrays& actual, const Tensor& expected) {
  const auto found = actual.find(name);
  if (found == actual.end()) return "no output " + name;
  if (found->second.shape() != expected.shape())
    return name + ": expected " + to_string(expected.shape()) + ", received " + to_string(found->second.shape());
  const Tensor a = converted(found->second, DType::float64), b = converted(expected, DType::float64);
  double largest = 1;
  for (const double v : b.as<double>())
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  for (std::size_t i = 0; i < b.as<double>().size(); ++i) {
    const double x = a.as<double>()[i], y = b.as<double>()[i];
    const bool same = x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= kTolerance * largest;
    if (!same)
      return name + '[' + std::to_string(i) + "]: expected " + std::to_string(y) + ", received " + std::to_string(x);
  }
  return {};
}

/// The moving statistics of the network's only normalization, after a pass in training mode.
std::string difference_of_statistics(Network& network, const Arrays& expected) {
  for (const auto& [what, tensor] : expected) {
    Arrays actual;
    for (const WeightInfo& weight : network.weights())
      if (weight.name.ends_with('/' + what)) actual.emplace(what, Tensor::copy_of(network.weight(weight.name)));
    if (std::string wrong = difference(what, actual, tensor); !wrong.empty()) return wrong;
  }
  return {};
}

std::string failure_of(const ForeignCase& one, const std::filesystem::path& folder) {
  try {
    const Imported imported = import_onnx(one.write(folder));
    const auto network = network_of(imported);
    const Mode mode = one.about.starts_with("train") ? Mode::train : Mode::evaluate;
    const Arrays outputs = run_foreign(imported, *network, one.of("input"), mode);
    for (const auto& [name, expected] : one.of("output"))
      if (std::string wrong = difference(name, outputs, expected); !wrong.empty()) return wrong;
    return difference_of_statistics(*network, one.of("statistics"));
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(NodeTests, PassOrStandInTheListWithAReason) {
  const char* whole = std::getenv("EVENKEEL_NODE_TESTS");
  const auto cases = read_cases(whole ? std::filesystem::path(whole) : kNodes / "nodes.safetensors.gz");
  const auto reasons = not_supported();
  const TestFolder folder;
  std::set<std::string> used;
  int passed = 0;
  for (const auto& [name, one] : cases) {
    std::string reason;
    for (const auto& [pattern, why] : reasons)
      if (matches(pattern, name)) {
        reason = why;
        used.insert(pattern);
      }
    const std::string failure = failure_of(one, folder.path());
    passed += failure.empty();
    if (reason.empty()) {
      EXPECT_EQ(failure, "") << name << " (" << one.about << ')';
    } else {
      EXPECT_NE(failure, "") << name << " passes, and stands in the list: " << reason;
    }
  }
  for (const auto& [pattern, why] : reasons)
    EXPECT_TRUE(!whole || used.contains(pattern)) << "no such test: " << pattern;
  RecordProperty("passed", passed);
  RecordProperty("listed", static_cast<int>(cases.size()) - passed);
  EXPECT_GT(passed, 200);  // a reader that refuses all would need a list of all
}

TEST(NodeTests, AreOfEveryOperatorThatWeRead) {
  const auto cases = read_cases(kNodes / "nodes.safetensors.gz");
  for (const char* op :
       {"conv_",         "convtranspose", "gemm",     "matmul",    "batchnorm", "instancenorm", "group_normalization",
        "layer_norm",    "dropout",       "relu",     "leakyrelu", "prelu",     "elu",          "selu",
        "celu",          "sigmoid",       "hardsigm", "hardswish", "gelu",      "mish",         "softplus",
        "softsign",      "clip",          "tanh",     "erf",       "softmax",   "logsoftmax",   "add",
        "sub",           "mul",           "div",      "pow",       "sqrt",      "sum",          "max_",
        "concat",        "split",         "slice",    "pad",       "maxpool",   "averagepool",  "globalaveragepool",
        "globalmaxpool", "reduce_mean",   "flatten",  "reshape",   "transpose", "squeeze",      "unsqueeze",
        "resize",        "upsample",      "identity", "constant",  "cast",      "shape",        "gather"}) {
    int found = 0;
    for (const auto& [name, one] : cases) found += contains(name, op);
    EXPECT_GT(found, 0) << op;
  }
}

}  // namespace
}  // namespace evenkeel::interchange
