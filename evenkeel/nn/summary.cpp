#include "evenkeel/nn/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "evenkeel/base/text.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/foreign_layer.h"

namespace evenkeel {
namespace {

/// "2.11 MB", in Keras's units of 1024.
std::string readable_bytes(double bytes) {
  constexpr std::array kUnits = {"B", "KB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return fmt::format("{:.2f} {}", bytes, kUnits[unit]);
}

/// A layer of another framework is called what that calls it.
std::string type_of(const Layer& layer) {
  const ForeignLayer* foreign = layer.as<ForeignLayer>();
  return foreign && !foreign->kind.empty() ? foreign->kind : std::string(layer.type());
}

std::string keras_shape(const Shape& shape) {
  std::string text = "(None";
  for (const std::int64_t size : shape.sizes()) text += fmt::format(", {}", size);
  return text + ')';
}

/// A table in Keras's style: a heading, and rows whose cells may have several lines.
class Table {
 public:
  struct Column {
    std::string title;
    std::size_t width;  ///< the least width; grows with the cells
    bool right_aligned = false;
  };
  using Cell = std::vector<std::string>;  ///< its lines

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  std::size_t width(std::size_t column) const { return columns_[column].width; }
  void widen(std::size_t column, std::size_t width) {
    columns_[column].width = std::max(columns_[column].width, width);
  }

  void add(std::vector<Cell> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      for (const std::string& line : cells[i]) widen(i, characters_in(line));
    rows_.push_back(std::move(cells));
  }

  std::string text() const {
    std::vector<Cell> titles;
    for (const Column& column : columns_) titles.push_back({column.title});
    std::string result = rule("┏", "━", "┳", "┓") + row(titles, "┃") + rule("┡", "━", "╇", "┩");
    for (const auto& cells : rows_) {
      if (&cells != &rows_.front()) result += rule("├", "─", "┼", "┤");
      result += row(cells, "│");
    }
    return result + rule("└", "─", "┴", "┘");
  }

 private:
  std::string rule(std::string_view begin, std::string_view line, std::string_view cross, std::string_view end) const {
    std::string result(begin);
    for (const Column& column : columns_) {
      if (&column != &columns_.front()) result += cross;
      for (std::size_t i = 0; i < column.width + 2; ++i) result += line;
    }
    return result.append(end) + '\n';
  }

  std::string row(const std::vector<Cell>& cells, std::string_view bar) const {
    const std::size_t height = std::ranges::max_element(cells, {}, &Cell::size)->size();
    std::string result;
    for (std::size_t line = 0; line < height; ++line) {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::string text = line < cells[i].size() ? cells[i][line] : std::string();
        const std::string space(columns_[i].width - characters_in(text), ' ');
        result.append(bar).append(" ").append(columns_[i].right_aligned ? space + text : text + space).append(" ");
      }
      result.append(bar).append("\n");
    }
    return result;
  }

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

Table empty_table(bool is_chain) {
  // Keras's widths in a terminal of 80 columns.
  if (is_chain) return Table({{"Layer (type)", 31}, {"Output Shape", 22}, {"Param #", 13, true}});
  return Table({{"Layer (type)", 19}, {"Output Shape", 17}, {"Param #", 10, true}, {"Connected to", 17}});
}

Table::Cell connections(const LayerSummary& layer) {
  Table::Cell lines;
  for (const std::string& name : layer.connected_to) lines.push_back(name + "[0][0]");
  return lines.empty() ? Table::Cell{"-"} : lines;
}

}  // namespace

ModelSummary summarize(const Model& model) {
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  ModelSummary summary{.name = model.name()};
  bool has_input_layer = false;
  for (int i = 0; i < model.layers(); ++i) {
    const auto& [layer, inputs] = model.nodes()[static_cast<std::size_t>(i)];
    const bool is_input = layer.traits().is_input;
    LayerSummary row{.name = layer.name(),
                     .type = is_input ? std::string(kInputType) : type_of(layer),
                     .output_shape = compiled.layer_outputs[static_cast<std::size_t>(i)],
                     .is_input = is_input};
    for (const int from : inputs)
      if (!is_input) row.connected_to.push_back(model.name_of(from));
    summary.is_chain = summary.is_chain && inputs == std::vector<int>{i - 1};
    has_input_layer = has_input_layer || is_input;
    summary.layers.push_back(std::move(row));
  }
  for (const WeightInfo& weight : compiled.weights) {
    summary.layers[static_cast<std::size_t>(weight.layer)].parameters += weight.shape.size();
    (weight.trainable ? summary.trainable : summary.non_trainable) += weight.shape.size();
  }
  summary.total = summary.trainable + summary.non_trainable;
  std::vector<LayerSummary> inputs;
  if (!summary.is_chain && !has_input_layer)
    for (const auto& [name, shape] : model.inputs())
      inputs.push_back({.name = name, .type = std::string(kInputType), .output_shape = shape, .is_input = true});
  summary.layers.insert(summary.layers.begin(), inputs.begin(), inputs.end());
  for (const int output : model.outputs()) summary.outputs.push_back(model.name_of(output));
  return summary;
}

std::string to_string(const ModelSummary& summary) {
  Table table = empty_table(summary.is_chain);
  for (const LayerSummary& layer : summary.layers)
    table.widen(0, std::max(characters_in(layer.name), characters_in(layer.type) + 2));
  for (const LayerSummary& layer : summary.layers) {
    const std::string type = '(' + layer.type + ')';
    const std::string both = layer.name + ' ' + type;
    const bool fits = characters_in(both) <= table.width(0);
    std::vector<Table::Cell> cells = {fits ? Table::Cell{both} : Table::Cell{layer.name, type},
                                      {keras_shape(layer.output_shape)},
                                      {with_commas(layer.parameters)}};
    if (!summary.is_chain) cells.push_back(connections(layer));
    table.add(std::move(cells));
  }
  const auto count = [](std::string_view what, std::int64_t n) {
    return fmt::format(" {}: {} ({})\n", what, with_commas(n), readable_bytes(static_cast<double>(n) * sizeof(float)));
  };
  const bool is_last = summary.outputs.size() == 1 && summary.outputs[0] == summary.layers.back().name;
  return fmt::format("Model: \"{}\"\n", summary.name) + table.text() + count("Total params", summary.total) +
         count("Trainable params", summary.trainable) + count("Non-trainable params", summary.non_trainable) +
         (is_last ? std::string() : " Outputs: " + join(summary.outputs) + '\n');
}

std::string summary(const Model& model) { return to_string(summarize(model)); }

}  // namespace evenkeel
