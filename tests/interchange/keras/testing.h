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
#include "tests/support/testing.h"

namespace evenkeel::interchange::keras {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(EVENKEEL_SOURCE_DIR) / "tests/interchange/keras/fixtures" / name;
}

/// A folder for the files of one test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "evenkeel-keras-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  /// A fixture as a file here; those kept as gzip without it.
  std::filesystem::path file(const std::string& name) const {
    const auto kept = fixture(name);
    const formats::Bytes bytes = formats::read_maybe_gzip(std::filesystem::exists(kept) ? kept : fixture(name + ".gz"));
    formats::write_file_atomically(path_ / name, bytes);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<Network> network_of(const Model& model, const formats::SafetensorsFile& weights) {
  NetworkOptions options{.draw_weights = false};
  options.compute.threads = 1;
  auto network = std::make_unique<Network>(model, options);
  for (const auto& [name, tensor] : weights.tensors) network->set_weight(name, tensor);
  return network;
}

/// sqrt(sum (a - b)^2 / sum b^2)
inline double distance(TensorView a, TensorView b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < b.as<float>().size(); ++i) {
    difference += std::pow(double{a.as<float>()[i]} - double{b.as<float>()[i]}, 2);
    size += std::pow(double{b.as<float>()[i]}, 2);
  }
  return std::sqrt(difference / size);
}

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
