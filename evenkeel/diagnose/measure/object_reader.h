#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/tensor/shape.h"

// Seen by sources only: headers that are installed include no JSON.

namespace evenkeel {

using Described = nlohmann::ordered_json;

/// Reads the keys of one object, and says in errors which.
class ObjectReader {
 public:
  ObjectReader(const Described& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) throw Error{{.where = where_, .expected = "an object", .received = json.type_name()}};
  }

  const std::string& where() const { return where_; }
  const Described* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }
  std::string text(const char* key, const std::string& fallback = {}) const {
    const Described* value = find(key);
    if (!value) return fallback;
    if (!value->is_string()) fail(key, "a text", *value);
    return value->get<std::string>();
  }
  std::string required_text(const char* key) const {
    const std::string value = text(key);
    if (value.empty()) throw Error{{.where = where_, .expected = quoted_key(key), .received = "none"}};
    return value;
  }
  bool flag(const char* key, bool fallback) const {
    const Described* value = find(key);
    if (!value) return fallback;
    if (!value->is_boolean()) fail(key, "true or false", *value);
    return value->get<bool>();
  }
  double number(const char* key, double fallback) const {
    const Described* value = find(key);
    if (!value) return fallback;
    if (!value->is_number() || !std::isfinite(value->get<double>())) fail(key, "a number", *value);
    return value->get<double>();
  }
  std::int64_t whole(const char* key, std::int64_t fallback, std::int64_t low, std::int64_t high) const {
    const Described* value = find(key);
    if (!value) return fallback;
    if (!value->is_number_integer() || value->get<std::int64_t>() < low || value->get<std::int64_t>() > high)
      fail(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high), *value);
    return value->get<std::int64_t>();
  }
  std::vector<std::int64_t> wholes(const char* key, std::int64_t low, std::int64_t high) const {
    const Described* value = find(key);
    std::vector<std::int64_t> all;
    if (!value) return all;
    if (!value->is_array()) fail(key, "a list of whole numbers", *value);
    for (const Described& one : *value) {
      if (!one.is_number_integer() || one.get<std::int64_t>() < low || one.get<std::int64_t>() > high)
        fail(key, "whole numbers from " + std::to_string(low) + " to " + std::to_string(high), one);
      all.push_back(one.get<std::int64_t>());
    }
    return all;
  }
  Shape shape(const char* key) const {
    const std::vector<std::int64_t> sizes = wholes(key, 1, std::int64_t{1} << 40);
    if (sizes.size() >= Shape::kMaxRank)
      throw Error{{.where = where_ + ": " + quoted_key(key),
                   .expected = "at most " + std::to_string(Shape::kMaxRank - 1) + " axes",
                   .received = std::to_string(sizes.size())}};
    return Shape(sizes);
  }
  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> all;
    for (const Described& one : list(key)) {
      if (!one.is_string()) fail(key, "a list of texts", one);
      all.push_back(one.get<std::string>());
    }
    return all;
  }
  /// Empty where there is none.
  Described list(const char* key) const {
    const Described* value = find(key);
    if (!value) return Described::array();
    if (!value->is_array()) fail(key, "a list", *value);
    return *value;
  }
  ObjectReader object(const char* key) const { return {*find(key), where_ + ": " + quoted_key(key)}; }
  /// One of these, by its name.
  template <class T>
  T choice(const char* key, const std::vector<std::pair<std::string_view, T>>& choices, T fallback) const {
    const Described* value = find(key);
    if (!value) return fallback;
    const std::string name = text(key);
    std::vector<std::string> known;
    for (const auto& [known_name, meaning] : choices) {
      if (name == known_name) return meaning;
      known.emplace_back(known_name);
    }
    fail(key, join(known, ", "), *value);
  }
  [[noreturn]] void fail(const char* key, const std::string& expected, const Described& received) const {
    throw Error{{.where = where_ + ": " + quoted_key(key),
                 .expected = expected,
                 .received = shortened(formats::json_text(received), 60)}};
  }

 private:
  static std::string quoted_key(const char* key) { return '"' + std::string(key) + '"'; }

  const Described& json_;
  std::string where_;
};

}  // namespace evenkeel
