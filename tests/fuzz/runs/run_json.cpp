#include "evenkeel/runs/open_model.h"
#include "evenkeel/runs/run_record.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  folder.write("run.json", fuzz::bytes_of(data, size));
  RecordedRun run;
  const bool whole = fuzz::accepts([&] { run = read_run(folder.path()); });
  RunRecord record;
  fuzz::require(fuzz::accepts([&] { record = read_run_record(folder.path()); }) == whole);
  if (whole) read_as(run.description);
  return 0;
}
