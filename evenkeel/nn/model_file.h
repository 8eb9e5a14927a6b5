#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "evenkeel/config/settings.h"
#include "evenkeel/nn/model.h"

namespace evenkeel {

/// The content of a model file (TOML):
///
///     name = "placement"
///     input = [32, 32, 3]
///
///     [[layer]]
///     type = "Conv2D"         # then name = "...", inputs = ["...", ...] or "...", and the options of the type
///     filters = 16
///
///     [training]              # optional
///     optimizer = "adam"
///
/// A layer without a name gets Keras's; one without inputs reads the layer before it; "input" is the model's input.
/// Several inputs have names, and so may have several outputs, the main one first; without `outputs` the last layer is
/// the output:
///
///     outputs = ["classes", "auxiliary"]
///     [inputs]                # in place of input = ...
///     image = [32, 32, 3]
///     age = [1]
///
struct ModelFile {
  Model model;
  Settings training = {};  ///< unchecked; train/settings.h knows the keys
};

/// Reads a model file. Throws Error, with file and line, for every mistake in the model: TOML, keys, values, names,
/// inputs, and shapes that do not fit. A model that is returned can be compiled.
ModelFile read_model_file(const std::filesystem::path& path);
/// The same from text; `where` is the file's name in errors.
ModelFile parse_model_file(std::string_view text, const std::string& where);

/// The text of a model and its settings; reading it gives the same model and settings. Defaults of layers are left out.
std::string write_model_file(const ModelFile& file);

}  // namespace evenkeel
