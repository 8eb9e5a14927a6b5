#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "tests/interchange/foreign_cases.h"
#include "tests/interchange/onnx/onnx_bytes.h"
#include "tests/support/memory_limit.h"
#include "tests/support/testing.h"

// ONNX files that are damaged, or that mean harm: each is an Error that names what is wrong, before memory is allocated
// for what it claims, and nothing is written.

namespace evenkeel::interchange {
namespace {

namespace fs = std::filesystem;
using namespace bytes;

/// No file here has more than a few hundred kilobytes; a parser may take some times that.
constexpr std::size_t kMemory = std::size_t{64} << 20;

class HostileOnnx : public testing::Test {
 protected:
  fs::path write(const std::string& content, const std::string& name = "net.onnx") const {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  /// What the Error of reading these bytes says; fails if there is none, or if it is a fault of ours.
  std::string refused(const std::string& content) const { return refused_file(write(content)); }
  std::string refused_file(const fs::path& path) const {
    const std::size_t files = folder_.files();
    std::string says;
    try {
      const MemoryLimit limit(kMemory);
      import_onnx(path);
      ADD_FAILURE() << "it was read";
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), Error::internal) << error.what();
      says = error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "no Error, but: " << error.what();
    }
    EXPECT_EQ(folder_.files(), files) << "something was written";
    EXPECT_SAYS(says, folder_.path().string());
    EXPECT_LT(says.size(), 5000u) << "an error that nobody reads";
    return says;
  }

  TestFolder folder_;
};

/// x [N, 2, 4, 4] through a convolution of these weights.
std::string convolution(const std::string& weights) {
  return model({.nodes = {node("Conv", {"x", "w"}, {"y"}, {}, "conv1")}, .initializers = {weights}});
}
const Dims kKernel = {3, 2, 1, 1};

TEST_F(HostileOnnx, IsReadIfNothingIsWrong) {
  const Imported imported = import_onnx(write(convolution(zeros("w", kKernel))));
  EXPECT_EQ(imported.record.layers.at(0).foreign, "conv1");
}

TEST_F(HostileOnnx, CutShortAtAnyByteIsAnErrorOrASmallerNetwork) {
  const std::string whole = convolution(zeros("w", kKernel));
  int errors = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const fs::path path = write(whole.substr(0, size));
    try {
      import_onnx(path);
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), Error::internal) << size << ": " << error.what();
      ++errors;
    }
  }
  // Only the list of operator sets comes after the graph.
  EXPECT_GT(errors, static_cast<int>(whole.size()) - 16);
}

TEST_F(HostileOnnx, EmptyOrOfAnotherKindSaysSo) {
  refused("");
  refused("just a text that somebody called net.onnx");
  refused(std::string(1000, '\xff'));
  refused(std::string("PK\x03\x04", 4) + std::string(100, '\0'));
  fs::create_directory(folder_ / "folder.onnx");
  EXPECT_THROW(import_onnx(folder_ / "folder.onnx"), Error);
  EXPECT_THROW(import_onnx(folder_ / "missing.onnx"), Error);
}

TEST_F(HostileOnnx, AnOpsetThatIsNotKnownIsNamed) {
  const Graph graph{.nodes = {node("Relu", {"x"}, {"y"})}};
  EXPECT_SAYS(refused(model(graph, 8)), "8");
  EXPECT_SAYS(refused(model(graph, 0)), "opset");
  EXPECT_SAYS(refused(model(graph, -1)), "opset");
  EXPECT_SAYS(refused(number(1, 8) + part(7, graph.message())), "opset");
}

TEST_F(HostileOnnx, ACycleIsNamed) {
  const std::string says =
      refused(model({.nodes = {node("Add", {"x", "b"}, {"a"}, {}, "first"), node("Relu", {"a"}, {"b"}, {}, "second"),
                               node("Relu", {"b"}, {"y"}, {}, "third")}}));
  EXPECT_TRUE(contains(says, "first") || contains(says, "second")) << says;
  refused(model({.nodes = {node("Relu", {"y"}, {"y"}, {}, "itself")}}));
}

TEST_F(HostileOnnx, ValuesThatNobodyMakesAreNamed) {
  EXPECT_SAYS(refused(model({.nodes = {node("Relu", {"from_nowhere"}, {"y"})}})), "from_nowhere");
  EXPECT_SAYS(refused(model({.nodes = {node("Relu", {"x"}, {"z"})}})), "\"y\"");
  EXPECT_SAYS(refused(model({.nodes = {node("Relu", {"x"}, {"y"})}, .outputs = {}})), "output");
  EXPECT_SAYS(refused(model({.nodes = {node("Relu", {"x"}, {"y"})}, .inputs = {}})), "x");
}

TEST_F(HostileOnnx, NamesThatOccurTwiceAreNamed) {
  EXPECT_SAYS(refused(model({.nodes = {node("Relu", {"x"}, {"twice"}), node("Tanh", {"x"}, {"twice"}),
                                       node("Relu", {"twice"}, {"y"})}})),
              "twice");
  const std::string w = zeros("w", kKernel);
  EXPECT_SAYS(refused(model({.nodes = {node("Conv", {"x", "w"}, {"y"})}, .initializers = {w, w}})), "w");
  EXPECT_SAYS(refused(model({.nodes = {node("Relu", {"x"}, {"y"})},
                             .inputs = {value("x", {0, 2, 4, 4}), value("x", {0, 2, 4, 4})}})),
              "x");
}

TEST_F(HostileOnnx, TensorsThatClaimMoreThanTheyHaveAreNamed) {
  const std::int64_t million = 1'000'000;
  for (const Dims& dims : {Dims{million, million}, Dims{million, million, 1, 1}, Dims{std::int64_t{1} << 62, 4, 1, 1},
                           Dims{std::int64_t{1} << 40, std::int64_t{1} << 40, 1, 1}, Dims{-1, 2, 1, 1},
                           Dims{-3, -2, 1, 1}, Dims{3, 2, 1, 2}, Dims{3, 2, 1, 0}, Dims(64, 1), Dims(64, 1 << 20)}) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(dims, "x")));
    EXPECT_SAYS(refused(convolution(tensor("weight_7", dims, std::string(24, '\0')))), "weight_7");
  }
  // No data at all.
  EXPECT_SAYS(refused(convolution(number(1, million) + number(1, million) + number(2, kFloat) + part(8, "weight_7"))),
              "weight_7");
}

TEST_F(HostileOnnx, TensorsOfAnotherSizeThanTheirDataAreNamed) {
  for (const std::size_t size : {0, 4, 23, 25, 28, 1000})
    EXPECT_SAYS(refused(convolution(tensor("weight_7", kKernel, std::string(size, '\0')))), "weight_7");
  EXPECT_SAYS(refused(convolution(tensor("weight_7", kKernel, std::string(24, '\0'), 99))), "weight_7");
  EXPECT_SAYS(refused(convolution(tensor("weight_7", kKernel, std::string(24, '\0'), 8))), "weight_7");
}

TEST_F(HostileOnnx, AConstantThatClaimsAHugeResultIsRefused) {
  const Dims huge = {1'000'000, 1'000'000};
  const std::string shape = tensor("s", {2}, raw(huge), kInt64);
  refused(model(
      {.nodes = {node("ConstantOfShape", {"s"}, {"c"}), node("Add", {"x", "c"}, {"y"})}, .initializers = {shape}}));
  refused(model({.nodes = {node("Expand", {"one", "s"}, {"c"}), node("Add", {"x", "c"}, {"y"})},
                 .initializers = {shape, zeros("one", {1})}}));
  const std::string limit = tensor("l", {}, raw(Dims{std::int64_t{1} << 40}), kInt64);
  const std::string one = tensor("i", {}, raw(Dims{1}), kInt64);
  refused(model({.nodes = {node("Range", {"zero", "l", "i"}, {"c"}), node("Add", {"x", "c"}, {"y"})},
                 .initializers = {limit, one, tensor("zero", {}, raw(Dims{0}), kInt64)}}));
  // Tiles of tiles: each doubles.
  Graph doubling{.nodes = {}, .initializers = {zeros("c0", {1024})}};
  for (int i = 0; i < 60; ++i)
    doubling.nodes.push_back(node("Concat", {fmt::format("c{}", i), fmt::format("c{}", i)}, {fmt::format("c{}", i + 1)},
                                  {integer("axis", 0)}));
  doubling.nodes.push_back(node("Add", {"x", "c60"}, {"y"}));
  refused(model(doubling));
}

TEST_F(HostileOnnx, SizesThatNoNetworkHasAreRefused) {
  const std::string w = zeros("w", kKernel);
  const auto conv = [&](const Names& attributes) {
    SCOPED_TRACE(testing::PrintToString(attributes));
    return refused(model({.nodes = {node("Conv", {"x", "w"}, {"y"}, attributes, "conv1")}, .initializers = {w}}));
  };
  const std::int64_t huge = std::int64_t{1} << 62;
  for (const Names& attributes :
       {Names{ints("pads", {huge, huge, huge, huge})}, Names{ints("strides", {0, 0})}, Names{ints("strides", {-1, 1})},
        Names{ints("dilations", {huge, 1})}, Names{ints("kernel_shape", {huge, huge})}, Names{integer("group", 0)},
        Names{integer("group", -1)}, Names{integer("group", 7)}, Names{ints("pads", {1})},
        Names{ints("pads", {-9, 0, 0, 0})}})
    EXPECT_SAYS(conv(attributes), "conv1");
  for (const Dims& dims :
       {Dims{0, 2, -4, 4}, Dims{0, huge, 4, 4}, Dims{0, 1 << 30, 1 << 30, 1 << 30}, Dims{}, Dims(40, 2)})
    refused(model({.nodes = {node("Relu", {"x"}, {"y"})}, .inputs = {value("x", dims)}}));
  refused(model({.nodes = {node("MaxPool", {"x"}, {"y"}, {ints("kernel_shape", {huge, 3})}, "pool")}}));
  refused(model({.nodes = {node("Resize", {"x", "", "s"}, {"y"}, {}, "grow")},
                 .initializers = {tensor("s", {4}, raw(std::vector<float>{1, 1, 1e9F, 1e9F}))}}));
  refused(model({.nodes = {node("Pad", {"x", "p"}, {"y"}, {}, "pad")},
                 .initializers = {tensor("p", {8}, raw(Dims{0, 0, huge, huge, 0, 0, huge, huge}), kInt64)}}));
  refused(model({.nodes = {node("Transpose", {"x"}, {"y"}, {ints("perm", {0, 9, -3, 1})}, "t")}}));
}

TEST_F(HostileOnnx, OperatorsThatAreNotKnownAreAllNamedWithTheirCounts) {
  const std::string says =
      refused(model({.nodes = {node("Frobnicate", {"x"}, {"a"}, {}, "f1"), node("Frobnicate", {"a"}, {"b"}, {}, "f2"),
                               node("Quux", {"b"}, {"c"}, {}, "q", "com.example"), node("Relu", {"c"}, {"y"})}}));
  EXPECT_SAYS(says, "Frobnicate");
  EXPECT_SAYS(says, "2");
  EXPECT_SAYS(says, "Quux");
  EXPECT_SAYS(says, "f1");
}

TEST_F(HostileOnnx, ThousandsOfOperatorsThatAreNotKnownAreAnErrorThatCanBeRead) {
  Graph graph{.nodes = {}};
  for (int i = 0; i < 5000; ++i)
    graph.nodes.push_back(
        node(fmt::format("Op{}", i), {i == 0 ? "x" : fmt::format("v{}", i - 1)}, {fmt::format("v{}", i)}));
  graph.outputs = {value("v4999", {})};
  refused(model(graph));
}

TEST_F(HostileOnnx, ALongChainTakesNoStack) {
  Graph graph{.nodes = {}};
  for (int i = 0; i < 20000; ++i)
    graph.nodes.push_back(
        node("Identity", {i == 0 ? "x" : fmt::format("v{}", i - 1)}, {i == 19999 ? "y" : fmt::format("v{}", i)}));
  const fs::path path = write(model(graph));
  try {
    import_onnx(path);
  } catch (const Error& error) {
    EXPECT_NE(error.kind(), Error::internal) << error.what();
  }
}

TEST_F(HostileOnnx, GraphsInsideGraphsEndAtADepth) {
  std::string inner = Graph{.nodes = {node("Relu", {"x"}, {"y"})}}.message();
  for (int i = 0; i < 500; ++i)
    inner =
        Graph{.nodes = {node("If", {"x"}, {"y"}, {part(1, "then_branch") + part(6, inner) + number(20, 5)})}}.message();
  refused(number(1, 8) + part(7, inner) + part(8, number(2, 17)));
}

/// FunctionProto "f" of domain "own", whose only node is this.
std::string function(const std::string& body) {
  return part(25, part(1, "f") + part(4, "a") + part(5, "b") + part(7, body) + part(9, number(2, 17)) +
                      part(9, part(1, "own") + number(2, 1)) + part(10, "own"));
}

TEST_F(HostileOnnx, AFunctionThatCallsItselfIsRefused) {
  const Graph graph{.nodes = {node("f", {"x"}, {"y"}, {}, "call", "own")}};
  const std::string own = part(8, part(1, "own") + number(2, 1));
  refused(model(graph, 17, own + function(node("f", {"a"}, {"b"}, {}, "again", "own"))));
}

TEST_F(HostileOnnx, FunctionsThatDoubleEachTimeAreRefused) {
  // 2^40 nodes, if somebody wrote them out.
  std::string functions = part(8, part(1, "own") + number(2, 1));
  for (int i = 0; i < 40; ++i) {
    const std::string callee = i == 0 ? "Relu" : fmt::format("f{}", i - 1), domain = i == 0 ? "" : "own";
    functions += part(25, part(1, fmt::format("f{}", i)) + part(4, "a") + part(5, "c") +
                              part(7, node(callee, {"a"}, {"b"}, {}, "", domain)) +
                              part(7, node(callee, {"b"}, {"c"}, {}, "", domain)) + part(9, number(2, 17)) +
                              part(9, part(1, "own") + number(2, 1)) + part(10, "own"));
  }
  refused(model({.nodes = {node("f39", {"x"}, {"y"}, {}, "call", "own")}}, 17, functions));
}

TEST_F(HostileOnnx, HugeListsOfAttributesAreReadOrRefused) {
  Names attributes;
  for (int i = 0; i < 20000; ++i) attributes.push_back(integer(fmt::format("a{}", i), i));
  const fs::path many = write(model({.nodes = {node("Relu", {"x"}, {"y"}, attributes)}}));
  try {
    import_onnx(many);
  } catch (const Error& error) {
    EXPECT_NE(error.kind(), Error::internal) << error.what();
  }
  refused(model({.nodes = {node("Transpose", {"x"}, {"y"}, {ints("perm", Dims(100000, 1))}, "t")}}));
}

class ExternalData : public HostileOnnx {
 protected:
  std::string refused_location(const std::string& location, const std::string& offset = "0",
                               const std::string& length = "") const {
    return refused(convolution(external("weight_7", kKernel, location, offset, length)));
  }
};

TEST_F(ExternalData, IsReadFromTheFolder) {
  write(std::string(30, '\0'), "data.bin");
  fs::create_directory(folder_ / "sub");
  write(std::string(24, '\0'), "sub/data.bin");
  for (const char* location : {"data.bin", "sub/data.bin", "./data.bin"})
    EXPECT_EQ(import_onnx(write(convolution(external("w", kKernel, location)))).record.layers.size(), 1u) << location;
  EXPECT_EQ(import_onnx(write(convolution(external("w", kKernel, "data.bin", "6", "24")))).record.layers.size(), 1u);
}

TEST_F(ExternalData, ThatIsMissingIsNamed) { EXPECT_SAYS(refused_location("missing.bin"), "missing.bin"); }

TEST_F(ExternalData, OutsideTheFolderIsRefused) {
  write(std::string(24, '\0'), "data.bin");
  const fs::path inner = folder_ / "inner";
  fs::create_directory(inner);
  const auto refused_in_inner = [&](const std::string& location) {
    const fs::path path = inner / "net.onnx";
    std::ofstream(path, std::ios::binary) << convolution(external("weight_7", kKernel, location));
    EXPECT_SAYS(refused_file(path), location);
  };
  refused_in_inner("../data.bin");
  refused_in_inner("sub/../../data.bin");
  refused_in_inner((folder_ / "data.bin").string());
  refused_in_inner("/etc/passwd");
  fs::create_symlink(folder_ / "data.bin", inner / "link.bin");
  refused_in_inner("link.bin");
  fs::create_directory_symlink(folder_.path(), inner / "up");
  refused_in_inner("up/data.bin");
}

TEST_F(ExternalData, ThatIsNoFileIsRefused) {
  fs::create_directory(folder_ / "sub");
  EXPECT_SAYS(refused_location("sub"), "sub");
  EXPECT_SAYS(refused_location("/dev/zero"), "/dev/zero");
  refused_location("");
  refused_location(".");
  refused_location(std::string("data.bin\0hidden", 15));
  fs::create_symlink("/dev/zero", folder_ / "zero");
  EXPECT_SAYS(refused_location("zero"), "zero");
}

TEST_F(ExternalData, ThatDoesNotReachIsNamed) {
  write(std::string(24, '\0'), "data.bin");
  for (const char* offset : {"1", "24", "25", "-1", "18446744073709551615", "9223372036854775807", "many", "1e3"}) {
    SCOPED_TRACE(offset);
    EXPECT_SAYS(refused_location("data.bin", offset), "weight_7");
  }
  for (const char* length : {"23", "25", "-24", "18446744073709551615", "x"}) {
    SCOPED_TRACE(length);
    EXPECT_SAYS(refused_location("data.bin", "0", length), "weight_7");
  }
}

TEST_F(ExternalData, ThatClaimsMuchIsRefusedBeforeItIsAllocated) {
  write(std::string(24, '\0'), "data.bin");
  EXPECT_SAYS(refused(convolution(external("weight_7", {1'000'000, 1'000'000}, "data.bin"))), "weight_7");
  EXPECT_SAYS(refused(convolution(external("weight_7", {1'000'000, 1'000'000}, "data.bin", "0", "4000000000000"))),
              "weight_7");
}

TEST_F(HostileOnnx, WeightsThatAreNoNumbersAreRead) {
  // Such a network is what a user brings to the doctor.
  const std::vector<float> values(6, std::numeric_limits<float>::quiet_NaN());
  const Imported imported = import_onnx(write(convolution(tensor("w", kKernel, raw(values)))));
  ASSERT_EQ(imported.weights.tensors.size(), 1u);
  EXPECT_TRUE(std::isnan(imported.weights.tensors[0].second.as<float>()[0]));
}

}  // namespace
}  // namespace evenkeel::interchange
