#pragma once

#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/keras/file.h"

namespace evenkeel::interchange::keras {

/// import_keras of a file in memory.
Imported imported_from(const File& file, const ImportOptions& options = {});

}  // namespace evenkeel::interchange::keras
