#pragma once

#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/keras/file.h"

namespace evenkeel::interchange::keras {

/// The settings of compile(): loss and optimizer, in `imported.file.training`; and the optimizer's state in
/// `imported.slots`. `trainable` are our tensors that it updates, in Keras's order. What we lack becomes a warning.
void add_training(const File& file, const std::vector<WeightInfo>& trainable, Imported& imported);

}  // namespace evenkeel::interchange::keras
