#include "evenkeel/data/fetch/partial_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

fs::path record_of(const fs::path& path) { return path.string() + ".json"; }

/// {url, validator}; an empty object if there is no such record.
nlohmann::json read_record(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(record_of(path), ignored)) return nlohmann::json::object();
  nlohmann::json record = formats::read_json(record_of(path));
  return record.is_object() ? record : nlohmann::json::object();
}

std::string text_of(const nlohmann::json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

PartialFile::PartialFile(const fs::path& path, std::string_view url)
    : path_(path),
      url_(without_credentials(url)),
      file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (!file_.is_open()) throw formats::unwritten(path_.string(), errno);
  size_ = lseek(file_.number(), 0, SEEK_END);
  const nlohmann::json record = read_record(path_);
  validator_ = text_of(record, "validator");
  if (size_ > 0 && text_of(record, "url") != url_) restart("");
}

PartialFile::~PartialFile() {
  if (size_ == 0) remove(path_);
}

void PartialFile::restart(std::string validator) {
  if (ftruncate(file_.number(), 0) != 0) throw formats::unwritten(path_.string(), errno);
  size_ = 0;
  validator_ = std::move(validator);
  // After the truncation, so that a record never describes another file's bytes.
  const nlohmann::json record = {{"url", url_}, {"validator", validator_}};
  formats::write_file_atomically(record_of(path_), formats::json_text(record));
}

void PartialFile::append(formats::BytesView bytes) {
  try {
    formats::write_all(file_, bytes, path_.string());
  } catch (const Error&) {
    size_ = lseek(file_.number(), 0, SEEK_END);
    throw;
  }
  size_ += static_cast<std::int64_t>(bytes.size());
}

void PartialFile::sync() {
  if (fsync(file_.number()) != 0) throw formats::unwritten(path_.string(), errno);
}

void PartialFile::remove(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
  fs::remove(record_of(path), ignored);
}

}  // namespace evenkeel
