#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "evenkeel/data/reading_report.h"

namespace evenkeel {

/// Files that are to become samples, before one is opened.
struct ImageFiles {
  struct File {
    std::string name;  ///< below the folder, as the system has it: any bytes
    std::int32_t label = 0;
  };

  std::string title;                          ///< of the data set: the folder, with a range
  std::filesystem::path folder;               ///< that names are relative to; may be empty
  std::vector<File> files;                    ///< class by class, in the order of their names
  bool labelled = false;                      ///< whether labels mean something
  std::vector<std::string> class_names = {};  ///< of labels; UTF-8
  ReadingReport found = {};                   ///< litter, folders where files belong, classes without files

  /// Files [begin, end), as Dataset::range() takes them; classes stay.
  ImageFiles range(std::int64_t begin, std::int64_t end) const;
};

/// A folder with one subfolder per class. Classes are the subfolders in the order of their names; one without images
/// is a class without samples. Litter (litter.h) is passed over and counted, as are files beside the classes.
/// `flat`: a folder without subfolders is taken too, without labels. Throws Error where the folder cannot be read or
/// has no files in such places; it then says which of its folders may be meant.
ImageFiles list_image_folder(const std::filesystem::path& folder, bool flat);

/// Named files, without labels. Throws Error where there are none.
ImageFiles list_images(const std::vector<std::filesystem::path>& files);

}  // namespace evenkeel
