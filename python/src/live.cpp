#include "live.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <exception>
#include <memory>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/error.h"
#include "evenkeel/base/version.h"
#include "evenkeel/report/doctor/live.h"
#include "evenkeel/report/writers/html.h"
#include "report.h"
#include "values.h"
#include "work.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;

std::vector<double> numbers_from(nb::handle array, const std::string& name) {
  // A number alone is an array of one.
  const Tensor values =
      converted(tensor_of(nb::module_::import_("numpy").attr("ascontiguousarray")(array, "dtype"_a = "float64"), name),
                DType::float64);
  return {values.as<double>().begin(), values.as<double>().end()};
}

nb::object array_from(const std::vector<double>& values) {
  return array_of(Tensor::of<double>({std::ssize(values)}, values));
}

LiveMoments moments_from(nb::handle value) {
  const nb::sequence parts = nb::cast<nb::sequence>(value);
  return {.count = nb::cast<double>(nb::float_(parts[0])),
          .mean = numbers_from(parts[1], "the mean"),
          .m2 = numbers_from(parts[2], "the sum of squares")};
}

/// The entries of one of the answer's dicts; nothing where it has none.
template <class F>
void each_entry(const nb::dict& answer, const char* key, F&& f) {
  if (!answer.contains(key) || answer[key].is_none()) return;
  for (const auto& [layer, value] : nb::cast<nb::dict>(answer[key])) f(nb::cast<std::string>(layer), value);
}

bool has_value(const nb::dict& dict, const char* key) { return dict.contains(key) && !dict[key].is_none(); }

/// A network of a framework that runs in this interpreter. Each of its methods runs on the thread that called from
/// Python, with the GIL.
class PythonNetwork final : public LiveNetwork {
 public:
  PythonNetwork(Work& work, nb::handle live) : work_(work), live_(live) {}

  std::string description() override {
    std::string text;
    ask([&] {
      text = nb::cast<std::string>(
          nb::module_::import_("json").attr("dumps")(live_.attr("describe")(), "allow_nan"_a = false));
    });
    return text;
  }

  std::optional<LiveSamples> samples(bool of_training) override {
    std::optional<LiveSamples> found;
    ask([&] {
      const nb::object answer = live_.attr("samples")(which(of_training));
      if (answer.is_none()) return;
      const nb::dict dict = nb::cast<nb::dict>(answer);
      found.emplace();
      found->size = nb::cast<std::int64_t>(nb::int_(dict["size"]));
      if (has_value(dict, "name")) found->name = nb::cast<std::string>(nb::str(dict["name"]));
      if (has_value(dict, "class_names"))
        for (const nb::handle name : dict["class_names"])
          found->class_names.push_back(nb::cast<std::string>(nb::str(name)));
      if (has_value(dict, "x")) found->x = samples_in(dict["x"]);
      if (has_value(dict, "y")) found->y = targets_in(dict["y"]);
    });
    return found;
  }

  Tensor weight(const std::string& tensor) override {
    Tensor values;
    ask([&] { values = Tensor::copy_of(tensor_of(contiguous(live_.attr("weight")(tensor)), tensor)); });
    return values;
  }

  void set_weight(const std::string& tensor, TensorView values) override {
    ask([&] { live_.attr("set_weight")(tensor, array_of(Tensor::copy_of(values))); });
  }

  LiveAnswer run(const LiveBatch& batch, const LiveModes& modes, const LiveWants& wants) override {
    LiveAnswer answer;
    ask([&] {
      nb::dict sources;
      for (const auto& [layer, source] : modes.statistics) sources[layer.c_str()] = source_of(source);
      const nb::dict dict = nb::cast<nb::dict>(live_.attr("run")(
          which(batch.of_training), rows_of(batch), sent(batch.x), sent(batch.y), "statistics"_a = sources,
          "noise"_a = modes.noise, "step"_a = modes.step, "want"_a = wanted(wants)));
      take(dict, answer);
    });
    return answer;
  }

  LiveFullStatistics full_statistics(const LiveBatch& samples, bool noise, std::uint64_t step, bool frozen_too,
                                     const std::vector<std::string>& keep) override {
    LiveFullStatistics found;
    ask([&] {
      const nb::dict dict = nb::cast<nb::dict>(live_.attr("full_statistics")(
          which(samples.of_training), rows_of(samples), sent(samples.x), "noise"_a = noise, "step"_a = step,
          "frozen_too"_a = frozen_too, "keep"_a = keep));
      each_entry(dict, "layers",
                 [&](const std::string& layer, nb::handle value) { found.layers.emplace(layer, moments_from(value)); });
      if (has_value(dict, "passes")) found.passes = nb::cast<double>(nb::float_(dict["passes"]));
    });
    return found;
  }

  std::map<std::string, double> gradient_norms(const LiveBatch& batch) override {
    std::map<std::string, double> norms;
    ask([&] {
      const nb::object answer = live_.attr("gradient_norms")(which(batch.of_training), rows_of(batch));
      for (const auto& [tensor, value] : nb::cast<nb::dict>(answer))
        norms.emplace(
            nb::cast<std::string>(tensor),
            nb::cast<double>(nb::float_(
                nb::isinstance<nb::float_>(value) ? nb::borrow(value) : nb::object(nb::cast<nb::sequence>(value)[0]))));
    });
    return norms;
  }

  void restore() override {
    work_.ask([&] { live_.attr("restore")(); });
  }

 private:
  /// Ctrl-C ends the work here, between two batches. What failed once fails again.
  template <class F>
  void ask(F&& f) {
    work_.check();
    if (failed_) std::rethrow_exception(failed_);
    try {
      work_.ask(f);
    } catch (...) {
      failed_ = std::current_exception();
      throw;
    }
  }

  static const char* which(bool of_training) { return of_training ? "train" : "data"; }

  static nb::object contiguous(nb::handle array) {
    return nb::module_::import_("numpy").attr("ascontiguousarray")(array);
  }

  static Tensor samples_in(nb::handle array) {
    const Tensor x = tensor_of(contiguous(array), "the samples");
    return x.dtype() == DType::uint8 ? x.clone() : converted(x, DType::float32);
  }

  /// Labels of any whole type, targets of any other.
  static Tensor targets_in(nb::handle array) {
    const Tensor y = tensor_of(contiguous(array), "the labels");
    const bool is_whole = y.dtype() == DType::int32 || y.dtype() == DType::int64 || y.dtype() == DType::uint8;
    return converted(y, is_whole && y.shape().rank() == 1 ? DType::int32 : DType::float32);
  }

  static nb::object rows_of(const LiveBatch& batch) {
    return array_of(Tensor::of<std::int64_t>({std::ssize(batch.rows)}, batch.rows));
  }
  static nb::object sent(const Tensor& values) {
    return values.shape().size() > 0 ? array_of(values.clone()) : nb::none();
  }

  static nb::object source_of(const LiveStatisticsSource& source) {
    switch (source.statistics) {
      case Statistics::batch: return nb::str("batch");
      case Statistics::supplied: return nb::make_tuple(array_from(source.mean), array_from(source.variance));
      default: return nb::str("moving");
    }
  }

  static nb::dict wanted(const LiveWants& wants) {
    nb::dict want;
    if (wants.losses) want["losses"] = true;
    if (wants.outputs) want["outputs"] = true;
    if (!wants.input_moments.empty()) want["input_moments"] = wants.input_moments;
    if (!wants.output_signals.empty()) want["output_signals"] = wants.output_signals;
    if (!wants.input_squares.empty()) want["input_squares"] = wants.input_squares;
    if (wants.input_histograms.empty()) return want;
    nb::dict scales;
    for (const auto& [layer, scale] : wants.input_histograms)
      scales[layer.c_str()] = nb::make_tuple(array_from(scale.mean), array_from(scale.deviation));
    want["input_histograms"] = scales;
    return want;
  }

  static void take(const nb::dict& dict, LiveAnswer& answer) {
    if (has_value(dict, "losses")) answer.losses = numbers_from(dict["losses"], "the losses");
    if (has_value(dict, "correct")) answer.correct = numbers_from(dict["correct"], "what is correct");
    if (has_value(dict, "outputs")) {
      const Tensor outputs = converted(tensor_of(contiguous(dict["outputs"]), "the outputs"), DType::float32);
      answer.outputs.assign(outputs.as<float>().begin(), outputs.as<float>().end());
    }
    each_entry(dict, "input_moments", [&](const std::string& layer, nb::handle value) {
      answer.input_moments.emplace(layer, moments_from(value));
    });
    each_entry(dict, "output_signals", [&](const std::string& layer, nb::handle value) {
      const nb::sequence parts = nb::cast<nb::sequence>(value);
      answer.output_signals.emplace(layer, LiveSignal{.moments = moments_from(value),
                                                      .smallest = numbers_from(parts[3], "the smallest"),
                                                      .largest = numbers_from(parts[4], "the largest")});
    });
    each_entry(dict, "input_squares", [&](const std::string& layer, nb::handle value) {
      answer.input_squares.emplace(layer, numbers_from(value, "the squares"));
    });
    each_entry(dict, "input_histograms", [&](const std::string& layer, nb::handle value) {
      const nb::sequence parts = nb::cast<nb::sequence>(value);
      answer.input_histograms.emplace(layer, LiveHistogram{.counts = numbers_from(parts[0], "the counts"),
                                                           .values = nb::cast<double>(nb::float_(parts[1]))});
    });
  }

  Work& work_;
  nb::handle live_;
  std::exception_ptr failed_;
};

std::string page_of_live(const LiveReport& live) {
  evenkeel::Report page = live_page(live);
  page.provenance = {{"model", live.model.name()},
                     {"framework", live.description.framework},
                     {"version", std::string("Evenkeel ") + kVersion},
                     {"machine", Machine::here().cpu + " (" + Machine::here().features() + ')'},
                     {"samples", std::to_string(live.description.samples)}};
  return html(page);
}

template <class T>
std::optional<T> option_of(const nb::dict& options, const char* name) {
  if (!has_value(options, name)) return {};
  return nb::cast<T>(nb::object(options[name]));
}

std::unique_ptr<Report> diagnose_python(const nb::object& live, const nb::dict& given) {
  const nb::object progress = given.contains("progress") ? nb::object(given["progress"]) : nb::none();
  LiveOptions options{.name = option_of<std::string>(given, "name").value_or(""),
                      .batch_size = option_of<std::int64_t>(given, "batch_size"),
                      .updates = option_of<std::uint64_t>(given, "updates")};
  if (const auto memory = option_of<std::int64_t>(given, "memory")) options.memory_bytes = *memory;
  auto report = std::make_unique<Report>();
  Work::run(nullptr, [&](Work& work) {
    options.progress = [&](const DiagnosisStep& step) {
      const auto percent = step.expected > 0 ? static_cast<std::int64_t>(100 * step.passes / step.expected) : 0;
      show(work, progress, step.what.empty() ? 100 : std::clamp<std::int64_t>(percent, 0, 99), 100,
           "checking " + std::string(step.what));
    };
    PythonNetwork network(work, live);
    auto found = std::make_shared<const LiveReport>(diagnose_live(network, options));
    report->worst = found->diagnosis.worst();
    report->description = found->description;
    report->html = [found] { return page_of_live(*found); };
  });
  return report;
}

}  // namespace

void bind_live(nb::module_& m) {
  m.def("diagnose_live", &diagnose_python, nb::arg("live"), nb::arg("options"),
        "Diagnoses a network that describes itself and runs batches (evenkeel_nn.live), and restores it in every case. "
        "Options: name, batch_size, updates, memory in bytes, progress(done, of, text).");
}

}  // namespace evenkeel::python
