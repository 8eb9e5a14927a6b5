#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string>

#include "evenkeel/base/error.h"

// What tests of every floor share.

namespace evenkeel {

/// What the call's Error says; empty if it throws none.
template <class F>
std::string error_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline testing::AssertionResult says(const char*, const char*, const std::string& text, const std::string& part) {
  if (contains(text, part)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "it does not say \"" << part << "\" but: " << text;
}

#define EXPECT_SAYS(text, part) EXPECT_PRED_FORMAT2(::evenkeel::says, text, part)

/// An empty folder of the running test's own, removed at its end.
class TestFolder {
 public:
  TestFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(test->test_suite_name()) + '.' + test->name();
    for (char& c : name)
      if (c == '/') c = '-';  // of parameterized tests
    path_ = std::filesystem::path(testing::TempDir()) / ("evenkeel-" + std::to_string(getpid()) + '-' + name);
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace evenkeel
