#include "report_file.h"

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/report/writers/html.h"
#include "evenkeel/report/writers/page_json.h"

namespace evenkeel::app {
namespace {

std::string written(const Report& report, const std::filesystem::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".html" || ending == ".htm") return html(report);
  if (ending == ".json") return report_json(report);
  if (ending == ".csv") return report_csv(report);
  throw Error{{.where = "--out", .expected = "a file that ends in .html, .json or .csv", .received = file.string()}};
}

}  // namespace

void write_report(const std::filesystem::path& file, const Report& report) {
  formats::write_file_atomically(file, written(report, file));
}

}  // namespace evenkeel::app
