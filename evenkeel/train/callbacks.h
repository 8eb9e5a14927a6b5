#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "evenkeel/config/settings.h"
#include "evenkeel/train/callback.h"

// The callbacks that settings can ask for; the list is in callbacks.cpp. Each has an options struct `Options`, whose
// fields are described by their keys in a [training] table, and `kSetting`, the key that asks for it. The other keys
// need that one, but those that several callbacks share.

namespace evenkeel {

/// Adds their keys.
void describe_callbacks(SettingKeys& keys);

/// What a callback that settings ask for must know of the run.
struct CallbackContext {
  bool has_validation = false;
  std::filesystem::path best = {};                   ///< where the best weights go, if they are to be kept
  std::map<std::string, std::string> metadata = {};  ///< of that file
};

/// Those that the settings ask for. Throws Error where a setting needs another one that is not there, or validation
/// data.
std::vector<Callback> callbacks_of(const Settings& settings, const CallbackContext& context);

}  // namespace evenkeel
