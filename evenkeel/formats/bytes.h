#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evenkeel::formats {

static_assert(std::endian::native == std::endian::little, "elements are copied between files and tensors as they are");

/// std::allocator, except that resize() leaves new bytes uninitialized, because they are about to be overwritten.
template <class T>
struct UninitializedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  template <class U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    std::construct_at(place, std::forward<Arguments>(arguments)...);
  }
};

using Bytes = std::vector<std::byte, UninitializedAllocator<std::byte>>;
using BytesView = std::span<const std::byte>;

/// `size` uninitialized bytes. Throws Error where a file asks for more than the machine's memory.
Bytes allocate_bytes(std::uint64_t size, const std::string& where);

inline BytesView view_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

template <std::unsigned_integral T>
T load_little(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <std::unsigned_integral T>
T swapped(T value) {
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  return value;
}

template <std::unsigned_integral T>
void append_little(Bytes& bytes, T value) {
  const auto raw = std::bit_cast<std::array<std::byte, sizeof value>>(value);
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

inline void append(Bytes& bytes, BytesView more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

}  // namespace evenkeel::formats
