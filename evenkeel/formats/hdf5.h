#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

// HDF5 by its C library, as far as Keras's files need it: groups, datasets of numbers, attributes that are texts. The
// library crashes on some damaged files, so it runs in a process of its own (isolated.h), on bytes in memory, and says
// only what is where: numbers that are in one piece are read from the bytes here.

namespace evenkeel::formats {

/// Whether this build has the HDF5 library. Without it the functions below throw Error of kind unsupported.
bool has_hdf5();

/// An attribute with a text or a list of texts. Others are not listed, except empty ones, which are lists without
/// texts.
struct Hdf5Attribute {
  std::string name;
  std::vector<std::string> texts;
  bool is_list = false;
  bool operator==(const Hdf5Attribute&) const = default;
};

/// A group or a dataset.
struct Hdf5Object {
  std::string path;  ///< from the root, which is "": "layers/conv2d/vars/0"
  std::vector<Hdf5Attribute> attributes = {};
  bool is_dataset = false;

  // Of a dataset:
  Shape shape = {};
  std::string type = {};     ///< "f4": numpy's code, or "bf16"; empty for a type that no Tensor holds
  std::uint64_t offset = 0;  ///< of its numbers in the file; 0: they are in `numbers`
  Bytes numbers = {};        ///< of a dataset that is not in one piece of the file

  /// The text of an attribute; nothing where there is none.
  std::optional<std::string> text(std::string_view name) const;
  /// The texts of a list; nothing where there is none. Keras spreads long lists over "name0", "name1", ...
  std::optional<std::vector<std::string>> texts(const std::string& name) const;
};

/// What is in a file: the root, then each group's objects after it, in the order of their names.
struct Hdf5File {
  std::vector<Hdf5Object> objects;

  const Hdf5Object* find(std::string_view path) const;  ///< nullptr if there is none
  /// The names of a group's objects.
  std::vector<std::string> names_in(std::string_view group) const;
};

/// Reads the structure of an HDF5 file. `name` is the place that errors report. Throws Error for a damaged file, and
/// for what Keras does not write: links by name (soft, external, user-defined), objects with two names, numbers outside
/// the file, virtual datasets, filters other than deflate and shuffle.
Hdf5File decode_hdf5(BytesView bytes, const std::string& name);

/// The numbers of a dataset of that file. Throws Error for a type that no Tensor holds.
Tensor tensor_of(const Hdf5Object& dataset, BytesView bytes, const std::string& name);

/// A file's bytes with other numbers in some datasets, and nothing else changed. They are float32 and as many as the
/// dataset has. Throws Error for a dataset of another type than float32 or float64, and for one whose numbers are not
/// in one piece of the file.
struct Hdf5Change {
  const Hdf5Object* dataset;
  TensorView numbers;
};
Bytes changed_hdf5(BytesView bytes, const std::vector<Hdf5Change>& changes, const std::string& name);

/// Something to write: a group, or a dataset with a tensor. Groups above it are made where they are missing.
struct Hdf5Entry {
  std::string path;
  std::optional<TensorView> tensor = {};
  std::vector<Hdf5Attribute> attributes = {};
};
/// The bytes of an HDF5 file; the same entries give the same bytes.
Bytes encode_hdf5(const std::vector<Hdf5Entry>& entries, const std::string& name);

}  // namespace evenkeel::formats
