#include "evenkeel/diagnose/causes/channel_counts.h"

namespace evenkeel {

Finding finding_on(const std::string& code, Severity severity, const std::vector<ChannelCount>& layers,
                   const std::string& say, const std::string& are, const std::string& channels) {
  Finding f{.code = code, .severity = severity, .cause = {}};
  std::int64_t count = 0, of = 0;
  for (const ChannelCount& layer : layers) {
    f.layers.push_back(layer.layer);
    f.evidence.push_back({layer.layer + ": " + channels + " that " + are + ", of " + std::to_string(layer.channels),
                          static_cast<double>(layer.count), "", "0"});
    count += layer.count;
    of += layer.channels;
  }
  f.cause =
      std::to_string(count) + " of " + std::to_string(of) + ' ' + channels + " of " + layers_text(f.layers) + ' ' + say;
  return f;
}

}  // namespace evenkeel
