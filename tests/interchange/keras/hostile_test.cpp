#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "tests/interchange/foreign_cases.h"
#include "tests/support/memory_limit.h"
#include "tests/support/testing.h"

// Keras files that are damaged, or that mean harm (tools/interchange/make_hostile.py): each is an Error that names what
// is wrong, before memory is allocated for what it claims, and nothing is written.

namespace evenkeel::interchange {
namespace {

namespace fs = std::filesystem;

/// The largest network here has 15 numbers; HDF5's library takes some memory of its own.
constexpr std::size_t kMemory = std::size_t{256} << 20;

const std::map<std::string, ForeignCase>& hostile() {
  static const auto cases = read_cases(EVENKEEL_SOURCE_DIR "/tests/interchange/keras/hostile.safetensors.gz");
  return cases;
}

/// These are read: what is beside the network is not looked at.
bool is_harmless(const std::string& name) { return name.find("whole") != std::string::npos || name == "bomb_beside"; }

class HostileKeras : public testing::TestWithParam<std::string> {};

TEST_P(HostileKeras, IsRefusedByName) {
  const ForeignCase& one = hostile().at(GetParam());
  const TestFolder folder;
  const fs::path path = one.write(folder.path());
  std::string says;
  try {
    const MemoryLimit limit(kMemory);
    const Imported imported = import_network(path);
    EXPECT_TRUE(is_harmless(GetParam())) << "it was read";
    EXPECT_EQ(imported.weights.tensors.size(), 2u);
    return;
  } catch (const Error& error) {
    EXPECT_NE(error.kind(), Error::internal) << error.what();
    says = error.what();
  } catch (const std::exception& error) {
    FAIL() << "no Error, but: " << error.what();
  }
  EXPECT_FALSE(is_harmless(GetParam())) << says;
  EXPECT_SAYS(says, path.filename().string());
  EXPECT_SAYS(says, one.about);
  EXPECT_LT(says.size(), 4000u) << "an error that nobody reads";
  EXPECT_EQ(folder.files(), 1u) << "something was written";
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& [name, one] : hostile()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, HostileKeras, testing::ValuesIn(all_names()),
                         [](const auto& tested) { return tested.param; });

class DamagedKeras : public testing::TestWithParam<std::string> {};

/// Cut, or with bytes changed, at places spread over the whole file.
TEST_P(DamagedKeras, IsReadOrRefused) {
  const ForeignCase& one = hostile().at(GetParam());
  const TestFolder folder;
  const std::size_t size = one.model.bytes(), step = size / 40 + 1;
  const std::string whole(reinterpret_cast<const char*>(one.model.data()), size);
  const fs::path path = folder / ("net" + one.ending);
  for (std::size_t at = 0; at < size; at += step) {
    std::string changed = whole;
    changed[at] = static_cast<char>(~changed[at]);
    for (const std::string& content : {whole.substr(0, at), changed}) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
      try {
        import_network(path);
      } catch (const Error& error) {
        EXPECT_NE(error.kind(), Error::internal) << at << ": " << error.what();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, DamagedKeras, testing::Values("whole", "whole_deflated", "legacy_whole"),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace evenkeel::interchange
