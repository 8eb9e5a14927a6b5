#include "evenkeel/data/npz_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/array_conversion.h"
#include "evenkeel/data/array_dataset.h"
#include "evenkeel/data/npz_layout.h"
#include "evenkeel/formats/npz.h"

namespace evenkeel {
namespace {

using Array = std::variant<Tensor, formats::TextArray>;
using Arrays = std::map<std::string, Array>;

const Shape& shape_of(const Array& array) {
  const Tensor* tensor = std::get_if<Tensor>(&array);
  return tensor ? tensor->shape() : std::get<formats::TextArray>(array).shape;
}

/// "x, y, names and 4 more"
std::string listed(std::vector<std::string> names) {
  constexpr std::size_t kMost = 10;
  if (names.empty()) return "no arrays";
  const std::size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(std::min(names.size(), kMost));
  return join(names) + (more > 0 ? fmt::format(" and {} more", more) : "");
}

Error no_samples(const std::string& where, const std::vector<std::string>& names) {
  return Error{{.where = where,
                .received = "no array \"x\"; it has " + listed(names),
                .hint = "Write the file with np.savez(file, x=samples, y=labels)."}};
}

/// A single array holds samples. Of two of equal length, the one with fewer axes, else with fewer columns, holds the
/// targets.
NpzPair pair_by_shape(const std::string& where, const std::vector<std::string>& names, const Arrays& arrays) {
  if (names.size() == 1) return {.split = "", .samples = names[0], .targets = ""};
  const Shape &a = shape_of(arrays.at(names[0])), &b = shape_of(arrays.at(names[1]));
  const bool same_length = a.rank() > 0 && b.rank() > 0 && a[0] == b[0];
  const auto size = [](const Shape& shape) { return std::pair(shape.rank(), shape.row_size()); };
  if (!same_length || size(a) == size(b)) throw no_samples(where, names);
  const bool first_is_larger = size(a) > size(b);
  return {.split = "", .samples = names[first_is_larger ? 0 : 1], .targets = names[first_is_larger ? 1 : 0]};
}

/// Chooses one of the pairs found by name: the split that is asked for, else the set without a split, else the only
/// split.
std::optional<NpzPair> pair_by_name(const std::string& where, const std::vector<std::string>& names,
                                    const std::vector<NpzPair>& pairs, const std::string& split) {
  const auto found = std::ranges::find(pairs, split, &NpzPair::split);
  if (found != pairs.end()) return *found;
  if (split.empty()) return pairs.size() == 1 ? std::optional(pairs[0]) : std::nullopt;
  throw Error{{.where = where,
               .expected = fmt::format("arrays of the split \"{}\", such as x_{} and y_{}", split, split, split),
               .received = listed(names)}};
}

std::vector<std::string> names_of(const std::vector<ArrayOptions::Input>& inputs) {
  std::vector<std::string> names;
  for (const ArrayOptions::Input& input : inputs) names.push_back(input.name);
  return names;
}

Error no_inputs(const std::string& where, const std::vector<std::string>& names, const ArrayOptions& options) {
  std::vector<std::string> wanted;
  for (const auto& input : options.inputs) wanted.push_back(input.name + ' ' + to_string_batched(input.sample));
  return Error{{.where = where,
                .expected = fmt::format("the arrays {}, for the model's inputs", join(wanted)),
                .received = listed(names)}};
}

/// Whether an array [N, C, H, W] is images [H, W, C] with channels first, and nothing else.
bool is_channels_first_of(const Shape& array, const Shape& sample) {
  return array.rank() == 4 && sample.rank() == 3 && array.without_first() != sample &&
         array.without_first() == Shape{sample[2], sample[0], sample[1]};
}

/// The samples of one input.
Tensor samples_of(const std::string& where, const std::string& name, Arrays& arrays, std::size_t input,
                  const ArrayOptions& options, ConversionNotes& notes) {
  Array& samples = arrays.at(name);
  if (std::holds_alternative<formats::TextArray>(samples))
    throw Error{{.where = where, .expected = name + " of numbers", .received = "an array of texts"}};
  const std::optional<Shape> sample =
      input < options.inputs.size() ? std::optional(options.inputs[input].sample) : std::nullopt;
  Tensor& x = std::get<Tensor>(samples);
  const bool is_first = sample && options.inputs[input].or_channels_first && is_channels_first_of(x.shape(), *sample);
  return as_samples(where, name, std::move(x), options.channels_first || is_first, notes, sample);
}

Dataset assemble(const std::string& where, const NpzPair& pair, Arrays& arrays, const ArrayOptions& options) {
  ConversionNotes notes;
  Dataset::Parts parts{.name = where, .x = {}, .y = {}, .class_names = {}};
  parts.x = samples_of(where, pair.samples, arrays, 0, options, notes);
  for (std::size_t i = 0; i < pair.more.size(); ++i)
    parts.more.push_back(samples_of(where, pair.more[i], arrays, i + 1, options, notes));
  if (!pair.more.empty()) parts.input_names = names_of(options.inputs);
  if (!pair.targets.empty()) {
    Array& targets = arrays.at(pair.targets);
    if (shape_of(targets).size() == 0 && parts.x.shape().size() > 0)
      throw Error{{.where = where,
                   .expected = "a y for every sample, or no y at all",
                   .received = fmt::format("{} {}", pair.targets, to_string(shape_of(targets)))}};
    AsTargets converted = std::holds_alternative<Tensor>(targets)
                              ? as_targets(where, pair.targets, std::move(std::get<Tensor>(targets)), options.labels,
                                           notes, options.output)
                              : as_targets(where, pair.targets, std::get<formats::TextArray>(targets).texts,
                                           shape_of(targets), options.labels, notes);
    parts.y = std::move(converted.y);
    parts.class_names = std::move(converted.class_names);
  }
  const bool is_input = !options.inputs.empty() && pair.samples == options.inputs[0].name;
  const bool plain_names = (pair.samples == "x" || is_input) && (pair.targets == "y" || pair.targets.empty());
  if (options.note && (!plain_names || !notes.conversions.empty()))
    options.note(fmt::format("{}: samples are {}{}{}", where,
                             pair.samples + (pair.more.empty() ? "" : ", " + join(pair.more)),
                             pair.targets.empty() ? "" : ", targets are " + pair.targets,
                             notes.conversions.empty() ? "" : "; " + join(notes.conversions, "; ")));
  if (options.note)
    for (const std::string& doubt : notes.doubts) options.note(where + ": " + doubt);
  return Dataset(std::move(parts));
}

}  // namespace

Dataset load_npz_dataset(const std::filesystem::path& path, const ArrayOptions& options, const std::string& split) {
  const std::string file = path.string();
  const std::vector<std::string> names = formats::npz_names(path);
  const std::vector<NpzPair> pairs = npz_pairs(names, names_of(options.inputs));
  if (pairs.empty() && options.inputs.size() > 1) throw no_inputs(file, names, options);
  std::optional<NpzPair> pair = pair_by_name(file, names, pairs, split);
  Arrays arrays;
  if (!pair && pairs.empty() && (names.size() == 1 || names.size() == 2)) {
    arrays = formats::read_npz_or_texts(path, names);
    pair = pair_by_shape(file, names, arrays);
  }
  if (!pair) throw no_samples(file, names);
  if (arrays.empty()) {
    std::vector<std::string> read = pair->more;
    read.insert(read.end(), {pair->samples, pair->targets});
    arrays = formats::read_npz_or_texts(path, read);
  }
  return assemble(pair->split.empty() ? file : file + ':' + pair->split, *pair, arrays, options);
}

Dataset dataset_of(const std::string& name, std::vector<Tensor> samples,
                   std::variant<std::monostate, Tensor, formats::TextArray> targets, const ArrayOptions& options) {
  const std::size_t wanted = std::max<std::size_t>(1, options.inputs.size());
  if (samples.size() != wanted)
    throw Error{{.where = name,
                 .expected = wanted == 1 ? "one array of samples"
                                         : fmt::format("{} arrays, one for each of the model's inputs", wanted),
                 .received = std::to_string(samples.size())}};
  Arrays arrays;
  NpzPair pair;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::string array = samples.size() > 1 ? options.inputs[i].name : "x";
    arrays.emplace(array, std::move(samples[i]));
    if (i == 0)
      pair.samples = array;
    else
      pair.more.push_back(array);
  }
  if (!std::holds_alternative<std::monostate>(targets)) {
    pair.targets = samples.size() > 1 ? "the targets" : "y";
    if (Tensor* numbers = std::get_if<Tensor>(&targets))
      arrays.emplace(pair.targets, std::move(*numbers));
    else
      arrays.emplace(pair.targets, std::move(std::get<formats::TextArray>(targets)));
  }
  return assemble(name, pair, arrays, options);
}

std::vector<std::string> npz_splits(const std::filesystem::path& path, const std::vector<ArrayOptions::Input>& inputs) {
  std::vector<std::string> splits;
  for (const NpzPair& pair : npz_pairs(formats::npz_names(path), names_of(inputs))) {
    if (pair.split.empty()) return {};
    splits.push_back(pair.split);
  }
  return splits;
}

}  // namespace evenkeel
