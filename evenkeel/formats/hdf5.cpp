#include "evenkeel/formats/hdf5.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/element.h"
#include "evenkeel/formats/hdf5_library.h"
#include "evenkeel/formats/isolated.h"

namespace evenkeel::formats {
namespace {

const std::string kDamaged = "a damaged HDF5 file: the HDF5 library fails on it";

ProcessLimits limits_for(std::uint64_t bytes) {
  // The library's own structures, the numbers of compressed datasets twice, and what is written three times.
  return {.memory = (std::uint64_t{2} << 30) + 6 * bytes,
          .result = (std::uint64_t{1} << 30) + 2 * bytes,
          .seconds = static_cast<unsigned>(5 + (bytes >> 24))};
}

/// Reads what hdf5::Packing wrote.
class Unpacking {
 public:
  explicit Unpacking(const Source& source) : in_(source) {}

  bool is_empty() const { return in_.remaining() == 0; }
  std::uint64_t number() { return in_.little<std::uint64_t>(); }
  std::string text() { return in_.text(bounded(number())); }
  Bytes raw(std::uint64_t bytes) {
    Bytes all(bounded(bytes));
    in_.read(all);
    return all;
  }

 private:
  std::size_t bounded(std::uint64_t size) const {
    if (size > in_.remaining()) throw Error{{.where = in_.where(), .received = "a list that is cut short"}};
    return static_cast<std::size_t>(size);
  }

  Reader in_;
};

const ElementType* element_named(const std::string& type) {
  return type == "bf16" ? find_safetensors_element("BF16") : find_npy_element(type);
}

std::vector<Hdf5Attribute> attributes_from(Unpacking& in) {
  std::vector<Hdf5Attribute> attributes;
  for (std::uint64_t left = in.number(); left > 0; --left) {
    Hdf5Attribute attribute{.name = in.text(), .texts = {}};
    const std::uint64_t kind = in.number();
    attribute.is_list = kind == 1;
    for (std::uint64_t texts = in.number(); texts > 0; --texts) attribute.texts.push_back(in.text());
    if (kind <= 1) attributes.push_back(std::move(attribute));
  }
  return attributes;
}

Hdf5Object object_from(Unpacking& in, BytesView file, const std::string& name) {
  Hdf5Object object{.path = in.text(), .attributes = {}};
  const std::string where = name + ": \"" + object.path + '"';
  object.is_dataset = in.number() == 1;
  object.attributes = attributes_from(in);
  if (!object.is_dataset) return object;
  std::vector<std::int64_t> sizes(std::min<std::uint64_t>(in.number(), Shape::kMaxRank));
  for (std::int64_t& size : sizes) size = static_cast<std::int64_t>(in.number());
  object.shape = make_shape(sizes, where);
  object.type = in.text();
  object.offset = in.number();
  object.numbers = in.raw(in.number());
  const ElementType* element = element_named(object.type);
  if (!element) return object;
  const std::uint64_t bytes = static_cast<std::uint64_t>(object.shape.size()) * element->size;
  if (object.offset > 0 && (object.offset > file.size() || bytes > file.size() - object.offset))
    throw Error{{.where = where,
                 .expected = fmt::format("{} bytes of numbers", bytes),
                 .received = "fewer",
                 .hint = "The file is cut short or damaged."}};
  return object;
}

/// No two datasets may share bytes of the file: a small one would become any amount of numbers.
void check_places(const Hdf5File& file, const std::string& name) {
  std::vector<const Hdf5Object*> placed;
  for (const Hdf5Object& object : file.objects)
    if (object.offset > 0 && element_named(object.type)) placed.push_back(&object);
  std::ranges::sort(placed, {}, &Hdf5Object::offset);
  for (std::size_t i = 1; i < placed.size(); ++i) {
    const Hdf5Object& before = *placed[i - 1];
    const auto bytes = static_cast<std::uint64_t>(before.shape.size()) * element_named(before.type)->size;
    if (before.offset + bytes > placed[i]->offset)
      throw Error{{.where = fmt::format("{}: \"{}\"", name, placed[i]->path),
                   .received = fmt::format("its numbers are also those of \"{}\"", before.path),
                   .hint = "The file is damaged."}};
  }
}

}  // namespace

std::optional<std::string> Hdf5Object::text(std::string_view name) const {
  const auto found = std::ranges::find(attributes, name, &Hdf5Attribute::name);
  if (found == attributes.end() || found->is_list) return {};
  return found->texts.front();
}

std::optional<std::vector<std::string>> Hdf5Object::texts(const std::string& name) const {
  const auto find = [&](const std::string& wanted) {
    const auto found = std::ranges::find(attributes, wanted, &Hdf5Attribute::name);
    return found == attributes.end() || !found->is_list ? nullptr : &*found;
  };
  if (const Hdf5Attribute* whole = find(name)) return whole->texts;
  const Hdf5Attribute* part = find(name + '0');
  if (!part) return {};
  std::vector<std::string> all;
  for (int i = 1; part; part = find(name + std::to_string(i++)))
    all.insert(all.end(), part->texts.begin(), part->texts.end());
  return all;
}

const Hdf5Object* Hdf5File::find(std::string_view path) const {
  const auto found = std::ranges::lower_bound(objects, path, {}, &Hdf5Object::path);
  return found == objects.end() || found->path != path ? nullptr : &*found;
}

std::vector<std::string> Hdf5File::names_in(std::string_view group) const {
  const std::string before = group.empty() ? "" : std::string(group) + '/';
  std::vector<std::string> names;
  for (auto at = std::ranges::lower_bound(objects, before, {}, &Hdf5Object::path);
       at != objects.end() && at->path.starts_with(before); ++at)
    if (const std::string name = at->path.substr(before.size()); !name.empty() && name.find('/') == std::string::npos)
      names.push_back(name);
  return names;
}

Hdf5File decode_hdf5(BytesView bytes, const std::string& name) {
  const Bytes listing = isolated([&] { return hdf5::listing(bytes); }, limits_for(bytes.size()), name, kDamaged);
  const Source source(listing, name);
  Unpacking in(source);
  Hdf5File file;
  while (!in.is_empty()) file.objects.push_back(object_from(in, bytes, name));
  std::ranges::sort(file.objects, {}, &Hdf5Object::path);
  check_places(file, name);
  return file;
}

Tensor tensor_of(const Hdf5Object& dataset, BytesView bytes, const std::string& name) {
  const std::string where = name + ": \"" + dataset.path + '"';
  const ElementType* element = dataset.is_dataset ? element_named(dataset.type) : nullptr;
  if (!element)
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = "numbers of a usual type, least significant byte first",
                 .received = dataset.is_dataset ? "another type" : "a group"}};
  const std::uint64_t size = static_cast<std::uint64_t>(dataset.shape.size()) * element->size;
  const Source source(dataset.offset > 0 ? bytes : BytesView(dataset.numbers), name);
  Reader in(source, dataset.offset, dataset.offset > 0 ? dataset.offset + size : source.size(), where);
  return read_elements(in, dataset.shape, *element);
}

Bytes changed_hdf5(BytesView bytes, const std::vector<Hdf5Change>& changes, const std::string& name) {
  Bytes changed = allocate_bytes(bytes.size(), name);
  std::ranges::copy(bytes, changed.begin());
  for (const auto& [dataset, numbers] : changes) {
    const std::string where = name + ": \"" + dataset->path + '"';
    const DType type = dataset->type == "f8" ? DType::float64 : DType::float32;
    if (dataset->offset == 0 || (dataset->type != "f4" && dataset->type != "f8"))
      throw Error{{.kind = Error::unsupported,
                   .where = where,
                   .expected = "float32 numbers in one piece of the file",
                   .received = dataset->offset == 0 ? "numbers that are compressed or in pieces" : "another type",
                   .hint = "Load the network with Keras and save it again."}};
    if (numbers.shape.size() != dataset->shape.size())
      throw Error{{.where = where, .expected = to_string(dataset->shape), .received = to_string(numbers.shape)}};
    const Tensor replacement = converted(numbers, type);
    std::copy_n(replacement.data(), replacement.bytes(),
                changed.begin() + static_cast<std::ptrdiff_t>(dataset->offset));
  }
  return changed;
}

Bytes encode_hdf5(const std::vector<Hdf5Entry>& entries, const std::string& name) {
  std::uint64_t bytes = 0;
  for (const Hdf5Entry& entry : entries) bytes += entry.tensor ? entry.tensor->bytes() : 0;
  return isolated([&] { return hdf5::written(entries); }, limits_for(bytes), name,
                  "the HDF5 library fails to write it");
}

}  // namespace evenkeel::formats
