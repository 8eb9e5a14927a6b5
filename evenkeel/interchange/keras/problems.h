#pragma once

#include <string>
#include <utility>
#include <vector>

namespace evenkeel::interchange::keras {

/// What is to be said of layers, each thing once with the names of all layers that it is said of.
class Problems {
 public:
  void add(const std::string& what, const std::string& layer);
  bool any() const { return !all_.empty(); }
  /// "Lambda (2: "a", "b")"
  std::vector<std::string> counted() const;
  /// "its kernel_constraint is left out: "a", "b""
  std::vector<std::string> sentences() const;
  /// One error of kind unsupported with all of them, if there are any.
  void throw_if_any(const std::string& where, const std::string& expected, const std::string& hint) const;

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> all_;
};

}  // namespace evenkeel::interchange::keras
