#include "import_text.h"

#include <algorithm>
#include <map>
#include <set>

#include "common.h"

namespace evenkeel::app {
namespace {

std::string lines_titled(const std::string& title, const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += fmt::format("{:<11} {}\n", title, printable(item));
  return text;
}

/// "0.9", or "0.9 and 0.99".
std::string listed_numbers(const std::set<double>& numbers) {
  std::vector<std::string> texts;
  for (const double number : numbers) texts.push_back(fmt::format("{:.6g}", number));
  return join(texts, " and ");
}

}  // namespace

std::string origin_text(const interchange::Record& record) {
  std::string text = record.format + " file";
  if (!record.producer.empty()) text += " of " + record.producer;
  if (!record.version.empty() && !same_name(record.version, record.producer)) text += ", " + record.version;
  return text;
}

std::string import_notes(const interchange::Record& record) {
  return lines_titled("recognised", record.recognised) + lines_titled("lost", record.lost) +
         lines_titled("warning", record.warnings);
}

std::string kept_text(const Model& model) {
  std::set<double> momenta, epsilons, rates;
  std::int64_t normalizations = 0, frozen = 0, noises = 0;
  for (const Model::Node& node : model.nodes()) {
    const LayerTraits traits = node.layer.traits();
    if (traits.normalization && traits.normalization->moving) {
      ++normalizations;
      frozen += traits.normalization->moving->frozen;
      momenta.insert(traits.normalization->moving->momentum);
      epsilons.insert(traits.normalization->epsilon);
    }
    if (traits.noise) ++noises;
    if (traits.noise && traits.noise->rate) rates.insert(*traits.noise->rate);
  }
  std::string text =
      normalizations == 0
          ? "no layer that keeps moving statistics"
          : fmt::format("{} normalization{} with moving statistics, momentum {}, epsilon {}", normalizations,
                        normalizations == 1 ? "" : "s", listed_numbers(momenta), listed_numbers(epsilons));
  if (frozen > 0) text += fmt::format(" ({} frozen)", frozen);
  if (noises > 0) text += fmt::format("; {} layer{} of noise", noises, noises == 1 ? "" : "s");
  if (!rates.empty()) text += ", rate " + listed_numbers(rates);
  return noises == 0 ? text + "; no dropout" : text;
}

}  // namespace evenkeel::app
