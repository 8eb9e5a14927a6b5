#pragma once

#include <cstddef>
#include <string>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/measure/live_network.h"
#include "evenkeel/diagnose/measure/normalizations.h"

// What a live network answers is checked where it enters, because it may be anyone's code.

namespace evenkeel {

/// Throws Error unless the answer has as many numbers.
inline void require_numbers(const std::string& what, std::size_t expected, std::size_t received) {
  if (expected != received)
    throw Error{{.where = "the network's answer: " + what,
                 .expected = std::to_string(expected) + " numbers",
                 .received = std::to_string(received)}};
}

/// The answer for a layer. Throws Error where there is none.
template <class Map>
const typename Map::mapped_type& answer_of(const Map& answers, const std::string& layer, const char* what) {
  const auto found = answers.find(layer);
  if (found == answers.end())
    throw Error{
        {.where = "the network's answer", .expected = std::string(what) + " of \"" + layer + '"', .received = "none"}};
  return found->second;
}

/// As biased statistics of a layer.
LayerStatistics biased_statistics(const std::string& layer, LiveMoments moments);

}  // namespace evenkeel
