#pragma once

#include <filesystem>
#include <memory>

#include "evenkeel/train/history.h"

namespace evenkeel {

/// A callback that writes a line per epoch to a CSV file:
/// epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s; empty where there is no number.
class CsvLog {
 public:
  /// Replaces the file. Throws Error where it cannot be written.
  explicit CsvLog(const std::filesystem::path& path);
  void on_epoch(const EpochRecord& record);

 private:
  struct File;
  std::shared_ptr<File> file_;
};

}  // namespace evenkeel
