#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// The published names (without .gz) of the four files of MNIST, and of Fashion-MNIST.
const std::vector<std::string>& mnist_files();

/// One split of MNIST (LeCun, Cortes, Burges 1998): uint8 [N, 28, 28, 1] and the digits 0 to 9. Reads only that split's
/// two files from `folder`, gzip or plain. Throws Error if one is missing or is not as expected: the ranks, the image
/// size, as many images as labels, labels from 0 to 9. Checksums are checked by the download, not here.
Dataset load_mnist(const std::filesystem::path& folder, bool test_split);

/// The same for Fashion-MNIST (Xiao, Rasul, Vollgraf 2017), with its ten published class names.
Dataset load_fashion_mnist(const std::filesystem::path& folder, bool test_split);

}  // namespace evenkeel
