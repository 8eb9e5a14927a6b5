#pragma once

#include <vector>

#include "evenkeel/diagnose/expectation_ways.h"

namespace evenkeel {

/// What else is done differently when a network is converted from one framework to another: preprocessing inside the
/// model that the other one does not have; `same` padding where this network pads both ends alike; pixels of resizing
/// layers that are found in another way.
std::vector<OtherWay> conversion_ways(Network& network);

}  // namespace evenkeel
