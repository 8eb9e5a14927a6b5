#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "evenkeel/config/settings.h"
#include "evenkeel/train/callback.h"

// The callbacks that settings can ask for; the list is in callbacks.cpp. Each has an options struct `Options`, whose
// fields are described by their keys in a [training] table, and `kSetting`, the key that turns it on. The callback's
// other keys need that key; those that several callbacks share need that of one of them.

namespace evenkeel {

/// Adds the keys of all callbacks.
void describe_callbacks(SettingKeys& keys);

/// What callbacks that settings ask for need to know about the run.
struct CallbackContext {
  bool has_validation = false;
  std::filesystem::path best = {};                   ///< file for the best weights, if they are to be kept
  std::map<std::string, std::string> metadata = {};  ///< metadata of that file
};

/// The callbacks that the settings ask for. Throws Error if a setting needs another one that is missing, or validation
/// data.
std::vector<Callback> callbacks_of(const Settings& settings, const CallbackContext& context);

/// Whether one of them judges epochs: a run that ends within its first epoch gives it nothing to judge.
bool judge_epochs(const Settings& settings);

}  // namespace evenkeel
