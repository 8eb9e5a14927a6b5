#pragma once

#include <filesystem>
#include <string>
#include <utility>

namespace evenkeel::formats {

/// An open file, closed by the destructor.
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
  /// Closes the file; false if the system reports now that something could not be written.
  bool close();

 private:
  int number_ = -1;
};

/// The system's text of an errno: "No space left on device".
std::string system_message(int error);

}  // namespace evenkeel::formats
