#include "evenkeel/formats/hdf5_library.h"

#include "evenkeel/base/error.h"

#ifndef EVENKEEL_HDF5

namespace evenkeel::formats {

bool has_hdf5() { return false; }

namespace hdf5 {
namespace {

[[noreturn]] void refuse_without_library() {
  throw Error{{.kind = Error::unsupported,
               .received = "this evenkeel was built without HDF5",
               .hint = "Install libhdf5-dev and build it again."}};
}

}  // namespace

Bytes listing(BytesView) { refuse_without_library(); }
Bytes written(const std::vector<Hdf5Entry>&) { refuse_without_library(); }

}  // namespace hdf5
}  // namespace evenkeel::formats

#else

#define H5_USE_110_API
#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "evenkeel/base/limits.h"
#include "evenkeel/formats/deflate.h"

namespace evenkeel::formats {

bool has_hdf5() { return true; }

namespace hdf5 {
namespace {

// What a file of a network may have; beyond it is an Error.
constexpr int kDepth = 48;
constexpr std::size_t kObjects = 1'000'000, kAttributes = 1000;
constexpr std::size_t kTextBytes = std::size_t{256} << 20;
// The library wants a name for bytes in memory, and fails if a file has it. Nothing can be below a device.
constexpr const char* kNoFile = "/dev/null/evenkeel";
constexpr std::uint64_t kDecodedBytes = std::uint64_t{8} << 30;
// Weights that compress further are zeros, of which nobody has many: a file that grows more is a bomb.
constexpr std::uint64_t kSmallBytes = std::uint64_t{64} << 20, kMostTimes = 64;

/// An object of the library, released by the destructor.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  /// Throws Error, with what could not be had, if the library gave none.
  Handle(hid_t id, Close close, const std::string& what) : id_(id), close_(close) {
    if (id < 0) throw Error{{.where = what, .received = "it cannot be read", .hint = "The file is damaged."}};
  }
  Handle(const Handle&) = delete;
  ~Handle() { close_(id_); }
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor): the library takes plain numbers

 private:
  hid_t id_;
  Close close_;
};

template <class T>
T checked(T result, const std::string& what) {
  if (result < 0) throw Error{{.where = what, .received = "it cannot be read", .hint = "The file is damaged."}};
  return result;
}

std::string quoted(const std::string& path) { return '"' + (path.empty() ? "/" : path) + '"'; }

Error refused(const std::string& path, const std::string& what) {
  return Error{{.where = quoted(path),
                .received = what + ", which Keras does not write",
                .hint = "Load the network with Keras and save it again."}};
}

/// The file's bytes are not copied: the library gets them where they are, and only reads them.
struct Image {
  BytesView bytes;
  static void* memory_of(void* image) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the file is opened to read
    return const_cast<std::byte*>(static_cast<const Image*>(image)->bytes.data());
  }
  static void* allocate(size_t, H5FD_file_image_op_t, void* image) { return memory_of(image); }
  static void* copy(void* to, const void*, size_t, H5FD_file_image_op_t, void*) { return to; }
  static void* reallocate(void*, size_t, H5FD_file_image_op_t, void*) { return nullptr; }
  static herr_t release(void*, H5FD_file_image_op_t, void*) { return 0; }
  static void* same(void* image) { return image; }
  static herr_t keep(void*) { return 0; }
};

hid_t open_image(Image& image) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "HDF5");
  checked(H5Pset_fapl_core(access, 1 << 16, false), "HDF5");
  H5FD_file_image_callbacks_t callbacks{Image::allocate, Image::copy, Image::reallocate, Image::release, Image::same,
                                        Image::keep,     &image};
  checked(H5Pset_file_image_callbacks(access, &callbacks), "HDF5");
  checked(H5Pset_file_image(access, Image::memory_of(&image), image.bytes.size()), "HDF5");
  return H5Fopen(kNoFile, H5F_ACC_RDONLY, access);
}

/// numpy's code of a type, or "bf16"; empty for one that no Tensor holds.
std::string code_of(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_OPAQUE || kind == H5T_BITFIELD) return size == 2 ? "bf16" : "";
  if (kind == H5T_FLOAT) {
    for (const auto& [known, code] : {std::pair(H5T_IEEE_F32LE, "f4"), std::pair(H5T_IEEE_F64LE, "f8")})
      if (H5Tequal(type, known) > 0) return code;
    std::size_t sign = 0, exponent = 0, exponent_bits = 0, fraction = 0, fraction_bits = 0;
    if (size != 2 || H5Tget_order(type) != H5T_ORDER_LE ||
        H5Tget_fields(type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits) < 0)
      return "";
    if (sign == 15 && fraction == 0 && exponent_bits == 5 && fraction_bits == 10) return "f2";
    return sign == 15 && fraction == 0 && exponent_bits == 8 && fraction_bits == 7 ? "bf16" : "";
  }
  for (const auto& [known, code] :
       {std::pair(H5T_STD_I8LE, "i1"), std::pair(H5T_STD_U8LE, "u1"), std::pair(H5T_STD_I16LE, "i2"),
        std::pair(H5T_STD_U16LE, "u2"), std::pair(H5T_STD_I32LE, "i4"), std::pair(H5T_STD_U32LE, "u4"),
        std::pair(H5T_STD_I64LE, "i8"), std::pair(H5T_STD_U64LE, "u8")})
    if (H5Tequal(type, known) > 0) return code;
  return "";
}

/// Walks a file, and packs what it finds.
class Walk {
 public:
  explicit Walk(BytesView file) : file_(file) {}

  Bytes run(hid_t root) {
    group(root, "", 0);
    return packing_.take();
  }

 private:
  struct Link {
    std::string name;
    H5L_type_t type;
  };

  static herr_t collect(hid_t, const char* name, const H5L_info_t* info, void* links) {
    auto& all = *static_cast<std::vector<Link>*>(links);
    if (all.size() >= kObjects || std::string_view(name).size() > limits::kTensorNameBytes) return -1;
    all.push_back({name, info->type});
    return 0;
  }

  void group(hid_t id, const std::string& path, int depth) {
    if (depth > kDepth) throw refused(path, fmt::format("groups of more than {} levels", kDepth));
    enter(id, path, false);
    std::vector<Link> links;
    hsize_t next = 0;
    checked(H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, &next, collect, &links), quoted(path));
    for (const Link& link : links) {
      const std::string below = path.empty() ? link.name : path + '/' + link.name;
      if (link.type != H5L_TYPE_HARD)
        throw refused(below, link.type == H5L_TYPE_SOFT       ? "a soft link"
                             : link.type == H5L_TYPE_EXTERNAL ? "a link to another file"
                                                              : "a link of an unknown kind");
      if (link.name.empty() || link.name == "." || link.name.find('/') != std::string::npos)
        throw refused(below, "an object of such a name");
      const Handle object(H5Oopen(id, link.name.c_str(), H5P_DEFAULT), H5Oclose, quoted(below));
      const H5I_type_t kind = H5Iget_type(object);
      if (kind != H5I_GROUP && kind != H5I_DATASET)
        throw refused(below, "an object that is neither a group nor a dataset");
      if (kind == H5I_GROUP)
        group(object, below, depth + 1);
      else
        dataset(object, below);
    }
  }

  /// What groups and datasets share: that they are new, and their path and attributes.
  void enter(hid_t id, const std::string& path, bool is_dataset) {
    H5O_info_t info;
    checked(H5Oget_info2(id, &info, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS), quoted(path));
    if (!seen_.insert(info.addr).second) throw refused(path, "an object with two names");
    if (++count_ > kObjects) throw refused(path, fmt::format("more than {} objects", kObjects));
    if (info.num_attrs > kAttributes) throw refused(path, fmt::format("more than {} attributes", kAttributes));
    packing_.text(path);
    packing_.number(is_dataset);
    packing_.number(info.num_attrs);
    for (hsize_t i = 0; i < info.num_attrs; ++i) attribute(id, path, i);
  }

  void attribute(hid_t id, const std::string& path, hsize_t index) {
    const std::string where = quoted(path) + ": an attribute";
    const Handle opened(H5Aopen_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                        where);
    std::string name(static_cast<std::size_t>(checked(H5Aget_name(opened, 0, nullptr), where)), '\0');
    if (name.size() > limits::kTensorNameBytes) throw refused(path, "an attribute with such a long name");
    checked(H5Aget_name(opened, name.size() + 1, name.data()), where);
    const Handle type(H5Aget_type(opened), H5Tclose, where), space(H5Aget_space(opened), H5Sclose, where);
    const int rank = H5Sget_simple_extent_ndims(space);
    const auto count = static_cast<std::uint64_t>(checked(H5Sget_simple_extent_npoints(space), where));
    std::vector<std::string> texts;
    const bool is_text = H5Tget_class(type) == H5T_STRING;
    if (is_text && count > 0) texts = texts_of(opened, type, count, where);
    packing_.text(name);
    // Lists, scalars, and what is neither (numbers, tables of texts).
    packing_.number(rank == 1 && (is_text || count == 0) ? 1 : rank == 0 && is_text && count == 1 ? 0 : 2);
    packing_.number(texts.size());
    for (const std::string& text : texts) packing_.text(text);
  }

  std::vector<std::string> texts_of(hid_t attribute, hid_t type, std::uint64_t count, const std::string& where) {
    const bool is_variable = checked(H5Tis_variable_str(type), where) > 0;
    const std::size_t size = H5Tget_size(type);
    if (count > kObjects || size == 0 || size > kTextBytes || count * size > kTextBytes - texts_)
      throw Error{
          {.where = where, .expected = fmt::format("texts of at most {} bytes", kTextBytes), .received = "more"}};
    const Handle memory(H5Tcopy(type), H5Tclose, where);
    std::vector<std::string> texts;
    if (!is_variable) {
      std::string all(count * size, '\0');
      checked(H5Aread(attribute, memory, all.data()), where);
      for (std::uint64_t i = 0; i < count; ++i) texts.push_back(all.substr(i * size, size).c_str());
    } else {
      std::vector<char*> places(count, nullptr);
      checked(H5Aread(attribute, memory, static_cast<void*>(places.data())), where);
      // This process ends soon: what the library allocated for the texts ends with it.
      for (const char* place : places) texts.emplace_back(place ? place : "");
    }
    for (const std::string& text : texts) texts_ += text.size();
    if (texts_ > kTextBytes) throw Error{{.where = where, .received = "too many texts"}};
    return texts;
  }

  void dataset(hid_t id, const std::string& path) {
    enter(id, path, true);
    const std::string where = quoted(path);
    const Handle type(H5Dget_type(id), H5Tclose, where), space(H5Dget_space(id), H5Sclose, where),
        creation(H5Dget_create_plist(id), H5Pclose, where);
    const int rank = checked(H5Sget_simple_extent_ndims(space), where);
    if (rank > Shape::kMaxRank) throw refused(path, fmt::format("numbers with {} axes", rank));
    std::array<hsize_t, Shape::kMaxRank> sizes{};
    checked(H5Sget_simple_extent_dims(space, sizes.data(), nullptr), where);
    const std::string code = H5Sget_simple_extent_type(space) == H5S_NULL ? "" : code_of(type);
    packing_.number(static_cast<std::uint64_t>(rank));
    std::uint64_t bytes = H5Tget_size(type);
    for (const hsize_t size : std::span(sizes).first(static_cast<std::size_t>(rank))) {
      packing_.number(size);
      if (__builtin_mul_overflow(bytes, size, &bytes)) throw refused(path, "more numbers than any memory holds");
    }
    packing_.text(code);
    numbers(id, type, creation, code.empty() ? 0 : bytes, path);
  }

  /// Where a dataset's numbers are, or the numbers themselves if they are not in one piece.
  void numbers(hid_t id, hid_t type, hid_t creation, std::uint64_t bytes, const std::string& path) {
    const std::string where = quoted(path);
    if (checked(H5Pget_external_count(creation), where) > 0) throw refused(path, "numbers in another file");
    const H5D_layout_t layout = checked(H5Pget_layout(creation), where);
    if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT)
      throw refused(path, "numbers that are in other datasets");
    const int filters = checked(H5Pget_nfilters(creation), where);
    for (int i = 0; i < filters; ++i) {
      unsigned flags = 0, settings = 0;
      std::size_t values = 0;
      const H5Z_filter_t filter =
          H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &settings);
      if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE)
        throw refused(path, "numbers with a filter other than deflate and shuffle");
    }
    const haddr_t offset = layout == H5D_CONTIGUOUS ? H5Dget_offset(id) : HADDR_UNDEF;
    const bool in_place = bytes > 0 && offset != HADDR_UNDEF;
    packing_.number(in_place ? offset : 0);
    packing_.number(in_place ? 0 : bytes);
    if (in_place || bytes == 0) return;
    // What the file has for it: a dataset of 10^12 numbers that were never written has nothing.
    const std::uint64_t stored =
        layout == H5D_COMPACT ? file_.size() : std::min<std::uint64_t>(H5Dget_storage_size(id), file_.size());
    const std::uint64_t most = std::min(kDecodedBytes, kSmallBytes + kMostTimes * file_.size());
    if (bytes / kMaxDeflateRatio > stored || stored == 0 || decoded_ > most || bytes > most - decoded_)
      throw Error{{.where = where,
                   .expected = fmt::format("{} bytes of numbers", bytes),
                   .received = fmt::format("{} bytes", stored)}};
    decoded_ += bytes;
    Bytes read = allocate_bytes(bytes, where);
    const Handle memory(H5Tcopy(type), H5Tclose, where);
    checked(H5Dread(id, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, read.data()), where);
    packing_.raw(read);
  }

  BytesView file_;
  Packing packing_;
  std::set<haddr_t> seen_;
  std::size_t count_ = 0, texts_ = 0;
  std::uint64_t decoded_ = 0;
};

/// The library writes no messages, and loads no filters from elsewhere.
void start_library() {
  if (H5open() < 0 || H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) < 0)
    throw Error{{.kind = Error::environment, .received = "the HDF5 library does not start"}};
  H5PLset_loading_state(0);
}

/// Writes entries into a file in memory.
class Writing {
 public:
  explicit Writing(hid_t file) : file_(file) {}

  void write(const Hdf5Entry& entry) {
    const std::string where = quoted(entry.path);
    if (!entry.tensor) {
      const Handle group(entry.path.empty() ? H5Gopen2(file_, "/", H5P_DEFAULT) : made_group(entry.path), H5Gclose,
                         where);
      attributes(group, entry);
      return;
    }
    const auto sizes = entry.tensor->shape.sizes();
    const std::vector<hsize_t> extent(sizes.begin(), sizes.end());
    const Handle space(extent.empty() ? H5Screate(H5S_SCALAR)
                                      : H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                       H5Sclose, where);
    const Handle links(with_groups(), H5Pclose, where), creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, where);
    // Without times the same entries give the same bytes.
    checked(H5Pset_obj_track_times(creation, false), where);
    const hid_t type = type_of(entry.tensor->dtype);
    const Handle dataset(H5Dcreate2(file_, entry.path.c_str(), type, space, links, creation, H5P_DEFAULT), H5Dclose,
                         where);
    if (entry.tensor->shape.size() > 0)
      checked(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, entry.tensor->data), where);
    attributes(dataset, entry);
  }

 private:
  static hid_t with_groups() {
    const hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    return links;
  }

  hid_t made_group(const std::string& path) {
    const Handle links(with_groups(), H5Pclose, quoted(path));
    if (H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0) return H5Gopen2(file_, path.c_str(), H5P_DEFAULT);
    return H5Gcreate2(file_, path.c_str(), links, H5P_DEFAULT, H5P_DEFAULT);
  }

  static hid_t type_of(DType dtype) {
    switch (dtype) {
      case DType::float32: return H5T_IEEE_F32LE;
      case DType::float64: return H5T_IEEE_F64LE;
      case DType::uint8: return H5T_STD_U8LE;
      case DType::int32: return H5T_STD_I32LE;
      case DType::int64: return H5T_STD_I64LE;
      case DType::bfloat16: break;
    }
    throw Error{{.kind = Error::internal, .where = "HDF5", .received = "a tensor of bfloat16"}};
  }

  /// Texts of any length in UTF-8, as h5py writes Python's.
  static void attributes(hid_t object, const Hdf5Entry& entry) {
    for (const Hdf5Attribute& attribute : entry.attributes) {
      const std::string where = quoted(entry.path) + ": \"" + attribute.name + '"';
      const Handle type(H5Tcopy(H5T_C_S1), H5Tclose, where);
      checked(H5Tset_size(type, H5T_VARIABLE), where);
      checked(H5Tset_cset(type, H5T_CSET_UTF8), where);
      const hsize_t count = attribute.texts.size();
      const Handle space(attribute.is_list ? H5Screate_simple(1, &count, nullptr) : H5Screate(H5S_SCALAR), H5Sclose,
                         where);
      const Handle made(H5Acreate2(object, attribute.name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                        where);
      std::vector<const char*> places;
      for (const std::string& text : attribute.texts) places.push_back(text.c_str());
      if (count > 0) checked(H5Awrite(made, type, static_cast<const void*>(places.data())), where);
    }
  }

  hid_t file_;
};

}  // namespace

Bytes listing(BytesView file) {
  start_library();
  Image image{file};
  const Handle opened(open_image(image), H5Fclose, "HDF5 file");
  const Handle root(H5Gopen2(opened, "/", H5P_DEFAULT), H5Gclose, "\"/\"");
  return Walk(file).run(root);
}

Bytes written(const std::vector<Hdf5Entry>& entries) {
  start_library();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "HDF5");
  checked(H5Pset_fapl_core(access, std::size_t{1} << 20, false), "HDF5");
  const Handle file(H5Fcreate(kNoFile, H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose, "HDF5");
  Writing writing(file);
  for (const Hdf5Entry& entry : entries) writing.write(entry);
  checked(H5Fflush(file, H5F_SCOPE_GLOBAL), "HDF5");
  Bytes bytes(static_cast<std::size_t>(checked(H5Fget_file_image(file, nullptr, 0), "HDF5")));
  checked(H5Fget_file_image(file, bytes.data(), bytes.size()), "HDF5");
  return bytes;
}

}  // namespace hdf5
}  // namespace evenkeel::formats
#endif
