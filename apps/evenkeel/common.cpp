#include "common.h"

#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <exception>
#include <optional>

#include "command_tree.h"
#include "evenkeel/base/cpu.h"
#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/data/class_names.h"
#include "evenkeel/data/labels.h"
#include "evenkeel/data/reading_report_json.h"
#include "evenkeel/data/streamed_images.h"
#include "evenkeel/diagnose/measure/weight_scan.h"
#include "evenkeel/distributed/messages.h"
#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/preprocessing.h"
#include "evenkeel/train/settings.h"
#include "processes.h"

namespace evenkeel::app {
namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

/// "1,2.5,3", if it is such a list.
template <class T>
std::optional<std::vector<T>> parse_list(std::string_view text) {
  std::vector<T> numbers;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const auto number = parse_number<T>(text.substr(begin, end - begin));
    if (!number) return {};
    numbers.push_back(*number);
    begin = end + 1;
  }
  return numbers;
}

/// As TOML would read it; a list without its brackets.
FieldValue parse_value(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (const auto whole = parse_number<std::int64_t>(text)) return *whole;
  if (const auto real = parse_number<double>(text)) return *real;
  if (const auto list = parse_list<std::int64_t>(text)) return *list;
  if (const auto list = parse_list<double>(text)) return *list;
  return text;
}

/// What stands for a flag's value in its help.
std::string value_name(const std::string& kind) {
  if (kind == kind_of(std::int64_t()) || kind == kind_of(std::uint64_t())) return "N";
  if (kind == kind_of(double())) return "X";
  if (kind == kind_of(std::vector<std::int64_t>())) return "N,N,...";
  if (kind == kind_of(std::vector<double>())) return "X,X,...";
  return "NAME";
}

/// How images get the size of the samples: as the flags say, else as the family of the preprocessing does.
void set_crop(ImageOptions& images, const Shared& shared, const std::string& preprocess) {
  if (!images.shape) {
    if (shared.crop > 0 || shared.resize_side > 0)
      throw Error{{.where = shared.crop > 0 ? "--crop" : "--resize N",
                   .expected = "a model whose input is an image [H, W, C]",
                   .received = "one whose input is not"}};
    return;
  }
  const std::int64_t height = (*images.shape)[0], width = (*images.shape)[1];
  if (shared.crop > 0 && (shared.crop != height || shared.crop != width))
    throw Error{{.where = "--crop",
                 .expected = fmt::format("the size of the model's input, {} x {}", height, width),
                 .received = std::to_string(shared.crop)}};
  images.crop = shared.crop > 0 || shared.resize_side > 0;
  images.shorter_side = shared.resize_side;
  if (images.crop || images.resize || preprocess.empty()) return;
  images.crop_other_sizes_only = images.crop = interchange::preprocessing_named(preprocess).crops;
  images.resize = !images.crop;
  // 256 of 224, as their authors evaluate, rounded to the nearest pixel.
  if (images.crop) images.shorter_side = (std::min(height, width) * 256 + 112) / 224;
  if (height != width) images.shorter_side = std::max(images.shorter_side, std::max(height, width));
}

ImageOptions image_options(const Shared& shared, const Model& model, const DataNeeds& needs) {
  ImageOptions images = images_for(model);
  images.resize = shared.resize;
  images.resize_method = needs.resize_method;
  set_crop(images, shared, needs.read_as.preprocess);
  images.skip_bad = shared.skip_bad_images;
  images.strict_colour = shared.strict_colour;
  images.flat = !needs.labels;
  images.dtype = needs.read_as.image_dtype;
  return images;
}

constexpr std::int64_t kLargestSide = 65535;  ///< of an image in a file

}  // namespace

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& purpose, const std::string& examples) {
  CLI::App& command = *app.add_subcommand(name, purpose);
  command.footer("Examples:\n" + examples);
  return command;
}

void add_json_flag(CLI::App& command, Shared& shared) {
  command.add_flag("--json", shared.json, "print the result as JSON");
}

CLI::Validator at_least(std::int64_t low) {
  return CLI::Validator(
      [low](std::string& text) {
        const auto number = parse_number<std::int64_t>(text);
        return number && *number >= low ? std::string()
                                        : fmt::format("expected a whole number of at least {}, received {}", low, text);
      },
      "");
}

void check_ending(const std::string& flag, const std::string& file, std::initializer_list<std::string_view> endings) {
  if (std::ranges::any_of(endings, [&](std::string_view ending) { return file.ends_with(ending); })) return;
  throw Error{
      {.where = flag, .expected = fmt::format("a file that ends in {}", fmt::join(endings, " or ")), .received = file}};
}

void add_quiet_flag(CLI::App& command, Shared& shared) {
  command.add_flag("--quiet", shared.quiet, "nothing on stderr but errors");
}

void add_output_flags(CLI::App& command, Shared& shared) {
  add_json_flag(command, shared);
  add_quiet_flag(command, shared);
}

void add_threads_flag(CLI::App& command, Shared& shared) {
  const auto set = [&shared](int count) {
    shared.threads = count;
    Threads(count).bind();  // what draws and loads data asks for it
  };
  command
      .add_option_function<int>("--threads", set,
                                "threads that compute; default: one per core, or as a container's limit on their time")
      ->option_text("N")
      ->check([](const std::string& text) -> std::string {
        // More would take turns on the cores, and wait for each other.
        const int cores = Machine::here().cores;
        const auto count = parse_number<int>(text);
        if (count && *count >= 1 && *count <= cores) return {};
        return fmt::format("expected 1 to {}, the cores that this process may use; received {}", cores, text);
      });
}

void add_fuse_flag(CLI::App& command, Shared& shared) {
  command.add_flag_callback(
      "--no-fuse", [&shared] { shared.fuse = false; },
      "one line of the program for each op: slower, with more memory, equal up to rounding");
}

void add_data_dir_flag(CLI::App& command, Shared& shared) {
  command
      .add_option("--data-dir", shared.data_dir,
                  "folder of the named sets, searched before $EVENKEEL_DATA and ~/.cache/evenkeel")
      ->option_text("DIR");
}

void add_computing_flags(CLI::App& command, Shared& shared, Settings& settings) {
  add_precision_flags(command, shared, settings);
  add_threads_flag(command, shared);
  add_fuse_flag(command, shared);
  add_data_dir_flag(command, shared);
  add_output_flags(command, shared);
}

void add_data_flag(CLI::App& command, std::string& spec, bool required) {
  command
      .add_option("--data", spec,
                  "NAME[:train|:test][RANGE], an .npz file, an image folder or shards; RANGE is as [:100]")
      ->option_text(required ? "SPEC (required)" : "SPEC")
      ->required(required);
}

void add_image_flags(CLI::App& command, Shared& shared) {
  const auto resize = [&shared](const std::string& text) {
    const auto side = parse_number<std::int64_t>(text);
    if (text != "true" && (!side || *side < 1 || *side > kLargestSide))
      throw Error{{.where = "--resize",
                   .expected = fmt::format("nothing, or a side of 1 to {} pixels", kLargestSide),
                   .received = text}};
    shared.resize = !side;
    shared.resize_side = side.value_or(0);
  };
  const std::string help =
      "resize images of another size to the model's input; --resize N: the shorter side of every image to N pixels, "
      "and the middle of it (as --resize 256 --crop 224)";
  command.add_flag("--resize", help)->each(resize);
  command.add_option("--crop", shared.crop, "the middle of every image, of the model's input size; after --resize N")
      ->option_text("N")
      ->check(at_least(1));
  add_reading_flags(command, shared);
  add_array_flags(command, shared);
  add_stream_flags(command, shared);
}

void add_reading_flags(CLI::App& command, Shared& shared) {
  command.add_flag("--skip-bad-images", shared.skip_bad_images,
                   "leave out files that are no image or do not fit, and list them");
  const auto set = [&shared](const std::string& text) { shared.strict_colour = text == "strict"; };
  command
      .add_option_function<std::string>(
          "--color", set,
          "convert: gray, RGB, palettes, alpha (over white) become what is needed (the default); strict: refuse them")
      ->option_text("convert|strict")
      ->check(CLI::IsMember({"convert", "strict"}));
}

void add_array_flags(CLI::App& command, Shared& shared) {
  const auto set = [&shared](const std::string& name) {
    label_mapping_named(name);
    shared.labels = name;
  };
  command
      .add_option_function<std::string>("--labels", set,
                                        "of .npz files: from-1 (labels 1 to K), contiguous (the numbers that occur) or "
                                        "names (texts) become classes from 0 on")
      ->option_text(join(label_mapping_names(), "|"));
  command.add_flag("--channels-first", shared.channels_first, "images of .npz files are [N, C, H, W]");
}

ArrayOptions array_options(const Shared& shared, const ReadAs& read_as) {
  return {.channels_first = shared.channels_first || read_as.channels_first,
          .labels = label_mapping_named(shared.labels.empty() ? read_as.labels : shared.labels),
          .note = [quiet = shared.quiet](const std::string& text) {
            if (!quiet) tell("{}\n", text);
          }};
}

CLI::Option* add_setting(CLI::App& command, Settings& settings, const std::string& key, const std::string& value_name) {
  const SettingKey& field = *training_keys().find(key);
  std::string flag = "--" + key;
  std::ranges::replace(flag, '_', '-');
  const auto set = [&field, &settings, flag](const std::string& text) {
    try {
      settings.set({field.name, field.read(parse_value(text))});
    } catch (const Error& error) {
      Error::Parts parts = error.parts();
      parts.where = flag;
      throw Error(parts);
    }
  };
  // --nesterov, or --nesterov=false against a file that says true.
  if (field.kind == kind_of(bool{})) return command.add_flag(flag, field.help)->each(set);
  CLI::Option* option = command.add_option_function<std::string>(flag, set, field.help)->option_text(value_name);
  return field.choices.empty() ? option : offer(option, field.choices);
}

void add_precision_flags(CLI::App& command, Shared& shared, Settings& settings) {
  if (!command.get_option_no_throw("--precision")) add_setting(command, settings, "precision", "P");
  command.add_flag(
      "--force", shared.force,
      "bfloat16 even if the processor has no instructions for it: slow; --preprocess even if the model has its own");
}

void add_all_settings(CLI::App& command, Settings& settings) {
  for (const SettingKey& field : training_keys().all())
    add_setting(command, settings, field.name, value_name(field.kind))->group("Training, also keys of [training]");
}

namespace {

/// One pass over all images for all processes: that of the first one.
ImageSurvey surveyed(const ImageFiles& files, const ImageOptions& images, const std::filesystem::path& cache) {
  if (!among()) return survey_images(files, images, cache);
  agree_on({{"images", with_commas(std::ssize(files.files))}});  // one that has none would be waited for
  std::string found;
  std::exception_ptr problem;
  if (is_first_process()) try {
      found = text_of(survey_images(files, images, cache));
    } catch (...) {
      problem = std::current_exception();
    }
  found = broadcast_text(*among(), found);
  if (problem) std::rethrow_exception(problem);
  if (found.empty()) throw Error{{.where = printable(files.title), .received = "an error in process 0"}};
  return parse_image_survey(found, printable(files.title), std::ssize(files.files), files.classes());
}

Dataset streamed(const Shared& shared, const std::string& spec, const ImageOptions& images) {
  auto files = find_images(spec, images.flat);
  if (!files)
    throw Error{{.where = "--stream",
                 .expected = "a folder of images or shards as data",
                 .received = spec,
                 .hint = "Other sets are read into memory: leave --stream out."}};
  StreamOptions options{
      .memory = shared.memory, .workers = shared.workers, .window = shared.window, .cache = index_cache()};
  if (!shared.quiet)
    options.on_slow.report = [](const SlowReading& slow) {
      tell_from_any_process(fmt::format("evenkeel: waiting for data for {:.0f} s{}\n", slow.seconds,
                                        slow.place.empty() ? "" : "; reading " + slow.place));
    };
  if (images.skip_bad) {
    say(shared, "{}: every image is read once, to leave out the bad ones", printable(spec));
    options.survey = surveyed(*files, images, options.cache);
  }
  return stream_images(std::move(*files), images, options);
}

}  // namespace

Dataset load_data(const Shared& shared, const Model& model, const std::string& spec, Split bare_name_means,
                  const DataNeeds& needs) {
  ArrayOptions arrays = array_options(shared, needs.read_as);
  arrays.inputs = arrays_for(model);
  arrays.output = output_for(model);
  for (ArrayOptions::Input& input : arrays.inputs) input.or_channels_first = needs.read_as.or_channels_first;
  const ImageOptions images = image_options(shared, model, needs);
  Dataset data = shared.stream ? streamed(shared, spec, images)
                               : load_dataset(spec, bare_name_means, shared.data_dir, images, arrays);
  say_reading(shared, spec, data);
  return data;
}

Dataset load_image_files(const Shared& shared, const Model& model, const std::vector<std::string>& files,
                         const DataNeeds& needs) {
  Dataset data = load_images({files.begin(), files.end()}, image_options(shared, model, needs));
  say_reading(shared, "images", data);
  return data;
}

void say_reading(const Shared& shared, const std::string& spec, const Dataset& data) {
  const auto report = data.reading();
  if (!report || !report->is_remarkable()) return;
  for (const auto& [title, text] : text_of(*report)) say(shared, "{}: {:<11}  {}", printable(spec), title, text);
}

Json reading_of(const Dataset& data) { return data.reading() ? json_of(*data.reading()) : Json(); }

void apply_flags(const Shared& shared, ComputeOptions& compute) {
  compute.threads = shared.threads;
  compute.fuse = shared.fuse;
  compute.force_precision = shared.force;
  if (shared.force && compute.precision != Precision::bfloat16 && shared.preprocess.empty())
    throw Error{{.where = "--force",
                 .expected = "the precision bfloat16 with it, or --preprocess",
                 .received = std::string(name_of(compute.precision))}};
}

NetworkOptions network_options(const Shared& shared, const Settings& settings) {
  NetworkOptions options = evenkeel::network_options(settings);
  apply_flags(shared, options.compute);
  return options;
}

Dataset in_classes_of(const Shared& shared, const LoadedNetwork& loaded, const Dataset& data) {
  Dataset mapped = with_classes(data, loaded.class_names, "the weights");
  if (mapped.class_names() == data.class_names()) return mapped;
  std::vector<MissingClass> absent;
  for (std::int64_t label = 0; label < mapped.classes(); ++label)
    if (std::ranges::count(mapped.y().as<std::int32_t>(), label) == 0) absent.push_back({.label = label});
  say(shared, "{}: labels are mapped by name onto the classes of the weights{}", data.name(),
      absent.empty() ? "" : "; no sample of class " + class_list(absent, mapped.class_names()));
  return mapped;
}

void tell_fatal_weights(const Shared& shared, const Network& network) {
  const std::vector<std::string> phrases = fatal_defects(network);
  if (!phrases.empty())
    say(shared, "warning: {}: results may be NaN, or mean nothing; evenkeel doctor says what helps",
        join(phrases, "; "));
}

std::string class_name(const std::vector<std::string>& names, std::int64_t index) {
  return index >= 0 && index < std::ssize(names) ? names[static_cast<std::size_t>(index)] : std::string();
}

std::string weights_digest(const Network& network) {
  std::uint32_t sum = 0;
  for (const WeightInfo& weight : network.weights()) {
    const TensorView view = network.weight(weight.name);
    sum = formats::crc32c({view.data, view.bytes()}, sum);
  }
  return fmt::format("{:08x}", sum);
}

std::string program_digest() {
  const formats::Bytes program = formats::read_file("/proc/self/exe");
  return fmt::format("{:08x}", formats::crc32c(program));
}

void print_json(const Json& json) { print_text(formats::json_text(json, 2) + '\n'); }

Json json_of(const Metrics& metrics) {
  return {{"loss", metrics.loss}, {"accuracy", metrics.accuracy ? Json(*metrics.accuracy) : Json()}};
}

Json json_of(const Shape& shape) {
  Json sizes = Json::array();
  for (std::int64_t size : shape.sizes()) sizes.push_back(size);
  return sizes;
}

std::string number_text(double value) {
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-3 && size < 1e5);
  return plain ? fmt::format("{:.4f}", value) : fmt::format("{:.3e}", Number{value});
}

std::string bytes_text(std::int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* units[] = {"kB", "MB", "GB", "TB"};
  int unit = -1;
  while (value >= 999.5 && unit < 3) value /= 1000, ++unit;
  return fmt::format("{:.{}f} {}", value, value < 10 ? 2 : value < 100 ? 1 : 0, units[unit]);
}

std::string now_text() {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

std::string duration_text(double seconds) {
  const auto s = static_cast<std::int64_t>(std::llround(std::clamp(seconds, 0.0, 1e9)));
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string metrics_text(const Metrics& metrics, const std::string& prefix) {
  std::string text = fmt::format("{}loss {}", prefix, number_text(metrics.loss));
  if (metrics.accuracy) text += fmt::format("  {}accuracy {}", prefix, number_text(*metrics.accuracy));
  return text;
}

}  // namespace evenkeel::app
