#pragma once

#include <string>
#include <vector>

#include "evenkeel/diagnose/repairs/method.h"

namespace evenkeel {

/// All of them, one line each.
const std::vector<RepairMethod>& repair_methods();

/// The name of the method that mends what a finding of this code is about (codes.h); empty where none does, or there is
/// no such code.
std::string method_for(const std::string& code);

/// What `fix` means: a method's name, a finding's code, or "all": the methods that keep the architecture, in the order
/// in which they are to be applied. Throws Error where it is neither (with the nearest known name), or is the code of a
/// finding that no method mends.
std::vector<const RepairMethod*> methods_named(const std::string& fix);

}  // namespace evenkeel
