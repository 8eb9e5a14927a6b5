#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "evenkeel/data/reading_report.h"

namespace evenkeel {

/// Files that will become samples, before any is opened.
struct ImageFiles {
  struct File {
    std::string name;  ///< relative to the folder, in the system's bytes
    std::int32_t label = 0;
  };

  std::string title;                          ///< of the data set: the folder, with a range
  std::filesystem::path folder;               ///< the folder that names are relative to; may be empty
  std::vector<File> files;                    ///< class by class, in the order of their names
  bool labelled = false;                      ///< whether files have labels
  std::vector<std::string> class_names = {};  ///< of labels; UTF-8
  ReadingReport found = {};                   ///< litter, folders in place of files, classes without files

  /// Files [begin, end), as in Dataset::range(); all classes stay.
  ImageFiles range(std::int64_t begin, std::int64_t end) const;
};

/// A folder with one subfolder per class. Classes are the subfolders in the order of their names; one without images is
/// a class without samples. Litter (litter.h), and files beside the classes, are ignored and counted. `flat`: accepts a
/// folder without subfolders too, without labels. Throws Error if the folder cannot be read or has no such files; the
/// error then says which of its folders may be meant.
ImageFiles list_image_folder(const std::filesystem::path& folder, bool flat);

/// The given files, without labels. Throws Error if there are none.
ImageFiles list_images(const std::vector<std::filesystem::path>& files);

}  // namespace evenkeel
