#include "evenkeel/runs/run_record.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  folder.write("metrics.csv", fuzz::bytes_of(data, size));
  RunRecord record;
  if (!fuzz::accepts([&] { record = read_run_record(folder.path()); })) return 0;
  fuzz::require(record.metrics.names.size() == record.metrics.columns.size());
  for (const auto& column : record.metrics.columns) fuzz::require(column.size() == record.metrics.rows());
  return 0;
}
