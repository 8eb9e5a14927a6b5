#include "evenkeel/tensor/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <string>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Large memory in pages of 2 MB, if the system has them: with pages of 4 KB, reading down a matrix of many columns
/// costs a look into the page table at every row (measured: 1.1 to 1.4 times the time for W2's products).
std::byte* allocate(std::size_t bytes) {
  const bool large = bytes >= 2 * kHugePage;
  const std::size_t alignment = large ? kHugePage : kAlignment;
  const std::size_t size = aligned_size(bytes, alignment);
  void* const memory = std::aligned_alloc(alignment, size);
#ifdef MADV_HUGEPAGE
  if (memory && large)
    madvise(memory, size, MADV_HUGEPAGE);  // only advice: if it is refused, the memory is still valid
#endif
  return static_cast<std::byte*>(memory);
}

}  // namespace

AlignedBuffer::AlignedBuffer(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  data_.reset(allocate(bytes));
  if (!data_)
    throw Error{{.kind = Error::environment,
                 .where = "memory",
                 .expected = std::to_string(bytes) + " bytes",
                 .received = "none from the system",
                 .hint = "A smaller batch size or a smaller data set needs less."}};
}

void AlignedBuffer::Free::operator()(std::byte* p) const { std::free(p); }

void TensorView::check_dtype(DType wanted) const {
  if (wanted != dtype)
    throw Error{{.where = "tensor " + to_string(shape),
                 .expected = std::string(name_of(wanted)),
                 .received = std::string(name_of(dtype))}};
}

TensorView TensorView::rows(std::int64_t begin, std::int64_t end) const {
  if (shape.rank() == 0 || begin < 0 || end < begin || end > shape[0])
    throw Error{{.where = "tensor " + to_string(shape),
                 .expected = "rows inside it",
                 .received = "[" + std::to_string(begin) + ":" + std::to_string(end) + "]"}};
  const std::size_t row_bytes = static_cast<std::size_t>(shape.row_size()) * size_of(dtype);
  return {data + static_cast<std::size_t>(begin) * row_bytes, shape.with(0, end - begin), dtype};
}

TensorView TensorView::reshaped(Shape other) const {
  if (other.size() != shape.size())
    throw Error{{.where = "reshape",
                 .expected = std::to_string(shape.size()) + " elements as in " + to_string(shape),
                 .received = to_string(other)}};
  return {data, other, dtype};
}

namespace {

std::size_t bytes_of(const Shape& shape, DType dtype) {
  const auto elements = static_cast<std::size_t>(shape.size());
  if (elements > (std::numeric_limits<std::size_t>::max() - kAlignment) / size_of(dtype))
    throw Error{{.where = "tensor " + to_string(shape), .expected = "fewer than 2^64 bytes", .received = "more"}};
  return elements * size_of(dtype);
}

}  // namespace

Tensor::Tensor(Shape shape, DType dtype) : buffer_(bytes_of(shape, dtype)), shape_(shape), dtype_(dtype) {
  if (buffer_.size() > 0) std::memset(buffer_.data(), 0, buffer_.size());
}

Tensor Tensor::copy_of(TensorView view) {
  Tensor tensor;
  tensor.buffer_ = AlignedBuffer(view.bytes());
  tensor.shape_ = view.shape;
  tensor.dtype_ = view.dtype;
  if (view.bytes() > 0) std::memcpy(tensor.data(), view.data, view.bytes());
  return tensor;
}

namespace {

template <class F>
void with_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: return f(float{});
    case DType::float64: return f(double{});
    case DType::uint8: return f(std::uint8_t{});
    case DType::int32: return f(std::int32_t{});
    case DType::int64: return f(std::int64_t{});
    case DType::bfloat16: return f(bfloat16{});
  }
}

template <class To, class From>
To convert_number(From v) {
  if constexpr (std::floating_point<From> && std::integral<To>) {
    if (std::isnan(v)) return 0;
    // Limits that From cannot hold round up to one beyond them.
    if (v >= static_cast<From>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    if (v <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  }
  return static_cast<To>(v);
}

template <class To, class From>
To convert(From v) {
  if constexpr (std::is_same_v<From, bfloat16>)
    return convert<To>(float{v});
  else if constexpr (std::is_same_v<To, bfloat16>)
    return bfloat16(static_cast<float>(v));
  else
    return convert_number<To>(v);
}

}  // namespace

Tensor converted(TensorView view, DType dtype) {
  Tensor result(view.shape, dtype);
  with_type(view.dtype, [&]<class From>(From) {
    with_type(dtype, [&]<class To>(To) {
      const auto in = view.as<From>();
      std::ranges::transform(in, result.as<To>().begin(), [](From v) { return convert<To>(v); });
    });
  });
  return result;
}

}  // namespace evenkeel
