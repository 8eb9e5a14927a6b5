#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenkeel/diagnose/measure/sample_scores.h"

namespace evenkeel {

/// info: good to know; warning: something is not as it should be; error: it also costs loss, or must fail.
enum class Severity { info, warning, error };
std::string_view name_of(Severity severity);

/// How often a finding is right that says so, measured over the doctor's table (docs/doctor/table.md): "sure" at least
/// 0.98 of the time, "likely" 0.85, "possible" 0.5.
enum class Confidence { possible, likely, sure };
std::string_view name_of(Confidence confidence);

/// How far a finding is to be believed.
struct Certainty {
  Confidence level = Confidence::sure;
  std::string why;                         ///< what it rests on: "tried, and the loss falls by ..."
  std::vector<std::string> excluded = {};  ///< other explanations that were tried, and why they are none
  std::vector<std::string> unseen = {};    ///< what could also explain it and cannot be seen from here

  static Certainty sure(std::string why) { return {Confidence::sure, std::move(why)}; }
  static Certainty likely(std::string why) { return {Confidence::likely, std::move(why)}; }
  static Certainty possible(std::string why) { return {Confidence::possible, std::move(why)}; }
};
/// "sure: bit for bit".
std::string certainty_text(const Certainty& certainty);

/// A number that a finding rests on, and what it should be.
struct Fact {
  std::string what;  ///< "distance of the moving statistics"
  double value = 0;
  std::string unit = {};      ///< "nats"
  std::string expected = {};  ///< "below 0.05"
};

/// What to do, with the numbers that were found. An empty part means the code's own text (codes.h).
struct Remedy {
  std::string advice = {};               ///< sentences
  std::string keras = {}, pytorch = {};  ///< the advice as code
};

/// What the repair of a finding would gain, measured on the sample.
struct RepairOutlook {
  Estimate loss, loss_after;
  std::optional<Estimate> accuracy = {}, accuracy_after = {};
  std::string how = {};      ///< how it was measured: "with statistics of all data"
  std::string why_not = {};  ///< why the gain is not promised, as a clause; empty: it is promised
};

/// What the doctor found: a cause, where, and how it knows.
struct Finding {
  std::string code;  ///< of the table in codes.h
  Severity severity = Severity::info;
  std::vector<std::string> layers = {};  ///< exact names in graph order; empty: the network as a whole
  std::string cause;                     ///< one sentence
  std::vector<Fact> evidence = {};
  Certainty certainty = {};
  std::optional<Cost> cost = {};              ///< what it costs, measured; nothing where that cannot be separated
  std::optional<RepairOutlook> outlook = {};  ///< nothing if no repair is known, or the finding follows from another
  /// The code of the finding that explains this one: it goes with that, and nothing is to be repaired here.
  std::string consequence_of = {};
  Remedy remedy = {};
};

/// For sentences: "0.0412", "1.2e-06".
std::string figure(double value, int digits = 3);

/// "0.412 +- 0.02", "+0.412 +- 0.02", "loss +0.0412 +- 0.002, accuracy -0.11 +- 0.01", with standard errors.
std::string estimate_text(const Estimate& estimate, std::string_view plus_minus = "+-");
std::string difference_text(const Estimate& difference, std::string_view plus_minus = "+-");
std::string cost_text(const Cost& cost, std::string_view plus_minus = "+-");
/// "loss 2.16 -> 1.69, accuracy 0.267 -> 0.495 with statistics of all data".
std::string outlook_text(const RepairOutlook& outlook);

/// "conv2d", "conv2d and dense", "conv2d and 3 more": for sentences.
std::string layers_text(const std::vector<std::string>& layers);

}  // namespace evenkeel
