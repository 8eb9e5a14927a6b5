#include "evenkeel/data/image_survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kSurveyFormat = "evenkeel images";

/// All that decides what a pass finds.
std::string subject_of(const ImageFiles& files, const ImageOptions& o) {
  const auto shape = [](const std::optional<Shape>& s) { return s ? to_string(*s) : std::string("any"); };
  std::string text = fmt::format("{} {} {} {} {} {} {} {} {}\n", shape(o.shape), shape(o.resize_to), o.resize,
                                 static_cast<int>(o.resize_method), o.crop, o.shorter_side, o.crop_other_sizes_only,
                                 o.strict_colour, o.dtype ? name_of(*o.dtype) : "any");
  std::error_code ignored;
  std::uint32_t crc = 0, crc_c = 0;
  std::int32_t shard = -1;
  for (const ImageFiles::File& file : files.files) {
    const fs::path path = files.path_of(file);
    text += fmt::format("{} {} {} {}", file.name, file.label, file.offset, files.stored_bytes(file));
    if (!files.is_in_shard(file) || std::exchange(shard, file.shard) != file.shard)
      text += fmt::format(" {} {}", fs::absolute(path, ignored).string(),
                          fs::last_write_time(path, ignored).time_since_epoch().count());
    crc = formats::crc32(formats::view_of(text), crc);
    crc_c = formats::crc32c(formats::view_of(text), crc_c);
    text.assign(1, '\n');
  }
  return fmt::format("{:08x}{:08x}", crc, crc_c);
}

Json json_of(const ReadingReport::Counts& counts) {
  Json json = Json::object();
  for (const auto& [what, count] : counts) json[what] = count;
  return json;
}

Error bad_survey(const std::string& where, const std::string& expected) {
  return Error{{.where = where, .expected = expected, .received = "another value"}};
}

ReadingReport::Counts counts_of(const Json& json, const char* key, const std::string& where) {
  ReadingReport::Counts counts;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_object()) throw bad_survey(where, fmt::format("an object \"{}\"", key));
  for (const auto& [what, count] : found->items())
    counts[printable(what)] = formats::whole_number(*found, what.c_str(), 0, limits::kSteps, where);
  return counts;
}

const Json& list_in(const Json& json, const char* key, std::int64_t most, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array() || std::ssize(*found) > most)
    throw bad_survey(where, fmt::format("a list \"{}\" of at most {}", key, most));
  return *found;
}

std::string text_in(const Json& json, const char* key, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) throw bad_survey(where, fmt::format("a text \"{}\"", key));
  return printable(found->get<std::string>());
}

SampleKind kind_in(const Json& json, const std::string& where) {
  constexpr std::int64_t kLongest = 65535;
  const std::string dtype = text_in(json, "dtype", where);
  SampleKind kind{.shape = {formats::whole_number(json, "height", 1, kLongest, where),
                            formats::whole_number(json, "width", 1, kLongest, where),
                            formats::whole_number(json, "depth", 1, 4, where)},
                  .dtype = dtype == name_of(DType::float32) ? DType::float32 : DType::uint8};
  if (dtype != name_of(kind.dtype)) throw bad_survey(where, "uint8 or float32");
  return kind;
}

ImageSurvey survey_in(const Json& json, const std::string& where, std::int64_t files, std::int64_t classes) {
  if (!json.is_object() || !json.contains("format") || json["format"] != kSurveyFormat)
    throw bad_survey(where, fmt::format("JSON with \"format\": \"{}\"", kSurveyFormat));
  formats::whole_number(json, "version", 1, 1, where);
  ImageSurvey survey{.kind = kind_in(json, where)};
  ReadingReport& r = survey.report;
  r.files = formats::whole_number(json, "files", files, files, where);
  r.read = formats::whole_number(json, "read", 0, files, where);
  r.turned = formats::whole_number(json, "turned", 0, files, where);
  r.resized = formats::whole_number(json, "resized", 0, files, where);
  r.bits_in_use = static_cast<int>(formats::whole_number(json, "bits_in_use", 0, 16, where));
  r.low_bits_unused = formats::whole_number(json, "low_bits_unused", 0, 1, where) == 1;
  r.kinds = counts_of(json, "kinds", where);
  r.sizes = counts_of(json, "sizes", where);
  r.converted = counts_of(json, "converted", where);
  r.passed_over = counts_of(json, "passed_over", where);
  for (const Json& name : list_in(json, "empty_classes", classes, where)) {
    if (!name.is_string()) throw bad_survey(where, "texts in \"empty_classes\"");
    r.empty_classes.push_back(printable(name.get<std::string>()));
  }
  for (const Json& one : list_in(json, "skipped", limits::kSteps, where)) {
    if (!one.is_object()) throw bad_survey(where, "objects in \"skipped\"");
    Error::Parts parts{.kind = static_cast<Error::Kind>(formats::whole_number(one, "kind", 0, 2, where)),
                       .where = text_in(one, "where", where),
                       .expected = text_in(one, "expected", where),
                       .received = text_in(one, "received", where),
                       .hint = text_in(one, "hint", where)};
    r.skipped.push_back({text_in(one, "name", where), text_in(one, "reason", where), Error(std::move(parts))});
  }
  std::int64_t least = 0;
  const Json& bad = list_in(json, "bad", files, where);
  for (const Json& index : bad) {
    if (!index.is_number_integer() || index.get<std::int64_t>() < least || index.get<std::int64_t>() >= files)
      throw bad_survey(where, fmt::format("ascending numbers below {} in \"bad\"", files));
    survey.bad.push_back(index.get<std::int64_t>());
    least = survey.bad.back() + 1;
  }
  if (std::ssize(bad) + r.read != files) throw bad_survey(where, fmt::format("{} files read or bad", files));
  for (const Json& count : list_in(json, "samples_per_class", classes, where))
    survey.per_class.push_back(count.is_number_integer() ? count.get<std::int64_t>() : -1);
  for (const Json& one : list_in(json, "channels", 4, where)) {
    if (!one.is_object() || !one.contains("mean") || !one.contains("variance") || !one["mean"].is_number() ||
        !one["variance"].is_number())
      throw bad_survey(where, "\"mean\" and \"variance\" in \"channels\"");
    survey.channels.push_back({one["mean"].get<double>(), one["variance"].get<double>()});
  }
  return survey;
}

ImageSurvey pass(const ImageFiles& files, const ImageOptions& options) {
  ImageSurvey survey;
  ImageMoments moments;
  std::vector<bool> good(files.files.size());
  const ImageSink sink{.begin =
                           [&](const SampleKind& kind) {
                             survey.kind = kind;
                             moments = {};
                             survey.per_class.assign(static_cast<std::size_t>(files.classes()), 0);
                             good.assign(good.size(), false);
                           },
                       .take =
                           [&](const ImageFiles::File& file, TensorView sample) {
                             good[static_cast<std::size_t>(&file - files.files.data())] = true;
                             moments.add(pixel_sums(sample));
                             if (files.labelled) ++survey.per_class[static_cast<std::size_t>(file.label)];
                           }};
  survey.report = read_images(files, options, sink);
  for (std::size_t i = 0; i < good.size(); ++i)
    if (!good[i]) survey.bad.push_back(static_cast<std::int64_t>(i));
  survey.channels = moments.result(survey.kind.shape[2]);
  return survey;
}

}  // namespace

void ImageSurvey::leave_out_bad(ImageFiles& files) const {
  std::size_t i = 0, next = 0;
  std::erase_if(files.files, [&](const ImageFiles::File&) {
    const bool is_bad = next < bad.size() && static_cast<std::size_t>(bad[next]) == i++;
    next += is_bad;
    return is_bad;
  });
}

ImageSurvey survey_images(const ImageFiles& files, const ImageOptions& options, const fs::path& cache) {
  if (cache.empty()) return pass(files, options);
  const fs::path path = cache / "images" / (subject_of(files, options) + ".json");
  // Nobody needs the cache: what goes wrong with it only costs time.
  try {
    if (formats::exists(path)) return read_image_survey(path, std::ssize(files.files), files.classes());
  } catch (const Error&) {
  }
  ImageSurvey survey = pass(files, options);
  try {
    formats::make_folder(path.parent_path());
    formats::write_file_atomically(path, text_of(survey));
  } catch (const Error&) {
  }
  return survey;
}

ImageSurvey read_image_survey(const fs::path& path, std::int64_t files, std::int64_t classes) {
  return survey_in(formats::read_json(path), printable(path.string()), files, classes);
}

ImageSurvey parse_image_survey(const std::string& text, const std::string& where, std::int64_t files,
                               std::int64_t classes) {
  return survey_in(formats::parse_json(text, where), where, files, classes);
}

std::string text_of(const ImageSurvey& survey) {
  const ReadingReport& r = survey.report;
  Json skipped = Json::array(), channels = Json::array();
  for (const ReadingReport::Skipped& one : r.skipped) {
    const Error::Parts& e = one.error.parts();
    skipped.push_back({{"name", one.name},
                       {"reason", one.reason},
                       {"kind", static_cast<int>(e.kind)},
                       {"where", e.where},
                       {"expected", e.expected},
                       {"received", e.received},
                       {"hint", e.hint}});
  }
  for (const ChannelStatistics& c : survey.channels) channels.push_back({{"mean", c.mean}, {"variance", c.variance}});
  const Json json{{"format", kSurveyFormat},
                  {"version", 1},
                  {"height", survey.kind.shape[0]},
                  {"width", survey.kind.shape[1]},
                  {"depth", survey.kind.shape[2]},
                  {"channels", channels},
                  {"dtype", name_of(survey.kind.dtype)},
                  {"files", r.files},
                  {"read", r.read},
                  {"samples_per_class", survey.per_class},
                  {"kinds", json_of(r.kinds)},
                  {"sizes", json_of(r.sizes)},
                  {"converted", json_of(r.converted)},
                  {"turned", r.turned},
                  {"resized", r.resized},
                  {"bits_in_use", r.bits_in_use},
                  {"low_bits_unused", r.low_bits_unused ? 1 : 0},
                  {"passed_over", json_of(r.passed_over)},
                  {"empty_classes", r.empty_classes},
                  {"skipped", skipped},
                  {"bad", survey.bad}};
  return formats::json_text(json) + '\n';
}

}  // namespace evenkeel
