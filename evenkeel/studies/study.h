#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/sample.h"
#include "evenkeel/data/dataset.h"
#include "evenkeel/diagnose/finding.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/report/page/page.h"

// The parts of every study. A study declares its variants, trains one of them with one seed, and says what the results
// mean; run_study.h does the rest.

namespace evenkeel {

class StudyContext;
struct StudyTraining;

/// A measured curve over the updates.
struct Series {
  std::string name;  ///< "test_accuracy"
  std::vector<double> x, y;
};

/// A figure of each layer.
struct Profile {
  std::string name;  ///< "dead_units"
  std::vector<std::string> layers;
  std::vector<double> values;
};

/// Measured numbers by name: "test_accuracy".
using Figures = std::map<std::string, double>;

/// One variant trained once.
struct StudyRun {
  std::uint64_t seed = 0;
  std::int64_t steps = 0;
  double seconds = 0;  ///< of training steps, without evaluation
  double images_per_s = 0;
  Figures figures = {};  ///< a figure that was not reached is absent
  /// The same figures in evaluation with statistics re-estimated from training data: if the doctor finds that the
  /// moving ones do not fit, or if the study always measures both.
  Figures reestimated = {};
  std::vector<Finding> findings = {};  ///< of the doctor's cheap rules, without their evidence
  std::vector<Series> series = {};
  std::vector<Profile> profiles = {};

  /// The series of this name; it is added if there is none.
  Series& curve(const std::string& name);
  const Series* find_curve(const std::string& name) const;
  const Profile* find_profile(const std::string& name) const;
  std::optional<double> figure(const std::string& name) const;
  /// The figure with re-estimated statistics, or the plain one if that was not measured.
  std::optional<double> reestimated_figure(const std::string& name) const;
};

struct StudyVariant {
  std::string name;         ///< "batch_norm"; in a sweep "batch_norm@learning_rate=0.01"
  std::string description;  ///< one line
  Model model;
  std::map<std::string, double> settings = {};  ///< what the sweep changed
  std::int64_t parameters = 0, trainable_parameters = 0;
  std::vector<StudyRun> runs = {};  ///< by seed

  /// The sweep's value of a setting, else `otherwise`.
  double setting(const std::string& key, double otherwise) const;
  /// A figure of every run that has it, in the order of the seeds.
  std::vector<double> values(const std::string& figure) const;
  /// The same with re-estimated statistics, or the plain figure of runs without it. Empty if no run has it.
  std::vector<double> reestimated(const std::string& figure) const;
  /// The mean of such values. Nothing unless every run has a finite value: the mean of the others would be biased.
  std::optional<double> mean(const std::vector<double>& values) const;
  std::optional<double> mean(const std::string& figure) const { return mean(values(figure)); }
};

/// Makes a variant and counts its model's parameters.
StudyVariant make_variant(std::string name, std::string description, Model model);

/// A figure that tables show, in the order of the final table.
struct StudyFigure {
  std::string key, title;
  int decimals = 4;
};

/// The one comparison a study declares before it runs.
struct StudyComparison {
  std::string figure;         ///< "test_accuracy"
  std::string first, second;  ///< variants: second minus first is compared
  double margin = 0.005;      ///< a smaller difference does not matter
};

/// A result of the original notebook, or of an independent run of it: a range, or one number twice.
struct PublishedRange {
  std::string variant, figure;
  double low = 0, high = 0;
  std::string source = "published";
};

/// What is known about a study before it runs.
struct StudyInfo {
  std::string name;  ///< "depth"
  std::string question;
  std::vector<std::string> datasets;  ///< the first of these that is on the disk is used; the first of all is
                                      ///< that of the publication, the last is drawn by the program
  std::vector<std::string> sweeps;    ///< what `--sweep` can vary
  bool has_rounds = false;            ///< whether StudySettings::rounds applies
  std::vector<StudyFigure> figures;
  std::optional<StudyComparison> comparison = {};
  std::vector<PublishedRange> published = {};
  std::string quick;                      ///< what --quick reduces besides the rounds
  bool quick_is_comparable = false;       ///< published results may be compared with a quick study too
  std::vector<std::string> subject = {};  ///< codes of findings that the study is about; its answer covers them
};

struct StudySweep {
  std::string name;  ///< one of StudyInfo::sweeps
  std::vector<double> values;
};

struct StudySettings {
  bool quick = false;
  std::optional<StudySweep> sweep = {};
  std::optional<std::int64_t> rounds = {};  ///< of training between evaluations, if the study has rounds
};

/// Training and test split as published.
struct StudyData {
  Dataset train, test;
};

/// The result of a study.
struct StudyResult {
  std::string study;
  StudySettings settings = {};
  std::string data = {}, data_fingerprint = {};
  std::int64_t batch_size = 0;
  int threads = 0;
  std::string precision = "float32";
  std::vector<std::string> command = {};
  std::string started = {}, version = {}, machine = {};
  std::vector<StudyVariant> variants = {};

  const StudyVariant* find(const std::string& variant) const;
};

/// A study with its settings and data.
class Study {
 public:
  virtual ~Study() = default;
  virtual const StudyInfo& info() const = 0;
  virtual std::int64_t batch_size() const = 0;
  /// The variants, without runs.
  virtual std::vector<StudyVariant> variants() const = 0;
  /// How a variant is trained, without what is measured during training.
  virtual StudyTraining training(const StudyVariant& variant) const = 0;
  /// "3 rounds instead of 30"; empty if there are as many as published, or no rounds.
  virtual std::string other_rounds() const { return {}; }
  /// Trains a variant with the context's seed; nothing if it was stopped.
  virtual std::optional<StudyRun> run(const StudyVariant& variant, StudyContext& context) const = 0;
  /// One sentence with the outcome, derived from the results.
  virtual std::string answer(const StudyResult& result) const = 0;
  /// Adds the sections that only this study has, with their explanations.
  virtual void explain(const StudyResult& result, Report& report) const = 0;
};

/// "depth", "placement", "speedup", "dropout", "variance-shift"
std::vector<std::string> study_names();
/// A study's info. Throws Error, which lists the known names, for an unknown study.
const StudyInfo& study_info(const std::string& name);
/// Makes a study. Throws Error for an unknown study, a sweep it does not have, values that are out of range, not above
/// zero or given twice, or data that do not fit. A study made without data can only explain results.
std::unique_ptr<Study> make_study(const std::string& name, const StudySettings& settings, const StudyData& data = {});

/// The folder of a run: "batch_norm-seed0".
std::string run_folder_name(const std::string& variant, std::uint64_t seed);

}  // namespace evenkeel
