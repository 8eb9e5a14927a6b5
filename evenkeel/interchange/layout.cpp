#include "evenkeel/interchange/layout.h"

#include <cstring>
#include <numeric>

#include "evenkeel/base/error.h"

namespace evenkeel::interchange {
namespace {

std::vector<int> all_axes(const std::vector<int>& axes, int rank) {
  if (!axes.empty()) return axes;
  std::vector<int> kept(static_cast<std::size_t>(rank));
  std::iota(kept.begin(), kept.end(), 0);
  return kept;
}

/// x with axis i of the result being axis axes[i] of x, element by element in the order of the result, so that
/// neighbours are written side by side.
Tensor permuted(TensorView x, const std::vector<int>& axes) {
  const int rank = x.shape.rank();
  std::vector<std::int64_t> sizes, steps, strides(static_cast<std::size_t>(rank), 1);
  for (int i = rank - 2; i >= 0; --i)
    strides[static_cast<std::size_t>(i)] = strides[static_cast<std::size_t>(i) + 1] * x.shape[i + 1];
  for (const int axis : axes) {
    sizes.push_back(x.shape[axis]);
    steps.push_back(strides[static_cast<std::size_t>(axis)]);
  }
  Tensor y(Shape(sizes), x.dtype);
  const std::size_t bytes = size_of(x.dtype);
  if (y.shape().size() == 0) return y;
  std::vector<std::int64_t> at(static_cast<std::size_t>(rank), 0);
  std::int64_t from = 0;
  const std::int64_t inner = rank == 0 ? 1 : sizes.back(), step = rank == 0 ? 0 : steps.back();
  for (std::int64_t to = 0; to < y.shape().size(); to += inner) {
    for (std::int64_t i = 0; i < inner; ++i)
      std::memcpy(y.data() + static_cast<std::size_t>(to + i) * bytes,
                  x.data + static_cast<std::size_t>(from + i * step) * bytes, bytes);
    for (int i = rank - 2; i >= 0; --i) {
      const auto axis = static_cast<std::size_t>(i);
      from += steps[axis];
      if (++at[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      at[axis] = 0;
    }
  }
  return y;
}

Tensor in_shape(Tensor x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return Tensor::copy_of(x.view().reshaped(shape));
}

void require_size(const std::string& where, const Shape& expected, const Shape& received) {
  if (expected.size() != received.size())
    throw Error{{.where = where, .expected = to_string(expected), .received = to_string(received)}};
}

std::vector<int> inverse(const std::vector<int>& axes) {
  std::vector<int> back(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) back[static_cast<std::size_t>(axes[i])] = static_cast<int>(i);
  return back;
}

Shape reordered(const Shape& shape, const std::vector<int>& axes) {
  std::vector<std::int64_t> sizes;
  for (const int axis : axes) sizes.push_back(shape[axis]);
  return Shape(sizes);
}

/// What a port's record says of whole arrays, with the batch as their first axis.
TensorRecord batched(const PortRecord& port, std::int64_t samples) {
  TensorRecord record{.name = port.name, .foreign = port.foreign, .foreign_shape = port.foreign_shape.batched(samples)};
  if (port.seen_as.rank() > 0) record.seen_as = port.seen_as.batched(samples);
  if (!port.axes.empty()) record.axes = {0};
  for (const int axis : port.axes) record.axes.push_back(axis + 1);
  return record;
}

}  // namespace

Tensor to_ours(TensorView foreign, const TensorRecord& record, const Shape& ours) {
  const Shape& seen = record.seen_as.rank() > 0 ? record.seen_as : record.foreign_shape;
  require_size(record.foreign, seen, foreign.shape);
  require_size(record.name, ours, seen);
  return in_shape(permuted(foreign.reshaped(seen), all_axes(record.axes, seen.rank())), ours);
}

Tensor to_foreign(TensorView ours, const TensorRecord& record) {
  const Shape& seen = record.seen_as.rank() > 0 ? record.seen_as : record.foreign_shape;
  require_size(record.name, seen, ours.shape);
  require_size(record.foreign, record.foreign_shape, seen);
  const std::vector<int> axes = all_axes(record.axes, seen.rank());
  return in_shape(permuted(ours.reshaped(reordered(seen, axes)), inverse(axes)), record.foreign_shape);
}

Tensor to_ours(TensorView foreign, const PortRecord& port, const Shape& ours) {
  const std::int64_t samples = foreign.shape.rank() == 0 ? 1 : foreign.shape[0];
  return to_ours(foreign, batched(port, samples), ours.batched(samples));
}

Tensor to_foreign(TensorView ours, const PortRecord& port) { return to_foreign(ours, batched(port, ours.shape[0])); }

}  // namespace evenkeel::interchange
