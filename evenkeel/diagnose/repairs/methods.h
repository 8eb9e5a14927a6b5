#pragma once

#include <string>
#include <vector>

#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {

/// All methods.
const std::vector<RepairMethod>& repair_methods();

/// The name of the method that repairs findings of this code (codes.h); empty if none does, or the code does not exist.
std::string method_for(const std::string& code);

/// What `fix` means: a method's name, a finding's code, or "all": the methods that keep the architecture, in the order
/// in which they are applied. Throws Error if it is none of these (with the nearest known name), or is the code of a
/// finding that no method repairs.
std::vector<const RepairMethod*> methods_named(const std::string& fix);

}  // namespace evenkeel
