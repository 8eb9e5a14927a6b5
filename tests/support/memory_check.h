#pragma once

#include <gtest/gtest.h>

#include "evenkeel/program/program.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// Whether no two values of the arena are in the same memory at the same time. Only an output may lie where an input of
/// its own line lies, exactly, if that line is the input's last and its op says that it can work in place. Every value
/// is compared with every other.
testing::AssertionResult memory_is_sound(const Program& program);

}  // namespace evenkeel
