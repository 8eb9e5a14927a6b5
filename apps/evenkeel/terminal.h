#pragma once

#include <cstdio>
#include <string>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel::app {

bool is_terminal(std::FILE* stream);
/// Characters in a line; 80 where the stream is no terminal.
int terminal_columns(std::FILE* stream);
/// Whether the terminal says that it knows 24-bit colours.
bool has_true_colour(std::FILE* stream);

/// An image, uint8 [height, width, 1 or 3], as text of at most `columns` characters a line, two pixels above each
/// other to a character: half blocks in 24-bit colour, or plain characters from dark to bright. Larger images are
/// shrunk, each pixel the mean of those it stands for.
std::string drawn(TensorView image, int columns, bool colour);

}  // namespace evenkeel::app
