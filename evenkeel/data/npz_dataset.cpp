#include "evenkeel/data/npz_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/npz.h"

namespace evenkeel {
namespace {

std::string described(const Tensor& tensor) {
  return fmt::format("{} {}", name_of(tensor.dtype()), to_string(tensor.shape()));
}

void check_x(const std::string& where, const Tensor& x) {
  const int rank = x.shape().rank();
  if (rank != 2 && rank != 4)
    throw Error{{.where = where,
                 .expected = "x [N, H, W, C] or [N, F]",
                 .received = to_string(x.shape()),
                 .hint = rank == 3   ? "Give gray images a channel axis: x[..., np.newaxis]."
                         : rank == 1 ? "Give single numbers an axis of features: x[:, np.newaxis]."
                                     : ""}};
  if (x.dtype() != DType::uint8 && x.dtype() != DType::float32)
    throw Error{{.where = where,
                 .expected = "x of uint8 or float32",
                 .received = std::string(name_of(x.dtype())),
                 .hint = "Store x.astype(np.float32)."}};
}

Tensor as_labels(const std::string& where, const Tensor& y) {
  if (y.dtype() == DType::int64) {
    using Limits = std::numeric_limits<std::int32_t>;
    const auto fits = [](std::int64_t label) { return label >= Limits::min() && label <= Limits::max(); };
    const auto labels = y.as<std::int64_t>();
    const auto wrong = std::ranges::find_if_not(labels, fits);
    if (wrong != labels.end())
      throw Error{{.where = where,
                   .expected = "labels below 2^31",
                   .received = fmt::format("{} in sample {}", *wrong, wrong - labels.begin())}};
  }
  return converted(y, DType::int32);
}

Tensor checked_y(const std::string& where, Tensor y) {
  const bool floats = y.dtype() == DType::float32 || y.dtype() == DType::float64;
  const int rank = y.shape().rank();
  if (!floats && rank == 1) return as_labels(where, y);
  if (y.dtype() == DType::float32 && rank == 2) return y;
  std::string hint;
  if (!floats && rank == 2)
    hint = y.shape()[1] == 1 ? "Store labels without the second axis: y[:, 0]."
                             : "Store one-hot rows as labels, y.argmax(axis=1), or as y.astype(np.float32).";
  else if (floats && rank == 1)
    hint = "Store labels as y.astype(np.int32), targets as y.astype(np.float32)[:, np.newaxis].";
  else if (y.dtype() == DType::float64 && rank == 2)
    hint = "Store y.astype(np.float32).";
  throw Error{{.where = where,
               .expected = "y [N] of integer labels or [N, K] of float32 targets",
               .received = described(y),
               .hint = hint}};
}

}  // namespace

Dataset load_npz_dataset(const std::filesystem::path& path) {
  const std::string name = path.string();
  auto arrays = formats::read_npz(path, {"x", "y"});
  const auto x = arrays.find("x");
  const auto y = arrays.find("y");
  if (x == arrays.end())
    throw Error{{.where = name,
                 .received = "no array \"x\"",
                 .hint = "Write the file with np.savez(file, x=samples, y=labels)."}};
  check_x(name, x->second);
  Tensor targets = y == arrays.end() ? Tensor() : checked_y(name, std::move(y->second));
  if (y != arrays.end() && targets.shape().size() == 0 && x->second.shape().size() > 0)
    throw Error{{.where = name, .expected = "a y for every sample, or no y at all", .received = described(targets)}};
  return Dataset({.name = name, .x = std::move(x->second), .y = std::move(targets), .class_names = {}});
}

}  // namespace evenkeel
