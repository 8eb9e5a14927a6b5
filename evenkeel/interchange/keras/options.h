#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/interchange/keras/translate.h"
#include "evenkeel/nn/registry.h"

// How single options of Keras's configs become ours.

namespace evenkeel::interchange::keras {

/// A number, list or text as a field takes it; nothing for another kind. None in a list is -1.
std::optional<FieldValue> field_from(const Json& json);
/// The number of a key, or of the second if it has that name in another version; `otherwise` where there is none.
double number_of(const Json& config, const char* key, const char* other, double otherwise, const std::string& where);
/// All numbers in a value, however they are nested.
std::vector<double> numbers_of(const Json& value, const std::string& where);
/// A list of whole numbers, or one.
std::vector<std::int64_t> wholes_of(const Json& value, const std::string& where);

/// The text of an activation in model files; nothing for Keras 2's hard_sigmoid, which is two layers of ours.
std::optional<std::string> activation_from(const Json& value, const Usage& usage, const std::string& where);
/// The text of an initializer; nothing for one that we lack. The weights of a file are given anyway.
std::optional<std::string> initializer_from(const Json& value);
/// The text of a penalty; nothing where it is none of ours, and then a warning.
std::optional<std::string> regularizer_from(const Json& value, const std::string& key,
                                            std::vector<std::string>& warnings);

/// The fields of our layer that the config has by the same names, and warnings for what it has besides.
using FieldList = std::vector<std::pair<std::string, FieldValue>>;
FieldList fields_from(const LayerType& type, const Node& node, const Usage& usage, Translated& result,
                      const std::string& where);
/// Sets a field, which may be in the list.
void set(FieldList& fields, const std::string& name, FieldValue value);

}  // namespace evenkeel::interchange::keras
