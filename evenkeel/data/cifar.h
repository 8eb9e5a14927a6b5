#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// The published names of the files of CIFAR-10 and CIFAR-100, including those with the class names.
const std::vector<std::string>& cifar10_files();
const std::vector<std::string>& cifar100_files();

/// One split of CIFAR-10 (Krizhevsky 2009): uint8 [N, 32, 32, 3], ten classes. Reads that split's files and the class
/// names from `folder`. Throws Error if a file is missing or is not as expected: whole records, labels from 0 to 9, ten
/// class names. Checksums are checked by the download, not here.
Dataset load_cifar10(const std::filesystem::path& folder, bool test_split);

/// The same for CIFAR-100, with its 100 fine labels.
Dataset load_cifar100(const std::filesystem::path& folder, bool test_split);

}  // namespace evenkeel
