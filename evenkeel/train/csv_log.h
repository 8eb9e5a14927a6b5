#pragma once

#include <filesystem>
#include <memory>

#include "evenkeel/train/callback.h"

namespace evenkeel {

/// A callback that writes a line per epoch to a CSV file:
/// epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s; empty where there is no number.
class CsvLog {
 public:
  /// Throws Error where the file cannot be written.
  explicit CsvLog(const std::filesystem::path& path);
  /// Replaces the file: a resumed run begins with the epochs up to its checkpoint.
  void on_begin(const FitBegin& begin);
  void on_epoch(const EpochRecord& record);

 private:
  struct File;
  std::shared_ptr<File> file_;
};

}  // namespace evenkeel
