#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"

// What rules about moving statistics share.

namespace evenkeel {

/// Whether one of these findings explains why a layer's statistics do not fit. A wrong axis explains everything.
bool explains_statistics(const std::vector<Finding>& findings, const Model& model, const std::string& layer);

/// Lists a finding under another one, as information: there is nothing more to be repaired.
void make_consequence(Finding& finding, const std::string& of_code);

/// Findings of these codes that name only layers of this finding are listed under it, as information.
void subsume(std::vector<Finding>& findings, const Finding& by, std::initializer_list<std::string_view> codes);

/// Whether unusual samples have spoiled the statistics; then the other samples look as if they were prepared
/// differently.
bool are_spoiled(const std::vector<Finding>& findings);

/// Whether a layer's statistics are far from those of the data.
bool are_far(const StatisticsGap& gap);
/// Whether they are far both with noise and without it, so that no noise before the layer explains it.
bool are_far_in_both_modes(Evidence& evidence, std::size_t normalization);

Fact distance_fact(const StatisticsGap& gap);

/// Sets the finding's cost, that of moving statistics in its layers, and its severity: an error if they are far and the
/// cost matters, a warning if they are only far.
void weigh(Evidence& evidence, Finding& finding, bool far);

}  // namespace evenkeel
