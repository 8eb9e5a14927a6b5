#include "tests/guard/baseline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace evenkeel {
namespace {

using Json = nlohmann::ordered_json;

const char* const kFile = EVENKEEL_SOURCE_DIR "/bench/baseline.json";

Json read_baseline() {
  std::ifstream file(kFile);
  return Json::parse(file);
}

void write_baseline(const std::string& part, const Counts& measured) {
  Json baseline = read_baseline();
  if (part == "instructions") baseline["compiler"] = compiler();
  baseline[part] = Json::object();
  for (const auto& [name, number] : measured) baseline[part][name] = std::llround(number);
  std::ofstream(kFile) << baseline.dump(2) << '\n';
}

}  // namespace

std::string compiler() {
#if defined(__clang__)
  return "Clang " + std::to_string(__clang_major__);
#else
  return "GNU " + std::to_string(__GNUC__);
#endif
}

std::string baseline_compiler() { return read_baseline().at("compiler").get<std::string>(); }

void check_baseline(const std::string& part, const Counts& measured, double tolerance) {
  if (std::getenv("EVENKEEL_UPDATE_BASELINE")) return write_baseline(part, measured);
  const auto baseline = read_baseline().at(part).get<Counts>();
  for (const auto& [name, number] : measured) {
    const auto expected = baseline.find(name);
    if (expected == baseline.end()) {
      ADD_FAILURE() << part << " of " << name << " are not in bench/baseline.json: `make guard-update`";
      continue;
    }
    EXPECT_LE(std::abs(number - expected->second), tolerance * expected->second)
        << part << " of " << name << ": " << std::llround(number) << ", in bench/baseline.json "
        << std::llround(expected->second)
        << (number > expected->second ? ". It became dearer." : ". It became cheaper.")
        << " If that is meant, `make guard-update` and commit the file.";
  }
  EXPECT_EQ(baseline.size(), measured.size()) << "bench/baseline.json has " << part << " that nobody measures";
}

}  // namespace evenkeel
