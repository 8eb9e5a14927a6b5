#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/base/text.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/runs/open_model.h"
#include "evenkeel/train/metrics.h"
#include "evenkeel/train/network.h"
#include "output.h"

namespace evenkeel::app {

using Json = nlohmann::ordered_json;

/// A flag's check: a whole number of at least `low`.
CLI::Validator at_least(std::int64_t low);
/// Throws Error unless the file that a flag names ends in one of these.
void check_ending(const std::string& flag, const std::string& file, std::initializer_list<std::string_view> endings);

/// The flags that commands have in common; each command adds those it needs.
struct Shared {
  bool json = false, quiet = false;
  int threads = 0;
  bool fuse = true;
  std::string data_dir;
  bool resize = false, skip_bad_images = false, strict_colour = false;
  std::int64_t resize_side = 0, crop = 0;  ///< --resize N, --crop N; 0: not given
  std::string preprocess;
  std::vector<std::int64_t> input_shape;
  std::string weights_format;
  std::string labels;  ///< of .npz files: a mapping's name (data/label_mapping.h)
  bool channels_first = false;
  bool force = false;
  bool stream = false;
  std::int64_t memory = 0, window = 0;  ///< --memory and --window of --stream; 0: not given
  int workers = 0;
};

/// A subcommand with its purpose in a sentence and two examples.
CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& purpose, const std::string& examples);
void add_json_flag(CLI::App& command, Shared& shared);                            ///< --json
void add_quiet_flag(CLI::App& command, Shared& shared);                           ///< --quiet
void add_output_flags(CLI::App& command, Shared& shared);                         ///< both
void add_threads_flag(CLI::App& command, Shared& shared);                         ///< --threads
void add_data_dir_flag(CLI::App& command, Shared& shared);                        ///< --data-dir
void add_precision_flags(CLI::App& command, Shared& shared, Settings& settings);  ///< --precision, --force
void add_fuse_flag(CLI::App& command, Shared& shared);                            ///< --no-fuse
/// All of these, for commands that let a network look at data.
void add_computing_flags(CLI::App& command, Shared& shared, Settings& settings);
void add_model(CLI::App& command, std::string& model);
void add_input_shape_flag(CLI::App& command, Shared& shared);  ///< --input-shape
void add_preprocess_flag(CLI::App& command, Shared& shared);   ///< --preprocess
/// Both: how a MODEL is opened.
void add_model_flags(CLI::App& command, Shared& shared);
/// What these flags say of a MODEL.
OpenOptions open_options(const Shared& shared);
/// --weights, --weights-format
void add_weights_flag(CLI::App& command, Shared& shared, std::string& weights);
void add_data_flag(CLI::App& command, std::string& spec, bool required);
/// --resize, --crop, and those of add_reading_flags, add_array_flags and add_stream_flags
void add_image_flags(CLI::App& command, Shared& shared);
/// --stream, --memory, --workers, --window
void add_stream_flags(CLI::App& command, Shared& shared);
/// "256M", "2G", "1GiB" or "4096" as bytes, in a flag's value; throws Error for another text.
std::int64_t bytes_from(const std::string& flag, const std::string& text);
/// --skip-bad-images, --color
void add_reading_flags(CLI::App& command, Shared& shared);
void add_array_flags(CLI::App& command, Shared& shared);  ///< --labels, --channels-first
/// A flag for one of the model file's [training] keys, checked as the key is: learning_rate becomes --learning-rate.
CLI::Option* add_setting(CLI::App& command, Settings& settings, const std::string& key, const std::string& value_name);
/// A flag for every [training] key.
void add_all_settings(CLI::App& command, Settings& settings);

/// How the flags say that .npz files are read, or else the run; what is recognised in them is said on stderr.
ArrayOptions array_options(const Shared& shared, const ReadAs& read_as = {});
/// What a command needs from data, besides fitting a model.
struct DataNeeds {
  bool labels = true;   ///< of images
  ReadAs read_as = {};  ///< how the data that the model was trained on were read
  ResizeMethod resize_method = ResizeMethod::antialiased;
};
/// A data set for a model, by the flags: its images get the shape of the model's input. Reports on stderr what is
/// unusual about them.
Dataset load_data(const Shared& shared, const Model& model, const std::string& spec, Split bare_name_means,
                  const DataNeeds& needs = {});
/// So many samples of a streamed set, drawn at random, in memory; fewer if they do not fit so many bytes. 0: all, or an
/// Error if they do not fit. A set in memory as it is.
Dataset drawn_from_stream(const Shared& shared, const Dataset& data, std::int64_t samples, std::int64_t memory);
/// The same from image files.
Dataset load_image_files(const Shared& shared, const Model& model, const std::vector<std::string>& files,
                         const DataNeeds& needs);
/// Reports on stderr what is unusual about the files that were read.
void say_reading(const Shared& shared, const std::string& spec, const Dataset& data);
/// The report on reading files; null for other sets.
Json reading_of(const Dataset& data);

/// How the flags say that a network is computed: threads, fusing, and whether a precision is forced.
void apply_flags(const Shared& shared, ComputeOptions& compute);
/// Of a network that is not trained, by its settings and the flags.
NetworkOptions network_options(const Shared& shared, const Settings& settings);

/// A MODEL whose weights exist (runs/open_model.h). Damaged checkpoints that were passed over are named on stderr.
OpenedModel open_trained(const Shared& shared, const std::string& model, const std::string& weights);

/// A data set in the classes of the weights, by their names (data/class_names.h). Says on stderr where labels are
/// mapped, and which classes then have no sample.
Dataset in_classes_of(const Shared& shared, const LoadedNetwork& loaded, const Dataset& data);

/// A MODEL, with or without weights. What is remarkable about it is said on stderr.
OpenedModel open_model(const Shared& shared, const std::string& model);

/// The settings of a model's file with the flags over them. Where a foreign file's network has no loss, the one that
/// its outputs and the data imply, which stderr says.
Settings settings_for(const Shared& shared, const OpenedModel& model, const Settings& flags, const Dataset& data);

/// Says on stderr where nothing can be computed with some of the weights: then outputs are mostly NaN.
void tell_fatal_weights(const Shared& shared, const Network& network);

/// The name of a class; empty where it has none.
std::string class_name(const std::vector<std::string>& names, std::int64_t index);

/// A message for people, on stderr; nothing with --quiet.
template <class... Arguments>
void say(const Shared& shared, Format<Arguments...> format, const Arguments&... arguments) {
  if (!shared.quiet) tell_text(formatted<Arguments...>(format, arguments...) + '\n');
}

/// Checksums by which several processes see that they have the same.
std::string weights_digest(const Network& network);
std::string program_digest();

void print_json(const Json& json);
Json json_of(const Metrics& metrics);  ///< loss, accuracy (null where there is none)
Json json_of(const Shape& shape);

std::string number_text(double value);                                             ///< "0.0412", "1.2e-06"
std::string bytes_text(std::int64_t bytes);                                        ///< "1.2 MB"
std::string now_text();                                                            ///< "2026-05-09T07:30:00Z"
std::string duration_text(double seconds);                                         ///< "0:07", "1:02:03"
std::string metrics_text(const Metrics& metrics, const std::string& prefix = {});  ///< "loss 0.41  accuracy 0.98"

}  // namespace evenkeel::app
