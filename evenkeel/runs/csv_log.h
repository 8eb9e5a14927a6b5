#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "evenkeel/train/callback.h"

namespace evenkeel {

/// A callback that writes a line per epoch to a CSV file:
/// epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s; empty where there is no number.
class CsvLog {
 public:
  using Warn = std::function<void(const std::string&)>;

  /// `warn` is told, once, where a line could not be written (a full disk). Training goes on; the line waits for the
  /// next epoch's.
  explicit CsvLog(std::filesystem::path path, Warn warn = {});
  /// Replaces the file, at once and as a whole: a resumed run begins with the epochs up to its checkpoint. Throws Error
  /// where it cannot be written; then the old one stays.
  void on_begin(const FitBegin& begin);
  void on_epoch(const EpochRecord& record);
  void on_partial_epoch(const EpochRecord& record) { on_epoch(record); }  ///< a resumed run replaces its line

 private:
  struct File;
  std::shared_ptr<File> file_;
};

}  // namespace evenkeel
