#pragma once

#include <filesystem>
#include <string>
#include <utility>

namespace evenkeel::formats {

/// An open file; closed at the end of its life.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  /// Closes now; false where the system reports that something could not be written after all.
  bool close();

 private:
  int number_ = -1;
};

/// What the system says of an errno: "No space left on device".
std::string system_message(int error);

}  // namespace evenkeel::formats
