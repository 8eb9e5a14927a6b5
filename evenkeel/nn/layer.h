#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/config/fields.h"
#include "evenkeel/nn/layer_builder.h"
#include "evenkeel/nn/layer_traits.h"

namespace evenkeel {

/// A layer's options: an aggregate with the name of its type (kType), a layer name, a description of its fields, and
/// functions `traits` and `build` beside it.
template <class T>
concept LayerOptions = requires(T options, Fields<T>& fields) {
  { T::kType } -> std::convertible_to<std::string_view>;
  { options.name } -> std::same_as<std::string&>;
  T::describe(fields);
  { traits(options) } -> std::same_as<LayerTraits>;
};

namespace detail {

template <class T>
LayerTraits traits_of(const T& options) {
  return traits(options);
}

/// Calls the layer's `build`. That of a layer with one input takes a Value; that of a merging layer takes a span.
template <class T>
Value build_layer(const T& options, LayerBuilder& builder, std::span<const Value> inputs) {
  if constexpr (requires { build(options, builder, inputs); }) {
    return build(options, builder, inputs);
  } else {
    if (inputs.size() != 1) throw Error{{.expected = "one input", .received = std::to_string(inputs.size())}};
    return build(options, builder, inputs[0]);
  }
}

}  // namespace detail

/// A layer as data: holds the options struct of any layer. A value, cheap to copy.
class Layer {
 public:
  template <LayerOptions T>
  Layer(T options)  // NOLINT(google-explicit-constructor): model.add(Conv2D{...})
      : self_(std::make_shared<Holder<T>>(std::move(options))) {}

  std::string_view type() const { return self_->type(); }  ///< "Conv2D"
  const std::string& name() const { return self_->name(); }
  /// The same under another name.
  Layer named(std::string name) const { return Layer(self_->renamed(std::move(name))); }
  /// The same with another value in one of its fields. Throws Error where the value does not fit.
  Layer with(std::string_view field, const FieldValue& value) const { return Layer(self_->with(field, value)); }
  /// All fields except the name (with only_changed, those that differ from the default), as model files write them.
  std::vector<std::pair<std::string, FieldValue>> settings(bool only_changed) const {
    return self_->settings(only_changed);
  }
  bool trainable() const { return self_->trainable(); }
  /// What the layer is, for code that does not know its type.
  LayerTraits traits() const { return self_->traits(); }
  /// Emits the layer's ops. Throws Error where the inputs do not fit, or options are out of range.
  Value build(LayerBuilder& builder, std::span<const Value> inputs) const { return self_->build(builder, inputs); }
  /// The options, if they are a T.
  template <LayerOptions T>
  const T* as() const {
    const auto* holder = dynamic_cast<const Holder<T>*>(self_.get());
    return holder ? &holder->options : nullptr;
  }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual std::string_view type() const = 0;
    virtual const std::string& name() const = 0;
    virtual std::shared_ptr<const Concept> renamed(std::string name) const = 0;
    virtual std::shared_ptr<const Concept> with(std::string_view field, const FieldValue& value) const = 0;
    virtual std::vector<std::pair<std::string, FieldValue>> settings(bool only_changed) const = 0;
    virtual bool trainable() const = 0;
    virtual LayerTraits traits() const = 0;
    virtual Value build(LayerBuilder&, std::span<const Value>) const = 0;
  };

  template <class T>
  struct Holder final : Concept {
    explicit Holder(T o) : options(std::move(o)) {}
    std::string_view type() const override { return T::kType; }
    const std::string& name() const override { return options.name; }
    std::shared_ptr<const Concept> renamed(std::string name) const override {
      auto copy = std::make_shared<Holder<T>>(options);
      copy->options.name = std::move(name);
      return copy;
    }
    std::shared_ptr<const Concept> with(std::string_view field, const FieldValue& value) const override {
      const auto* known = fields_of<T>().find(field);
      if (!known) throw std::logic_error(std::string(T::kType) + " has no field \"" + std::string(field) + '"');
      auto copy = std::make_shared<Holder<T>>(options);
      known->set(copy->options, value);
      return copy;
    }
    std::vector<std::pair<std::string, FieldValue>> settings(bool only_changed) const override {
      return settings_of(options, only_changed);
    }
    bool trainable() const override {
      if constexpr (requires { options.trainable; }) return options.trainable;
      return true;
    }
    LayerTraits traits() const override { return detail::traits_of(options); }
    Value build(LayerBuilder& builder, std::span<const Value> inputs) const override {
      check_fields(options);
      return detail::build_layer(options, builder, inputs);
    }
    T options;
  };

  explicit Layer(std::shared_ptr<const Concept> self) : self_(std::move(self)) {}

  std::shared_ptr<const Concept> self_;
};

}  // namespace evenkeel
