#pragma once

#include <cstdio>
#include <string>

#include "evenkeel/report/doctor/text.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::app {

bool is_terminal(std::FILE* stream);
/// Characters in a line; 80 where the stream is no terminal.
int terminal_columns(std::FILE* stream);
/// What a terminal can show: its colours and the width of its lines. No colours if the environment has NO_COLOR
/// (no-color.org) or the terminal has none.
TerminalStyle terminal_style(std::FILE* stream);
/// Characters that a terminal can colour; any knows 256 colours, some say that they know 24 bits.
enum class Colours { palette, all };
Colours terminal_colours();

/// An image, uint8 [height, width, 1 or 3], as half blocks of at most `columns` characters a line, two pixels above
/// each other to a character. Larger images are shrunk, each pixel the mean of those it stands for.
std::string drawn(TensorView image, int columns, Colours colours);

}  // namespace evenkeel::app
