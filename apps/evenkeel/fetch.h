#pragma once

#include <string>
#include <vector>

#include "common.h"
#include "evenkeel/data/fetch/published.h"

namespace evenkeel::app {

// A set's published files and what is known of each, for machines and for people. Nothing for an empty list.
Json json_of(const std::vector<FileReport>& files);
std::string text_of(const std::vector<FileReport>& files);

}  // namespace evenkeel::app
