#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/interchange/imported.h"
#include "evenkeel/train/network.h"

// What tools/interchange writes: networks in other programs' files, and what those programs computed with them.

namespace evenkeel::interchange {

/// Arrays by name.
using Arrays = std::map<std::string, Tensor>;

/// One case of an archive: tensors "<case>/model" (the bytes of an .onnx file; or "<case>/keras", "<case>/h5") and
/// "<case>/<kind>/<name>". Where several files are of one network, the arrays are a case without a file.
struct ForeignCase {
  std::string about;   ///< of the archive's metadata: how it was made
  std::string ending;  ///< of its file: ".onnx"; empty: it has none
  Tensor model;
  std::map<std::string, Arrays> arrays;  ///< by kind: "input", "output", "statistics", ...

  /// Writes the file into a folder; returns its path.
  std::filesystem::path write(const std::filesystem::path& folder) const;
  const Arrays& of(const std::string& kind) const;
};

/// The cases of an archive (tools/interchange/archive.py) by name. Throws Error if it cannot be read.
std::map<std::string, ForeignCase> read_cases(const std::filesystem::path& archive);

/// A network with these weights, which are all of the model's.
std::unique_ptr<Network> network_of(const Model& model, const formats::SafetensorsFile& weights);
std::unique_ptr<Network> network_of(const Imported& imported);

/// Outputs of the model in its order, with all noise off. In Mode::train the moving statistics follow the batch's.
std::vector<Tensor> outputs_without_noise(Network& network, const Batch& batch, Mode mode);

/// Outputs in the foreign layout, by their foreign names, from inputs in the foreign layout. In Mode::train the moving
/// statistics follow the batch's; noise is off.
Arrays run_foreign(const Imported& imported, Network& network, const Arrays& inputs, Mode mode);

/// Outputs by "y", or "y0", "y1", ... in the order of the record, as the archives have them.
Arrays numbered(const Imported& imported, Arrays outputs);

/// The moving statistics of the network against those of an archive, each with its distance; infinite where the archive
/// has none of that name. PyTorch's are under "statistics", those with ONNX's biased variance under "biased", which a
/// normalization of ours with the biased one is held to where there are such.
std::vector<std::pair<std::string, double>> distances_of_statistics(const Imported& imported, Network& network,
                                                                    const std::map<std::string, Arrays>& arrays);

/// |a - b| / |b| (L2) of all elements; infinite where the sizes differ or a number is NaN.
double relative_distance(TensorView a, TensorView b);

}  // namespace evenkeel::interchange
