// The figures of one imported network, as a line of JSON, for tools/interchange/table.py:
//
//     interchange_figures FILE ARRAYS.npz [ARCHITECTURE]
//
// How long the import takes and how much memory, how far outputs and statistics are from those of the file's producer,
// and how long a prediction takes: imported, and of the same network as `evenkeel model ARCHITECTURE` describes it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <optional>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/nn/architectures/architectures.h"
#include "tests/interchange/foreign_cases.h"

namespace evenkeel::interchange {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

/// Bytes, of a line of /proc/self/status.
double process_memory(const std::string& line) {
  std::ifstream status("/proc/self/status");
  for (std::string text; std::getline(status, text);)
    if (text.starts_with(line + ':')) return std::stod(text.substr(line.size() + 1)) * 1024;
  return 0;
}

/// By kind, as an archive has them: "evaluate:y" in the file.
std::map<std::string, Arrays> read_arrays(const std::string& path) {
  std::map<std::string, Arrays> arrays;
  for (auto& [name, tensor] : formats::read_npz(path)) {
    const std::size_t colon = name.find(':');
    arrays[name.substr(0, colon)].emplace(name.substr(colon + 1), std::move(tensor));
  }
  return arrays;
}

double largest_distance(const Arrays& actual, const Arrays& expected) {
  double largest = actual.size() == expected.size() ? 0 : INFINITY;
  for (const auto& [name, tensor] : expected) {
    const auto found = actual.find(name);
    largest = std::max(largest, found == actual.end() ? INFINITY : relative_distance(found->second, tensor));
  }
  return largest;
}

/// A number, or a text for what JSON has no number for.
Json distance_json(double distance) { return std::isfinite(distance) ? Json(distance) : Json("differs"); }

/// Runs a prediction of one image after the other, on all threads.
class Prediction {
 public:
  explicit Prediction(const Model& model)
      : network_(model, {.seed = 1}), runner_(network_.runner(1, Targets::none, Network::Use::evaluation)) {
    batch_.size = 1;
    for (const Model::Input& input : model.inputs()) {
      Tensor x(input.shape.batched(1), DType::float32);
      std::ranges::fill(x.as<float>(), 0.5F);
      if (&input == model.inputs().data())
        batch_.x = std::move(x);
      else
        batch_.more.push_back(std::move(x));
    }
  }
  double milliseconds() {
    const auto begin = Clock::now();
    network_.run(runner_, batch_, network_.context(Mode::evaluate), runner_.executor->after_constants());
    return milliseconds_since(begin);
  }

 private:
  Network network_;
  Network::Runner& runner_;
  Batch batch_;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Both at the same size of images, in turns of a few predictions. The first of a turn is not counted: the other
/// network was in the caches.
void time_predictions(const Model& imported, const std::string& architecture, Json& figures) {
  Prediction ours(imported);
  std::optional<Prediction> described;
  if (!architecture.empty()) {
    const Shape& input = imported.input_shape();
    described.emplace(make_architecture(architecture, {.input = input, .classes = 100}).model);
  }
  const auto turn = [](Prediction& prediction, std::vector<double>& times) {
    prediction.milliseconds();
    for (int i = 0; i < 5; ++i) times.push_back(prediction.milliseconds());
  };
  std::vector<double> first, second;
  for (int i = 0; i < 5; ++i) {
    turn(ours, first);
    if (described) turn(*described, second);
  }
  figures["predict_ms"] = median(first);
  if (described) figures["described_ms"] = median(second);
}

void import_and_measure(const std::string& path, Json& figures, std::optional<Imported>& imported) {
  const double size = static_cast<double>(std::filesystem::file_size(path));
  const double before = process_memory("VmRSS");
  const auto begin = Clock::now();
  imported = import_network(path);
  figures["import_ms"] = milliseconds_since(begin);
  figures["file_mb"] = size / 1e6;
  figures["memory_of_file"] = (process_memory("VmHWM") - before) / size;
}

Json figures_of(const std::string& path, const std::string& arrays_path, const std::string& architecture) {
  Json figures;
  try {
    std::optional<Imported> imported;
    import_and_measure(path, figures, imported);
    figures["lost"] = imported->record.lost;
    const auto arrays = read_arrays(arrays_path);
    const auto network = network_of(*imported);
    const Arrays& inputs = arrays.at("input");
    const auto outputs = [&](Mode mode) { return numbered(*imported, run_foreign(*imported, *network, inputs, mode)); };
    figures["evaluate"] = distance_json(largest_distance(outputs(Mode::evaluate), arrays.at("evaluate")));
    figures["train"] = distance_json(largest_distance(outputs(Mode::train), arrays.at("train")));
    double largest = 0;
    const auto distances = distances_of_statistics(*imported, *network, arrays);
    for (const auto& [name, distance] : distances) largest = std::max(largest, distance);
    figures["statistics"] = distance_json(largest);
    figures["statistics_compared"] = distances.size();
    figures["statistics_there"] = arrays.contains("statistics") ? arrays.at("statistics").size() : 0;
    time_predictions(imported->file.model, architecture, figures);
  } catch (const Error& error) {
    figures["error"] = error.what();
  }
  return figures;
}

}  // namespace
}  // namespace evenkeel::interchange

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "interchange_figures FILE ARRAYS.npz [ARCHITECTURE]\n";
    return 2;
  }
  std::cout << evenkeel::formats::json_text(
                   evenkeel::interchange::figures_of(argv[1], argv[2], argc > 3 ? argv[3] : ""))
            << '\n';
}
