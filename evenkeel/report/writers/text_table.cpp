#include "evenkeel/report/writers/text_table.h"

#include <algorithm>
#include <cstddef>

#include "evenkeel/base/text.h"

namespace evenkeel {
TextTable::TextTable(std::vector<std::string> titles) {
  for (std::string& title : titles) {
    to_the_right_.push_back(title.starts_with('>'));
    if (to_the_right_.back()) title.erase(0, 1);
  }
  rows_.push_back(std::move(titles));
}

void TextTable::row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths(to_the_right_.size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters_in(row[i]));
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - characters_in(row[i]), ' ');
      if (i > 0) line += "  ";
      line += to_the_right_[i] ? blanks + row[i] : row[i] + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace evenkeel
