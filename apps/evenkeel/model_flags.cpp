#include "command_tree.h"
#include "common.h"
#include "evenkeel/interchange/preprocessing.h"
#include "evenkeel/train/implied_loss.h"
#include "evenkeel/train/settings.h"

// How commands open a MODEL: the flags, and what they say of it.

namespace evenkeel::app {
namespace {

constexpr const char* kModelHelp =
    "a model file (TOML), a folder that train or import made, or an .onnx, .keras or .h5 file";

void say_opening(const Shared& shared, const OpenedModel& opened) {
  for (const std::string& note : opened.notes) say(shared, "{}", note);
}

}  // namespace

void add_model(CLI::App& command, std::string& model) {
  command.add_option("MODEL", model, kModelHelp)->required()->option_text(" ");
}

void add_input_shape_flag(CLI::App& command, Shared& shared) {
  command
      .add_option("--input-shape", shared.input_shape,
                  "shape of a sample in our order, where a foreign file leaves sizes open: 224,224,3")
      ->option_text("H,W,C")
      ->delimiter(',')
      ->expected(1, 3)
      ->check(at_least(1));
}

void add_preprocess_flag(CLI::App& command, Shared& shared) {
  const auto set = [&shared](const std::string& text) {
    interchange::preprocessing_named(text);
    shared.preprocess = text;
  };
  offer(command
            .add_option_function<std::string>(
                "--preprocess", set,
                "what another program does with pixels 0 to 255 before this network, as layers in front of it: "
                "imagenet, torch, tf, caffe, keras/FAMILY (docs/interchange.md), or numbers for (x * SCALE - MEAN) / "
                "STD, such as \"1/255;0.485,0.456,0.406;0.229,0.224,0.225\"")
            ->option_text("NAME|SCALE;MEAN;STD"),
        interchange::preprocessing_names());
}

void add_model_flags(CLI::App& command, Shared& shared) {
  add_preprocess_flag(command, shared);
  add_input_shape_flag(command, shared);
}

OpenOptions open_options(const Shared& shared) {
  OpenOptions options{
      .preprocess = shared.preprocess, .force_preprocess = shared.force, .weights_format = shared.weights_format};
  if (!shared.input_shape.empty()) options.import.input_shape = Shape(shared.input_shape);
  return options;
}

void add_weights_flag(CLI::App& command, Shared& shared, std::string& weights) {
  CLI::Option* file = command.add_option("--weights", weights, "a safetensors file in place of MODEL's own weights")
                          ->option_text("FILE");
  choose_from(
      command
          .add_option("--weights-format", shared.weights_format,
                      "names and layouts in --weights: evenkeel (the default), or those of a PyTorch state_dict")
          ->option_text("evenkeel|pytorch")
          ->needs(file),
      {"evenkeel", "pytorch"});
}

OpenedModel open_trained(const Shared& shared, const std::string& model, const std::string& weights) {
  OpenedModel opened = evenkeel::open_trained(model, weights, open_options(shared));
  say_opening(shared, opened);
  return opened;
}

OpenedModel open_model(const Shared& shared, const std::string& model) {
  OpenedModel opened = evenkeel::open_model(model, open_options(shared));
  say_opening(shared, opened);
  return opened;
}

Settings settings_for(const Shared& shared, const OpenedModel& model, const Settings& flags, const Dataset& data) {
  Settings settings = overridden(model.file.training, flags);
  if (settings.has("loss") || !model.record || !data.has_targets()) return settings;
  const ImpliedLoss implied = implied_loss(model.file.model, data);
  say(shared, "loss: {}, for {}; --loss chooses another", implied.name, implied.because);
  settings.set({.key = "loss", .value = implied.name});
  return settings;
}

}  // namespace evenkeel::app
