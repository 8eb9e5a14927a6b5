#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

inline constexpr std::int64_t kCifarSide = 32, kCifarChannels = 3;

/// The labels that stand before the pixels of a record, a byte each.
struct CifarFormat {
  int coarse_classes = 0;  ///< 0: there is no coarse label
  int classes = 0;
};
inline constexpr CifarFormat kCifar10{.classes = 10}, kCifar100{.coarse_classes = 20, .classes = 100};

struct CifarRecords {
  Tensor images;  ///< uint8 [N, 32, 32, 3]
  Tensor labels;  ///< int32 [N], the fine ones
};

/// The records of CIFAR's binary files, one file after the other: label bytes, then 1024 bytes each of red, green and
/// blue, which become NHWC. Throws Error, naming the file, unless each file holds one or more whole records with valid
/// labels.
CifarRecords read_cifar(std::span<const std::filesystem::path> files, const CifarFormat& format);
/// The same from one file's bytes; `name` is the place that errors report.
CifarRecords decode_cifar(BytesView bytes, const CifarFormat& format, const std::string& name);

}  // namespace evenkeel::formats
