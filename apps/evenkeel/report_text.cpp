#include "report_text.h"

#include <utility>
#include <variant>
#include <vector>

#include "evenkeel/report/writers/text_table.h"

namespace evenkeel::app {

std::string without_backquotes(std::string text) {
  std::erase(text, '`');
  return text;
}

std::string table_of(const Report& report, const std::string& title) {
  for (const Section& section : report.sections)
    for (const Part& part : section.parts) {
      const auto* found = std::get_if<PageTable>(&part);
      if (!found || (!title.empty() && found->title != title)) continue;
      TextTable table(found->columns);
      for (std::vector<std::string> row : found->rows) {
        for (std::string& cell : row) cell = without_backquotes(std::move(cell));
        table.row(std::move(row));
      }
      return table.text();
    }
  return {};
}

}  // namespace evenkeel::app
