#pragma once

#include <string>
#include <vector>

#include "evenkeel/diagnose/finding.h"

namespace evenkeel {

/// In many healthy networks a part of a layer is dead or constant; from this share on it matters.
inline constexpr double kManyChannels = 0.25;

/// For how many channels of a layer something is true.
struct ChannelCount {
  std::string layer;
  std::int64_t count = 0, channels = 0;
  bool are_many() const { return static_cast<double>(count) >= kManyChannels * static_cast<double>(channels); }
};

/// One finding on all of these layers: "3 of 24 channels of a and b <say>", with a fact for each, "<layer>: channels
/// that <are>, of 12". `channels`: what they are called.
Finding finding_on(const std::string& code, Severity severity, const std::vector<ChannelCount>& layers,
                   const std::string& say, const std::string& are, const std::string& channels = "channels");

}  // namespace evenkeel
