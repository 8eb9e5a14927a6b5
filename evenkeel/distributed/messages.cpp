#include "evenkeel/distributed/messages.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace evenkeel {
namespace {

constexpr int kDiffers = 2;  ///< exit code: the input is wrong (docs/exit-codes.md)

std::span<std::byte> bytes_of(std::string& text) { return std::as_writable_bytes(std::span(text)); }

/// Numbers and texts one after the other.
class Packer {
 public:
  void add(const std::string& text) {
    const auto size = static_cast<std::uint64_t>(text.size());
    packed.append(reinterpret_cast<const char*>(&size), sizeof size);
    packed += text;
  }
  std::string packed;
};

/// Reads what a Packer of this program wrote.
class Unpacker {
 public:
  explicit Unpacker(const std::string& packed) : packed_(packed) {}
  bool is_empty() const { return at_ >= packed_.size(); }
  /// Throws where that is not what follows: another process may run another version.
  std::string next() {
    std::uint64_t size = 0;
    if (left() < sizeof size) fail();
    std::memcpy(&size, packed_.data() + at_, sizeof size);
    at_ += sizeof size;
    if (left() < size) fail();
    at_ += size;
    return packed_.substr(at_ - size, size);
  }

 private:
  std::size_t left() const { return packed_.size() - at_; }
  [[noreturn]] static void fail() { throw std::length_error("a message that ends early"); }

  const std::string& packed_;
  std::size_t at_ = 0;
};

struct Told {
  std::string name;
  Readiness readiness;
};

std::string packed(const Communicator& among, const Readiness& readiness) {
  Packer packer;
  packer.add(among.name());
  packer.add(std::to_string(readiness.exit_code));
  packer.add(readiness.error);
  for (const auto& [key, value] : readiness.identity) {
    packer.add(key);
    packer.add(value);
  }
  return packer.packed;
}

Told unpacked(const std::string& text) {
  Unpacker from(text);
  Told told;
  told.name = from.next();
  told.readiness.exit_code = std::stoi(from.next());
  told.readiness.error = from.next();
  while (!from.is_empty()) {
    std::string key = from.next();
    told.readiness.identity.emplace_back(std::move(key), from.next());
  }
  return told;
}

/// Long texts, such as a model's, are not shown.
std::string shown(const std::string& value) {
  return value.size() > 100 || value.find('\n') != std::string::npos ? "another one" : value;
}

Verdict difference(const Told& first, const Told& other) {
  using Identity = std::vector<std::pair<std::string, std::string>>;
  const Identity &ours = first.readiness.identity, &others = other.readiness.identity;
  const auto has = [](const Identity& identity, std::size_t i, const std::string& key) {
    return i < identity.size() && identity[i].first == key;
  };
  for (std::size_t i = 0; i < std::max(ours.size(), others.size()); ++i) {
    const std::string& key = i < ours.size() ? ours[i].first : others[i].first;
    const std::string value = has(ours, i, key) ? ours[i].second : "none";
    const std::string theirs = has(others, i, key) ? others[i].second : "none";
    if (has(ours, i, key) && has(others, i, key) && theirs == value) continue;
    const bool is_long = shown(value) != value;
    return {.exit_code = kDiffers,
            .message = other.name + ": " + key + ": expected " +
                       (is_long ? "that of process 0" : value + ", as in process 0") + ", received " +
                       (is_long ? "another one" : shown(theirs)) +
                       ". All processes need the same program, model, settings and data."};
  }
  return {};
}

}  // namespace

std::vector<std::string> gather_texts(Communicator& among, const std::string& own) {
  const auto count = static_cast<std::size_t>(among.size());
  std::vector<double> sizes(count);
  sizes[static_cast<std::size_t>(among.rank())] = static_cast<double>(own.size());
  among.sum(sizes);  // of one number and zeros: exact
  const auto largest = static_cast<std::size_t>(*std::ranges::max_element(sizes));
  std::string padded = own;
  padded.resize(largest);
  std::string all(among.is_first() ? largest * count : 0, '\0');
  if (largest > 0) among.gather(bytes_of(padded), bytes_of(all));
  std::vector<std::string> texts;
  for (std::size_t i = 0; among.is_first() && i < count; ++i)
    texts.push_back(all.substr(i * largest, static_cast<std::size_t>(sizes[i])));
  return texts;
}

std::string broadcast_text(Communicator& among, const std::string& of_first) {
  std::uint64_t size = of_first.size();
  among.broadcast(std::as_writable_bytes(std::span(&size, 1)));
  std::string text = among.is_first() ? of_first : std::string(size, '\0');
  if (size > 0) among.broadcast(bytes_of(text));
  return text;
}

std::vector<double> numbers_of_all(Communicator& among, std::span<const double> own) {
  std::vector<double> all(own.size() * static_cast<std::size_t>(among.size()));
  std::ranges::copy(own, all.begin() + among.rank() * std::ssize(own));
  among.sum(all);  // of one number and zeros: exact
  return all;
}

bool any(Communicator& among, bool own) {
  double count = own ? 1 : 0;
  among.sum(std::span(&count, 1));
  return count > 0;
}

Verdict agree(Communicator& among, const Readiness& own) {
  Verdict verdict;
  std::vector<Told> all;
  for (const std::string& text : gather_texts(among, packed(among, own))) {
    try {
      all.push_back(unpacked(text));
    } catch (const std::exception&) {
      all.push_back({.name = "process " + std::to_string(all.size()),
                     .readiness = {.exit_code = kDiffers, .error = "another version of the program"}});
    }
  }
  for (const Told& told : all) {
    if (verdict.exit_code != 0 || told.readiness.exit_code == 0) continue;
    const bool is_own = &told == all.data();
    verdict = {.exit_code = told.readiness.exit_code,
               .message = is_own ? told.readiness.error : told.name + ": " + told.readiness.error};
  }
  for (std::size_t i = 1; i < all.size() && verdict.exit_code == 0; ++i) verdict = difference(all[0], all[i]);
  const std::string code = broadcast_text(among, std::to_string(verdict.exit_code));
  if (!among.is_first()) verdict.exit_code = std::stoi(code);
  return verdict;
}

}  // namespace evenkeel
