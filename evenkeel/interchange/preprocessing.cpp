#include "evenkeel/interchange/preprocessing.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel::interchange {
namespace {

/// torchvision's transforms.Normalize of pixels / 255, in pixels.
Preprocessing as_torch() {
  return {.mean = {0.485 * 255, 0.456 * 255, 0.406 * 255},
          .deviation = {0.229 * 255, 0.224 * 255, 0.225 * 255},
          .crops = true};
}

/// From -1 to 1.
Preprocessing as_tensorflow() { return {.mean = {127.5}, .deviation = {127.5}}; }

/// The means of the blue, green and red channels are 103.939, 116.779 and 123.68.
Preprocessing as_caffe() { return {.mean = {123.68, 116.779, 103.939}, .reversed = true}; }

/// keras.applications.<family>.preprocess_input. It resizes nothing; image_dataset_from_directory and load_img, which
/// its users call, resize to the input's size.
const std::map<std::string, Preprocessing>& keras_families() {
  static const std::map<std::string, Preprocessing> families = [] {
    Preprocessing torch = as_torch(), tensorflow = as_tensorflow(), caffe = as_caffe();
    const Preprocessing inside{.in_model = true};
    torch.crops = false;
    return std::map<std::string, Preprocessing>{
        {"convnext", inside},         {"densenet", torch},       {"efficientnet", inside},
        {"efficientnet_v2", inside},  {"mobilenet", tensorflow}, {"inception_resnet_v2", tensorflow},
        {"inception_v3", tensorflow}, {"mobilenet_v3", inside},  {"mobilenet_v2", tensorflow},
        {"nasnet", tensorflow},       {"resnet", caffe},         {"resnet50", caffe},
        {"resnet_v2", tensorflow},    {"vgg16", caffe},          {"vgg19", caffe},
        {"xception", tensorflow},
    };
  }();
  return families;
}

Error not_a_preprocessing(const std::string& text, const std::string& hint = {}) {
  const std::string near = nearest(text, preprocessing_names());
  return Error{{.where = "preprocess",
                .expected = "imagenet, torch, tf, caffe, keras/FAMILY, none, or numbers SCALE;MEAN;STD",
                .received = '"' + text + '"',
                .hint = !hint.empty()  ? hint
                        : near.empty() ? "Families: " + join(preprocessing_names()) + '.'
                                       : "Did you mean \"" + near + "\"?"}};
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || rest != end || !std::isfinite(value)) return {};
  return value;
}

/// "0.5", or "1/255".
std::optional<double> fraction_in(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return number_in(text);
  const auto above = number_in(text.substr(0, slash)), below = number_in(text.substr(slash + 1));
  if (!above || !below || *below == 0) return {};
  return *above / *below;
}

std::vector<double> numbers_in(const std::string& whole, std::string_view text) {
  std::vector<double> numbers;
  for (const std::string_view part : split(text, ',')) {
    const auto number = fraction_in(part);
    if (!number) throw not_a_preprocessing(whole, "\"" + std::string(part) + "\" is not a number.");
    numbers.push_back(*number);
  }
  return numbers;
}

Preprocessing from_numbers(const std::string& text) {
  const auto parts = split(text, ';');
  if (parts.size() > 3) throw not_a_preprocessing(text, "There are at most three parts between semicolons.");
  const std::vector<double> scale = numbers_in(text, parts[0]);
  if (scale.size() != 1 || scale[0] == 0) throw not_a_preprocessing(text, "SCALE is one number other than 0.");
  Preprocessing made;
  if (parts.size() > 1) made.mean = numbers_in(text, parts[1]);
  if (parts.size() > 2) made.deviation = numbers_in(text, parts[2]);
  for (const double deviation : made.deviation)
    if (!(deviation > 0)) throw not_a_preprocessing(text, "STD is greater than 0.");
  // (x * scale - mean) / std = (x - mean / scale) / (std / scale)
  for (double& mean : made.mean) mean /= scale[0];
  for (double& deviation : made.deviation) deviation /= scale[0];
  return made;
}

bool are_all(const std::vector<double>& values, double value) {
  return std::ranges::all_of(values, [value](double v) { return v == value; });
}

/// The numbers of one channel stand for all.
std::vector<double> for_channels(const std::vector<double>& values, std::int64_t channels, const char* what) {
  if (values.size() == 1) return std::vector<double>(static_cast<std::size_t>(channels), values[0]);
  if (std::ssize(values) == channels) return values;
  throw Error{{.where = std::string("preprocess: ") + what,
               .expected = "one number, or one for each of the " + std::to_string(channels) + " channels of the input",
               .received = std::to_string(values.size())}};
}

std::string free_name(const Model& model, const std::string& wanted) {
  std::string name = wanted;
  const auto is_taken = [&] {
    return model.find(name) >= 0 || std::ranges::count(model.inputs(), name, &Model::Input::name) > 0;
  };
  for (int i = 1; is_taken(); ++i) name = wanted + '_' + std::to_string(i);
  return name;
}

/// Appends the layers to `made`, whose layer or input `from` has the pixels. Names are free in `whole` too. Returns the
/// last one's.
std::string append_layers(Model& made, const Model& whole, const Preprocessing& p, const std::string& from,
                          std::int64_t channels) {
  std::string last = from;
  const auto add = [&](Layer layer, const std::string& name, const std::vector<std::string>& inputs) {
    return last = made.append(layer.named(free_name(whole, name)), inputs);
  };
  const std::vector<double> means = for_channels(p.mean, channels, "MEAN"),
                            deviations = for_channels(p.deviation, channels, "STD");
  // A deviation below 0 turns the sign, which only Rescaling can write.
  const bool alike = are_all(means, means[0]) && are_all(deviations, deviations[0]);
  if (alike && (means[0] != 0 || deviations[0] != 1)) {
    add(Rescaling{.scale = 1 / deviations[0], .offset = -means[0] / deviations[0]}, "preprocessing", {last});
  } else if (!alike) {
    std::vector<double> variances;
    for (const double deviation : deviations) variances.push_back(deviation * deviation);
    add(FixedNormalization{.mean = means, .variance = variances}, "preprocessing", {last});
    if (deviations[0] < 0) add(Rescaling{.scale = -1}, "preprocessing_sign", {last});
  }
  if (!p.reversed) return last;
  const std::string pixels = last;
  std::vector<std::string> parts;
  for (std::int64_t c = channels - 1; c >= 0; --c)
    parts.push_back(add(SliceChannels{.begin = c, .count = 1}, "preprocessing_channel_" + std::to_string(c), {pixels}));
  return add(Concatenate{}, "preprocessing_reversed", parts);
}

/// The input that gets the preprocessing, as nodes refer to it: -1, -2, ...
int input_of_pixels(const Model& model) {
  for (std::size_t i = 0; i < model.inputs().size(); ++i)
    if (model.inputs()[i].shape.rank() == 3) return -1 - static_cast<int>(i);
  return -1;
}

}  // namespace

bool Preprocessing::is_none() const { return in_model || (are_all(mean, 0) && are_all(deviation, 1) && !reversed); }

std::vector<std::string> preprocessing_names() {
  std::vector<std::string> names = {"imagenet", "torch", "tf", "caffe", "none"};
  for (const auto& [family, what] : keras_families()) names.push_back("keras/" + family);
  return names;
}

Preprocessing preprocessing_named(const std::string& text) {
  Preprocessing found;
  if (text == "imagenet" || text == "torch") {
    found = as_torch();
  } else if (text == "tf") {
    found = as_tensorflow();
  } else if (text == "caffe") {
    found = as_caffe();
  } else if (text.starts_with("keras/")) {
    const auto family = keras_families().find(text.substr(6));
    if (family == keras_families().end()) throw not_a_preprocessing(text);
    found = family->second;
  } else if (text != "none") {
    if (text.empty() || text.find_first_of("0123456789") == std::string::npos) throw not_a_preprocessing(text);
    found = from_numbers(text);
  }
  found.name = text;
  return found;
}

bool begins_with_preprocessing(const Model& model) {
  std::vector<bool> are_pixels(model.nodes().size(), false);
  for (std::size_t i = 0; i < model.nodes().size(); ++i) {
    const Model::Node& node = model.nodes()[i];
    const bool reads = std::ranges::any_of(
        node.inputs, [&](int from) { return from < 0 || are_pixels[static_cast<std::size_t>(from)]; });
    if (!reads) continue;
    const LayerTraits traits = node.layer.traits();
    if (traits.rescales && !traits.identity_in_evaluation) return true;
    are_pixels[i] = traits.is_input || traits.is_identity();
  }
  return false;
}

Model with_preprocessing(const Model& model, const Preprocessing& preprocessing, bool force) {
  if (preprocessing.is_none()) return model;
  if (!force && begins_with_preprocessing(model))
    throw Error{{.where = "preprocess \"" + preprocessing.name + '"',
                 .expected = "a model that does not rescale its input itself",
                 .received = "one that begins with such a layer",
                 .hint = "Leave the preprocessing out, or give --force to have both."}};
  const int chosen = input_of_pixels(model);
  const Model::Input& pixels = model.input_at(chosen);
  Model made = Model::with_inputs(model.inputs(), model.name());
  // A layer that stands for the input comes before the preprocessing, for it reads the input itself.
  std::string from = pixels.name;
  std::vector<bool> stands_for_pixels;
  for (const Model::Node& node : model.nodes()) {
    const bool stands = node.layer.traits().is_input && node.inputs == std::vector<int>{chosen};
    stands_for_pixels.push_back(stands);
    if (stands) from = made.append(node.layer);
  }
  const std::string prepared = append_layers(made, model, preprocessing, from, pixels.shape.back());
  for (std::size_t i = 0; i < model.nodes().size(); ++i) {
    if (stands_for_pixels[i]) continue;
    std::vector<std::string> inputs;
    for (const int input : model.nodes()[i].inputs) {
      const bool reads_pixels = input == chosen || (input >= 0 && stands_for_pixels[static_cast<std::size_t>(input)]);
      inputs.push_back(reads_pixels ? prepared : model.name_of(input));
    }
    made.append(model.nodes()[i].layer, inputs);
  }
  std::vector<std::string> outputs;
  for (const int output : model.outputs()) outputs.push_back(model.name_of(output));
  if (made.outputs() != std::vector<int>{made.find(outputs.front())} || outputs.size() > 1) made.set_outputs(outputs);
  return made;
}

}  // namespace evenkeel::interchange
