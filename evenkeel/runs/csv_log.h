#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "evenkeel/train/callback.h"

namespace evenkeel {

/// A callback that writes a line per epoch to a CSV file:
/// epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s. A figure that does not exist
/// leaves its cell empty.
class CsvLog {
 public:
  using Warn = std::function<void(const std::string&)>;

  /// `warn` is called, once, if a line could not be written (a full disk). Training goes on, and the line is written
  /// with the next epoch's.
  explicit CsvLog(std::filesystem::path path, Warn warn = {});
  /// Replaces the file atomically: in a resumed run it begins with the epochs up to the checkpoint. Throws Error if it
  /// cannot be written; then the old file stays.
  void on_begin(const FitBegin& begin);
  void on_epoch(const EpochRecord& record);
  void on_partial_epoch(const EpochRecord& record) { on_epoch(record); }  ///< a resumed run replaces its line

 private:
  struct File;
  std::shared_ptr<File> file_;
};

}  // namespace evenkeel
