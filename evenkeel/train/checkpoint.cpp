#include "evenkeel/train/checkpoint.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/formats/safetensors.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/train/optimizers.h"

namespace evenkeel {
namespace {

using Json = nlohmann::ordered_json;

// No name of a layer begins with "@".
constexpr std::string_view kSlots = "@optimizer/", kCallbackStates = "@callbacks/";

// JSON has neither NaN nor infinity, and a loss may be either. So numbers are stored as text that reads back exactly.
std::string text_of(double value) { return fmt::format("{}", value); }
double number_of(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  if (const auto [rest, problem] = std::from_chars(text.data(), end, value); problem != std::errc() || rest != end)
    throw Error{{.where = "progress", .expected = "a number", .received = '"' + text + '"'}};
  return value;
}
double number_of(const Json& json) { return number_of(json.get<std::string>()); }

/// The learning rate times this must be one.
double scale_of(const std::string& text) {
  const double scale = number_of(text);
  if (scale >= 0 && std::isfinite(scale)) return scale;
  throw Error{{.where = "learning_rate_scale", .expected = "a finite number of at least 0", .received = text}};
}

/// A number of samples, steps or epochs. What does not fit would make a resumed run count for ever.
std::int64_t count_of(const Json& json, const char* key) {
  return formats::whole_number(json, key, 0, limits::kSteps, "progress");
}

Json exact_json_of(const Metrics& m) {
  Json json{{"loss", text_of(m.loss)}, {"samples", m.samples}};
  if (m.accuracy) json["accuracy"] = text_of(*m.accuracy);
  return json;
}

Metrics metrics_of(const Json& json) {
  Metrics metrics{.loss = number_of(json.at("loss")), .accuracy = {}, .samples = count_of(json, "samples")};
  if (json.contains("accuracy")) metrics.accuracy = number_of(json["accuracy"]);
  return metrics;
}

Json exact_json_of(const EpochRecord& r) {
  Json json{{"epoch", r.epoch},
            {"step", r.step},
            {"train", exact_json_of(r.train)},
            {"learning_rate", text_of(r.learning_rate)},
            {"seconds", text_of(r.seconds)},
            {"images_per_s", text_of(r.images_per_s)}};
  if (r.validation) json["validation"] = exact_json_of(*r.validation);
  return json;
}

EpochRecord record_of(const Json& json) {
  EpochRecord record{.epoch = count_of(json, "epoch"),
                     .step = static_cast<std::uint64_t>(count_of(json, "step")),
                     .train = metrics_of(json.at("train")),
                     .validation = {},
                     .learning_rate = number_of(json.at("learning_rate")),
                     .seconds = number_of(json.at("seconds")),
                     .images_per_s = number_of(json.at("images_per_s"))};
  if (json.contains("validation")) record.validation = metrics_of(json["validation"]);
  return record;
}

Json exact_json_of(const FitProgress& p) {
  Json history = Json::array();
  for (const EpochRecord& record : p.history.epochs) history.push_back(exact_json_of(record));
  Json json{{"first_step", p.first_step},
            {"steps", p.steps},
            {"epoch", p.position.epoch},
            {"offset", p.position.offset},
            {"step_in_epoch", p.step_in_epoch},
            {"epoch_loss", text_of(p.epoch_sums.loss)},
            {"epoch_correct", text_of(p.epoch_sums.correct)},
            {"epoch_samples", p.epoch_sums.samples},
            {"has_accuracy", p.epoch_sums.has_accuracy},
            {"epoch_seconds", text_of(p.epoch_seconds)},
            {"history", history}};
  if (p.ending)
    json["ending"] = {{"reason", p.ending->reason}, {"failed", p.ending->failed}, {"of_steps", p.ending->of_steps}};
  return json;
}

FitProgress progress_of(const Json& json) {
  FitProgress p{.first_step = static_cast<std::uint64_t>(count_of(json, "first_step")),
                .steps = count_of(json, "steps"),
                .position = {.epoch = count_of(json, "epoch"), .offset = count_of(json, "offset")},
                .step_in_epoch = count_of(json, "step_in_epoch"),
                .epoch_sums = {.loss = number_of(json.at("epoch_loss")),
                               .correct = number_of(json.at("epoch_correct")),
                               .samples = count_of(json, "epoch_samples"),
                               .has_accuracy = json.at("has_accuracy")},
                .epoch_seconds = number_of(json.at("epoch_seconds"))};
  for (const Json& record : json.at("history")) p.history.epochs.push_back(record_of(record));
  if (json.contains("ending")) {
    const Json& ending = json["ending"];
    p.ending = {.reason = ending.at("reason"), .failed = ending.at("failed"), .of_steps = count_of(ending, "of_steps")};
  }
  return p;
}

Json numbers_of(const std::map<std::string, CallbackState>& callbacks) {
  Json json = Json::object();
  for (const auto& [name, state] : callbacks) {
    json[name] = Json::object();
    for (const auto& [key, value] : state.numbers) json[name][key] = text_of(value);
  }
  return json;
}

std::string crc_text(formats::BytesView bytes) { return fmt::format("{:08x}", formats::crc32c(bytes)); }

/// Over keys and values, in their order, so that a flipped bit in any of them is found.
std::string crc_of(const std::map<std::string, std::string>& metadata) {
  std::string all;
  for (const auto& [key, value] : metadata)
    if (key != "crc32c") all.append(key).append(1, '\0').append(value).append(1, '\0');
  return crc_text(formats::view_of(all));
}

Error damaged(const std::filesystem::path& path, const std::string& expected, const std::string& received) {
  return Error{{.where = path.string(),
                .expected = expected,
                .received = received,
                .hint = "The checkpoint is damaged; an older one in its folder may be intact."}};
}

void check_sums(const formats::SafetensorsFile& file, const std::filesystem::path& path) {
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kCheckpointFormat)
    throw Error{{.where = path.string(),
                 .expected = std::string("a checkpoint (") + kCheckpointFormat + ')',
                 .received = format == file.metadata.end() ? "a file without a format" : '"' + format->second + '"'}};
  const auto sums = file.metadata.find("crc32c");
  const Json json =
      sums == file.metadata.end() ? Json() : formats::parse_json(sums->second, path.string() + ": checksums");
  if (!json.is_object()) throw damaged(path, "a sum for every tensor", "none");
  std::map<std::string, Json> by_name;
  for (const auto& [name, sum] : json.items()) by_name.emplace(name, sum);
  const auto check = [&](const std::string& name, const std::string& what, const std::string& sum) {
    const auto found = by_name.find(name);
    if (found == by_name.end() || found->second != sum)
      throw damaged(path, what + " with the crc32c it was written with", "crc32c " + sum);
  };
  check("", "metadata", crc_of(file.metadata));
  for (const auto& [name, tensor] : file.tensors)
    check(name, "tensor \"" + name + '"', crc_text({tensor.data(), tensor.bytes()}));
  if (json.size() != file.tensors.size() + 1) throw damaged(path, "all tensors", "fewer");
}

/// Splits "callbacks/early_stopping/dense/kernel" into the callback and the tensor.
void add_callback_tensor(std::map<std::string, CallbackState>& callbacks, const std::string& name, Tensor tensor) {
  const std::string rest = name.substr(kCallbackStates.size());
  const std::size_t slash = rest.find('/');
  callbacks[rest.substr(0, slash)].tensors.emplace(rest.substr(slash + 1), std::move(tensor));
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const std::map<std::string, std::string>& about) {
  std::vector<formats::SafetensorsEntry> entries;
  for (const auto& [name, tensor] : checkpoint.weights) entries.push_back({name, tensor});
  for (const auto& [name, tensor] : checkpoint.slots) entries.push_back({std::string(kSlots) + name, tensor});
  for (const auto& [callback, state] : checkpoint.callbacks)
    for (const auto& [name, tensor] : state.tensors)
      entries.push_back({fmt::format("{}{}/{}", kCallbackStates, callback, name), tensor});

  std::map<std::string, std::string> metadata = about;
  metadata["format"] = kCheckpointFormat;
  metadata["identity"] = formats::json_text(checkpoint.identity);
  metadata["progress"] = formats::json_text(exact_json_of(checkpoint.progress));
  metadata["learning_rate_scale"] = text_of(checkpoint.learning_rate_scale);
  metadata["callbacks"] = formats::json_text(numbers_of(checkpoint.callbacks));
  std::map<std::string, std::string> sums{{"", crc_of(metadata)}};
  for (const auto& entry : entries) sums[entry.name] = crc_text({entry.tensor.data, entry.tensor.bytes()});
  metadata["crc32c"] = formats::json_text(sums);
  formats::write_safetensors(path, entries, metadata);
}

std::optional<Tensor> averages_in(const std::filesystem::path& path) {
  const formats::SafetensorsFile file = formats::read_safetensors(path);
  const auto slot = [&](const char* name) { return file.find(std::string(kSlots) + name); };
  const Tensor *average = slot(kAverageSlot), *started = slot(kAverageStartedSlot);
  if (!average || !started) return {};
  if (started->shape().size() != 1)
    throw Error{{.where = path.string() + ": " + std::string(kSlots) + kAverageStartedSlot,
                 .expected = "one number",
                 .received = to_string(started->shape())}};
  if (converted(*started, DType::float64).as<double>()[0] == 0) return {};
  return average->clone();
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  formats::SafetensorsFile file = formats::read_safetensors(path);
  check_sums(file, path);
  Checkpoint checkpoint;
  const auto parsed = [&](const char* key) { return formats::parse_json(file.metadata.at(key), key); };
  try {
    checkpoint.identity = parsed("identity").get<std::map<std::string, std::string>>();
    checkpoint.identity.try_emplace("precision", name_of(Precision::float32));  // older ones have only this one
    checkpoint.identity.try_emplace("loss_weights", "[]");
    checkpoint.progress = progress_of(parsed("progress"));
    checkpoint.learning_rate_scale = scale_of(file.metadata.at("learning_rate_scale"));
    const Json callbacks = parsed("callbacks");
    for (const auto& [name, numbers] : callbacks.items())
      for (const auto& [key, value] : numbers.items()) checkpoint.callbacks[name].numbers[key] = number_of(value);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw damaged(path, "the metadata of a checkpoint", error.what());
  }
  for (auto& [name, tensor] : file.tensors) {
    if (name.starts_with(kSlots))
      checkpoint.slots.emplace_back(name.substr(kSlots.size()), std::move(tensor));
    else if (name.starts_with(kCallbackStates))
      add_callback_tensor(checkpoint.callbacks, name, std::move(tensor));
    else
      checkpoint.weights.emplace_back(name, std::move(tensor));
  }
  return checkpoint;
}

}  // namespace evenkeel
