#include "evenkeel/train/csv_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "evenkeel/base/error.h"

namespace evenkeel {

struct CsvLog::File {
  explicit File(const std::filesystem::path& p) : path(p), stream(std::fopen(p.c_str(), "a"), &std::fclose) {
    if (!stream) fail();
  }
  void clear() {
    if (ftruncate(fileno(stream.get()), 0) != 0) fail();
  }
  void write(const std::string& line) {
    // A line is on disk when its epoch is over: an interrupted run keeps them all.
    if (std::fputs(line.c_str(), stream.get()) < 0 || std::fflush(stream.get()) != 0) fail();
  }
  [[noreturn]] void fail() const {
    throw Error{{.where = path.string(), .expected = "a file that can be written", .received = std::strerror(errno)}};
  }
  std::filesystem::path path;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream;
};

CsvLog::CsvLog(const std::filesystem::path& path) : file_(std::make_shared<File>(path)) {}

void CsvLog::on_begin(const FitBegin& begin) {
  file_->clear();
  file_->write("epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,images_per_s\n");
  for (const EpochRecord& record : begin.history->epochs) on_epoch(record);
}

void CsvLog::on_epoch(const EpochRecord& r) {
  const auto number = [](const std::optional<double>& v) { return v ? fmt::format("{:.9g}", *v) : std::string(); };
  const auto validation = r.validation.value_or(Metrics{});
  file_->write(fmt::format("{},{},{:.9g},{},{},{},{:.9g},{:.3f},{:.1f}\n", r.epoch, r.step, r.train.loss,
                           number(r.train.accuracy),
                           number(r.validation ? std::optional(validation.loss) : std::nullopt),
                           number(validation.accuracy), r.learning_rate, r.seconds, r.images_per_s));
}

}  // namespace evenkeel
