#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/data/image_folder.h"
#include "evenkeel/data/npz_dataset.h"

namespace evenkeel {

/// What a bare NAME means: the train split to train, the test split otherwise.
enum class Split { train, test };

/// A data set the program knows by name. One line per set in sources.cpp; there is no second list.
struct NamedSource {
  std::string name;         ///< "mnist"
  std::string description;  ///< one line for `data list`
  std::string folder;       ///< below the data directory; empty: drawn by the program itself
  Shape sample_shape;
  std::int64_t train_size, test_size;
};
const std::vector<NamedSource>& named_sources();

/// Folders searched for named sets, in order: `data_dir` (a flag) if given, $EVENKEEL_DATA, ~/.cache/evenkeel.
std::vector<std::filesystem::path> data_directories(const std::string& data_dir = {});

/// Where the program keeps what it found out about users' files: ~/.cache/evenkeel; empty if there is no HOME.
std::filesystem::path index_cache();

/// The folder with the named set's files, or nothing. For sets that the program draws itself, an empty path.
std::optional<std::filesystem::path> find_source(const std::string& name, const std::string& data_dir = {});

/// Loads what a SPEC names: NAME[:SPLIT][RANGE], FILE.npz[:SPLIT][RANGE], or a folder with one subfolder of images per
/// class with optional RANGE. RANGE is [a:b], [a:] or [:b] as in Python. Case does not matter in names. For a folder or
/// a single image, RANGE selects files; others are not opened. Errors: an unknown name (with the nearest and the known
/// ones), a set that is not on this disk (with the folders searched and how to get it), an unknown split, a malformed
/// or empty range, and all errors in the files. `images` says what shape images must have and what is done with those
/// that do not fit. `arrays` is for .npz files only; other sets have the labels of their classes.
Dataset load_dataset(const std::string& spec, Split bare_name_means, const std::string& data_dir = {},
                     const ImageOptions& images = {}, const ArrayOptions& arrays = {});

/// The image files that a SPEC names, on their own or in shards; nothing if it names another kind of set. `flat`:
/// accepts a single image, and a folder without subfolders, too. Throws Error as above.
std::optional<ImageFiles> find_images(const std::string& spec, bool flat);

}  // namespace evenkeel
