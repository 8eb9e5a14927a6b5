#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/hdf5.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/keras/importer.h"
#include "evenkeel/train/run_arrays.h"
#include "tests/interchange/foreign_cases.h"
#include "tests/support/testing.h"

namespace evenkeel::interchange::keras {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(EVENKEEL_SOURCE_DIR) / "tests/interchange/keras/fixtures" / name;
}

/// A folder for the files of one test.
struct Folder : TestFolder {
  /// A fixture as a file here; those kept as gzip without it.
  std::filesystem::path file(const std::string& name) const {
    const auto kept = fixture(name);
    const formats::Bytes bytes = formats::read_maybe_gzip(std::filesystem::exists(kept) ? kept : fixture(name + ".gz"));
    formats::write_file_atomically(path() / name, bytes);
    return path() / name;
  }
};

inline bool same_bits(TensorView a, TensorView b) {
  return a.shape == b.shape && a.dtype == b.dtype && std::memcmp(a.data, b.data, a.bytes()) == 0;
}

class Keras : public testing::Test {
 protected:
  void SetUp() override {
    if (!formats::has_hdf5()) GTEST_SKIP() << "built without HDF5";
  }
  Folder folder_;
};

}  // namespace evenkeel::interchange::keras
