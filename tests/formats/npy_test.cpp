#include "evenkeel/formats/npy.h"

#include <cmath>
#include <limits>

#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

Bytes npy(std::string_view header, std::size_t content) {
  Bytes bytes = bytes_of({"\x93NUMPY\1\0", 8});
  append_little(bytes, static_cast<std::uint16_t>(header.size()));
  append(bytes, view_of(header));
  bytes.resize(bytes.size() + content, std::byte{0});
  return bytes;
}

std::string error_for(const Bytes& bytes) {
  return error_of([&] { decode_npy(bytes, "x.npy"); });
}

TEST(ReadNpy, ReadsEveryVersionOfTheFormat) {
  for (const char* name : {"float32.npy", "version2.npy", "version3.npy"})
    expect_equal(read_npy(fixture(name)), fixture_floats());
}

TEST(ReadNpy, ReadsIntegers) { expect_equal(read_npy(fixture("int64.npy")), fixture_labels()); }

TEST(ReadNpy, ReadsAScalar) {
  const Tensor scalar = read_npy(fixture("scalar.npy"));
  EXPECT_EQ(scalar.shape(), Shape());
  EXPECT_THAT(values<double>(scalar), ElementsAre(2.5));
}

TEST(ReadNpy, ReadsAnEmptyArray) { EXPECT_EQ(read_npy(fixture("empty.npy")).shape(), Shape({0, 3})); }

TEST(ReadNpy, ReadsBoolAsBytes) {
  EXPECT_THAT(values<std::uint8_t>(read_npy(fixture("bool.npy"))), ElementsAre(1, 0, 1));
}

TEST(ReadNpy, WidensSmallIntegers) {
  EXPECT_THAT(values<std::int32_t>(read_npy(fixture("int16.npy"))), ElementsAre(-32768, 0, 32767));
  EXPECT_THAT(values<std::int64_t>(read_npy(fixture("uint32.npy"))), ElementsAre(0, 4294967295));
}

TEST(ReadNpy, WidensHalvesToTheirExactValues) {
  const auto halves = values<float>(read_npy(fixture("float16.npy")));
  EXPECT_THAT(halves, ElementsAre(1.f, -0.5f, 65504.f, 0x1p-24f, std::numeric_limits<float>::infinity(), -0.f));
  EXPECT_TRUE(std::signbit(halves.back()));
}

TEST(ReadNpy, RefusesIntegersThatDoNotFit) {
  EXPECT_THAT(error_of([] { read_npy(fixture("uint64_large.npy")); }), HasSubstr("values that fit into int64"));
}

TEST(ReadNpy, NamesTheRemedyForFortranOrder) {
  EXPECT_THAT(error_of([] { read_npy(fixture("fortran.npy")); }),
              AllOf(HasSubstr("fortran.npy: "), HasSubstr("numpy.ascontiguousarray")));
}

TEST(ReadNpy, NamesTheRemedyForBigEndianElements) {
  EXPECT_THAT(error_of([] { read_npy(fixture("big_endian.npy")); }),
              AllOf(HasSubstr("received dtype >f4"), HasSubstr("newbyteorder")));
}

TEST(ReadNpy, RefusesWhatIsNotNumbers) {
  EXPECT_THAT(error_of([] { read_npy(fixture("object.npy")); }), HasSubstr("received dtype |O"));
  EXPECT_THAT(error_of([] { read_npy(fixture("text.npy")); }), HasSubstr("received dtype <U3"));
  EXPECT_THAT(error_of([] { read_npy(fixture("structured.npy")); }), HasSubstr("received dtype structured"));
}

TEST(ReadNpy, TellsHowToStoreNames) {
  EXPECT_THAT(error_of([] { read_npy(fixture("object.npy")); }), HasSubstr("array.astype(str)"));
}

TextArray texts_of(const Bytes& bytes) {
  const Source source(bytes, "x.npy");
  Reader in(source);
  return std::get<TextArray>(decode_npy_or_texts(in));
}

/// Four-byte letters of Unicode.
void append_letters(Bytes& bytes, std::initializer_list<std::uint32_t> letters) {
  for (const std::uint32_t letter : letters) append_little(bytes, letter);
}

TEST(ReadNpyOrTexts, ReadsUnicodeAsUtf8) {
  Bytes bytes = npy("{'descr': '<U2', 'fortran_order': False, 'shape': (3,), }", 0);
  append_letters(bytes, {'a', 'b', 0xe9, 0, 0x1f600, 0x20ac});
  const TextArray array = texts_of(bytes);
  EXPECT_EQ(array.shape, Shape{3});
  EXPECT_THAT(array.texts, ElementsAre("ab", "\xc3\xa9", "\xf0\x9f\x98\x80\xe2\x82\xac"));
}

TEST(ReadNpyOrTexts, ReadsByteStrings) {
  Bytes bytes = npy("{'descr': '|S3', 'fortran_order': False, 'shape': (2, 1), }", 0);
  append(bytes, bytes_of({"catox\0", 6}));
  EXPECT_THAT(texts_of(bytes).texts, ElementsAre("cat", "ox"));
}

TEST(ReadNpyOrTexts, ReadsNumbersAsBefore) {
  const Bytes bytes = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", 2);
  const Source source(bytes, "x.npy");
  Reader in(source);
  EXPECT_EQ(std::get<Tensor>(decode_npy_or_texts(in)).dtype(), DType::uint8);
}

TEST(ReadNpyOrTexts, ReplacesLettersThatAreNone) {
  Bytes bytes = npy("{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }", 0);
  append_letters(bytes, {0xd800, 0xffffffff});
  EXPECT_THAT(texts_of(bytes).texts, ElementsAre("\xef\xbf\xbd", "\xef\xbf\xbd"));
}

TEST(ReadNpyOrTexts, RefusesMoreTextsThanItHas) {
  for (const char* type : {"<U3", "|S8", "<U0", "<U99999999999999999999", "<U"}) {
    const Bytes bytes =
        npy(std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (1000000000000,), }", 24);
    EXPECT_THAT(error_of([&] { texts_of(bytes); }), StartsWith("x.npy: ")) << type;
  }
}

TEST(ReadNpy, RefusesAnotherMagic) { EXPECT_THAT(error_for(bytes_of("PK\3\4 and more")), HasSubstr("x.npy: ")); }

TEST(ReadNpy, RefusesAnUnknownVersion) {
  Bytes bytes = npy("{}", 0);
  bytes[6] = std::byte{9};
  EXPECT_THAT(error_for(bytes), HasSubstr("received 9"));
}

TEST(ReadNpy, RefusesEveryTruncation) {
  const Bytes whole = encode_npy(fixture_floats());
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THAT(error_for(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))),
                StartsWith("x.npy: "));
}

TEST(ReadNpy, RefusesBytesBehindTheElements) {
  Bytes bytes = encode_npy(fixture_floats());
  bytes.push_back(std::byte{0});
  EXPECT_THAT(error_for(bytes), HasSubstr("received 97 bytes"));
}

TEST(ReadNpy, RefusesAHeaderLengthBeyondTheFile) {
  Bytes bytes = bytes_of({"\x93NUMPY\2\0\xff\xff\xff\xff{}", 14});
  EXPECT_THAT(error_for(bytes), HasSubstr("expected 4294967295 bytes more"));
}

TEST(ReadNpy, RefusesHeadersThatAreNotTheDictionaryOfThree) {
  for (const char* header : {
           "",
           "{",
           "{}",
           "nonsense",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), ",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} {",
           "{'descr': '<f4', 'fortran_order': False}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,",
           "{'descr': '<f4, 'fortran_order': False}",
           "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
           "{'descr': [('x', '<f4')",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
           "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 'x'}",
       })
    EXPECT_THAT(error_for(npy(header, 4)), HasSubstr("expected a npy header")) << header;
}

TEST(ReadNpy, AcceptsOtherSpellingsOfTheSameDictionary) {
  expect_equal(decode_npy(npy("{\"shape\":(2L,),\"fortran_order\":False,\"descr\":\"<i4\"}", 8), "x.npy"),
               Tensor({2}, DType::int32));
}

TEST(ReadNpy, RefusesAnEmptyDtype) {
  EXPECT_THAT(error_for(npy("{'descr': '', 'fortran_order': False, 'shape': (1,)}", 4)), HasSubstr("expected numbers"));
}

TEST(ReadNpy, RefusesNegativeSizes) {
  EXPECT_THAT(error_for(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -1)}", 4)),
              HasSubstr("sizes of 0 or more"));
}

TEST(ReadNpy, RefusesMoreAxesThanAShapeHas) {
  EXPECT_THAT(error_for(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1)}", 4)),
              HasSubstr("at most 6 axes"));
}

TEST(ReadNpy, RefusesSizesWhoseBytesOverflow) {
  EXPECT_THAT(error_for(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,)}", 0)),
              HasSubstr("4611686018427387904 elements of 8 bytes"));
  EXPECT_THAT(error_for(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 0)),
              HasSubstr("elements below 2^63"));
}

TEST(ReadNpy, ShowsADamagedHeaderWithoutItsControlCharacters) {
  EXPECT_THAT(error_for(npy("{\x1b[2J\n}", 0)), HasSubstr("{?[2J?}"));
}

TEST(WriteNpy, WritesWhatNumpyWrites) {
  // numpy 1.24 leaves room for the first axis to grow; the elements begin at a multiple of 64 all the same.
  const std::string ours = text_of(encode_npy(fixture_floats()));
  EXPECT_THAT(ours, StartsWith(std::string("\x93NUMPY\1\0\x76\0", 10) +
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), }"));
  EXPECT_EQ(ours, text_of(read_file(fixture("float32.npy"))));
}

TEST(WriteNpy, KeepsEveryTypeAndRank) {
  const TestFolder folder;
  for (const DType dtype : {DType::float32, DType::float64, DType::uint8, DType::int32, DType::int64})
    for (const Shape& shape : {Shape(), Shape({3}), Shape({0}), Shape({2, 1}), Shape({1, 2, 1, 2, 1, 2})}) {
      const Tensor tensor(shape, dtype);
      write_npy(folder / "x.npy", tensor);
      expect_equal(read_npy(folder / "x.npy"), tensor);
    }
}

TEST(EncodeNpy, BeginsItsElementsAtAMultipleOf64) {
  for (const Shape& shape : {Shape(), Shape({3}), Shape({100000, 100000, 100000}), Shape({1, 2, 3, 4, 5, 6})})
    EXPECT_EQ(encode_npy_header({nullptr, shape, DType::uint8}).size() % 64, 0u);
}

}  // namespace
}  // namespace evenkeel::formats
