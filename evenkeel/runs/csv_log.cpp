#include "evenkeel/runs/csv_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/number.h"
#include "evenkeel/formats/file.h"

namespace evenkeel {
namespace {

std::string line_of(const EpochRecord& r) {
  const auto number = [](const std::optional<double>& v) {
    return v ? fmt::format("{:.9g}", Number{*v}) : std::string();
  };
  const auto validation = r.validation.value_or(Metrics{});
  return fmt::format("{},{},{:.9g},{},{},{},{:.9g},{:.3f},{:.1f}\n", r.epoch, r.step, Number{r.train.loss},
                     number(r.train.accuracy), number(r.validation ? std::optional(validation.loss) : std::nullopt),
                     number(validation.accuracy), r.learning_rate, r.seconds, r.images_per_s);
}

}  // namespace

struct CsvLog::File {
  File(std::filesystem::path p, Warn w) : path(std::move(p)), warn(std::move(w)) {}

  void replace(const std::string& text) {
    formats::write_file_atomically(path, text);
    stream = formats::Descriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!stream.is_open()) throw formats::unwritten(path.string(), errno);
    whole = static_cast<off_t>(text.size());
  }

  /// A line goes to the system at the end of its epoch, so an interrupted run keeps all lines.
  void append(const std::string& line) {
    waiting += line;
    try {
      formats::write_all(stream, formats::view_of(waiting), path.string());
      whole += static_cast<off_t>(waiting.size());
      waiting.clear();
    } catch (const Error& error) {
      // No part of a line may stay.
      static_cast<void>(ftruncate(stream.number(), whole));
      if (warn && !std::exchange(warned, true)) warn(fmt::format("metrics are not written: {}", error.what()));
    }
  }

  std::filesystem::path path;
  Warn warn;
  formats::Descriptor stream;
  off_t whole = 0;      ///< the bytes of whole lines in the file
  std::string waiting;  ///< lines that are not in it
  bool warned = false;
};

CsvLog::CsvLog(std::filesystem::path path, Warn warn)
    : file_(std::make_shared<File>(std::move(path), std::move(warn))) {}

void CsvLog::on_begin(const FitBegin& begin) {
  std::string text = "epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s\n";
  for (const EpochRecord& record : begin.history->epochs) text += line_of(record);
  file_->replace(text);
}

void CsvLog::on_epoch(const EpochRecord& record) { file_->append(line_of(record)); }

}  // namespace evenkeel
