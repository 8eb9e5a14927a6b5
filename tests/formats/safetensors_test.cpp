#include "evenkeel/formats/safetensors.h"

#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

Bytes safetensors(std::string_view header, std::size_t content) {
  Bytes bytes;
  append_little(bytes, std::uint64_t{header.size()});
  append(bytes, view_of(header));
  bytes.resize(bytes.size() + content, std::byte{0});
  return bytes;
}

std::string error_for(const Bytes& bytes) {
  return error_of([&] { decode_safetensors(bytes, "w.safetensors"); });
}

/// A header of one tensor "a" with these fields.
std::string error_for_tensor(const std::string& fields, std::size_t content = 8) {
  return error_for(safetensors("{\"a\":{" + fields + "}}", content));
}

std::vector<std::string> names(const SafetensorsFile& file) {
  std::vector<std::string> all;
  for (const auto& [name, tensor] : file.tensors) all.push_back(name);
  return all;
}

TEST(ReadSafetensors, ReadsTensorsInTheOrderOfTheirOffsets) {
  EXPECT_THAT(names(read_safetensors(fixture("mixed.safetensors"))),
              ElementsAre("dense/kernel", "labels", "half", "brain", "scalar", "nothing"));
}

TEST(ReadSafetensors, ReadsValuesAndShapes) {
  const SafetensorsFile file = read_safetensors(fixture("mixed.safetensors"));
  expect_equal(*file.find("dense/kernel"), fixture_floats());
  expect_equal(*file.find("labels"), fixture_labels());
  EXPECT_EQ(file.find("scalar")->shape(), Shape());
  EXPECT_THAT(values<double>(*file.find("scalar")), ElementsAre(2.5));
  EXPECT_EQ(file.find("nothing")->shape(), Shape({0, 7}));
}

TEST(ReadSafetensors, WidensBothSixteenBitFloats) {
  const SafetensorsFile file = read_safetensors(fixture("mixed.safetensors"));
  EXPECT_THAT(values<float>(*file.find("half")), ElementsAre(0.5f, -8.f));
  EXPECT_THAT(values<float>(*file.find("brain")), ElementsAre(1.f, -2.5f, testing::FloatNear(3e38f, 2e36f)));
}

TEST(ReadSafetensors, ReadsTheMetadata) {
  EXPECT_THAT(read_safetensors(fixture("mixed.safetensors")).metadata,
              ElementsAre(Pair("format", "pt"), Pair("note", "größe")));
}

TEST(ReadSafetensors, FindsNothingUnderAnotherName) {
  EXPECT_EQ(read_safetensors(fixture("mixed.safetensors")).find("bias"), nullptr);
}

TEST(ReadSafetensors, ReadsAFileWithoutTensors) {
  EXPECT_TRUE(decode_safetensors(safetensors("{}", 0), "w").tensors.empty());
}

TEST(ReadSafetensors, RefusesEveryTruncation) {
  const Bytes whole = read_file(fixture("mixed.safetensors"));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THAT(error_for(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))),
                StartsWith("w.safetensors: "));
}

TEST(ReadSafetensors, RefusesAHeaderLengthBeyondTheFile) {
  Bytes bytes;
  append_little(bytes, ~std::uint64_t{0});
  EXPECT_THAT(error_for(bytes), HasSubstr("a header length of 18446744073709551615 in a file of 8 bytes"));
}

TEST(ReadSafetensors, RefusesWhatIsNotJson) {
  for (const char* header : {"", "{", "nonsense", "{\"a\":}", "{} {}", "\xff\xfe", "{\"\xff\":1}", "[]", "1", "null"})
    EXPECT_THAT(error_for(safetensors(header, 0)), HasSubstr("expected a safetensors header")) << header;
}

TEST(ReadSafetensors, RefusesDeepNestingBeforeItIsBuilt) {
  EXPECT_THAT(error_for(safetensors(std::string(1'000'000, '['), 0)), HasSubstr("nested deeper"));
  EXPECT_THAT(error_for(safetensors("{\"a\":{\"shape\":[[[[]]]]}}", 0)), HasSubstr("nested deeper"));
}

TEST(ReadSafetensors, RefusesANameThatOccursTwice) {
  const std::string tensor = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_THAT(error_for(safetensors("{" + tensor + "," + tensor + "}", 4)), HasSubstr("the name \"a\" twice"));
}

TEST(ReadSafetensors, NamesTheTensorOfAnUnknownType) {
  EXPECT_THAT(error_for_tensor(R"("dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8])"),
              AllOf(HasSubstr("w.safetensors: tensor \"a\": "), HasSubstr("received F8_E4M3")));
}

TEST(ReadSafetensors, RefusesOffsetsThatDifferFromTheShape) {
  EXPECT_THAT(error_for_tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"),
              AllOf(HasSubstr("tensor \"a\": expected 3 elements of 4 bytes"), HasSubstr("received 8 bytes")));
}

TEST(ReadSafetensors, RefusesOffsetsBeyondTheFile) {
  EXPECT_THAT(error_for_tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,12])"),
              HasSubstr("expected offsets from 0 to at most 8, received 0 to 12"));
}

TEST(ReadSafetensors, RefusesOffsetsThatRunBackwards) {
  EXPECT_THAT(error_for_tensor(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), HasSubstr("received 8 to 0"));
}

TEST(ReadSafetensors, RefusesAHoleBetweenTensors) {
  EXPECT_THAT(error_for(safetensors(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                    R"("b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})",
                                    5)),
              HasSubstr("tensor \"b\": expected offsets from 2 to at most 5, received 3 to 5"));
}

TEST(ReadSafetensors, RefusesTensorsThatOverlap) {
  EXPECT_THAT(error_for(safetensors(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                                    6)),
              HasSubstr("tensor \"b\": expected offsets from 4"));
}

TEST(ReadSafetensors, RefusesBytesBehindTheLastTensor) {
  EXPECT_THAT(error_for_tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"),
              HasSubstr("expected 4 bytes of tensors, received 8"));
}

TEST(ReadSafetensors, RefusesFieldsThatAreMissingOrOfAnotherKind) {
  for (const char* fields : {
           R"("shape":[2],"data_offsets":[0,8])",
           R"("dtype":5,"shape":[2],"data_offsets":[0,8])",
           R"("dtype":"F32","data_offsets":[0,8])",
           R"("dtype":"F32","shape":[2])",
           R"("dtype":"F32","shape":2,"data_offsets":[0,8])",
           R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])",
           R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])",
           R"("dtype":"F32","shape":["2"],"data_offsets":[0,8])",
           R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8])",
           R"("dtype":"F32","shape":[2],"data_offsets":[0])",
           R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])",
           R"("dtype":"F32","shape":[2],"data_offsets":[0,1e999])",
       })
    EXPECT_THAT(error_for_tensor(fields), HasSubstr("expected a safetensors header")) << fields;
}

TEST(ReadSafetensors, RefusesATensorThatIsNotAnObject) {
  EXPECT_THAT(error_for(safetensors("{\"a\":1}", 0)), HasSubstr("tensor \"a\""));
}

TEST(ReadSafetensors, RefusesMetadataThatIsNotText) {
  EXPECT_THAT(error_for(safetensors("{\"__metadata__\":{\"epoch\":1}}", 0)),
              HasSubstr("\"epoch\" that is not a string"));
  EXPECT_THAT(error_for(safetensors("{\"__metadata__\":[]}", 0)), HasSubstr("not an object"));
}

TEST(ReadSafetensors, RefusesShapesThatOverflow) {
  EXPECT_THAT(error_for_tensor(R"("dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,8])"),
              HasSubstr("elements below 2^63"));
  EXPECT_THAT(error_for_tensor(R"("dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8])"),
              HasSubstr("elements of 8 bytes"));
  EXPECT_THAT(error_for_tensor(R"("dtype":"U8","shape":[1,1,1,1,1,1,8],"data_offsets":[0,8])"),
              HasSubstr("at most 6 axes"));
}

TEST(WriteSafetensors, KeepsTensorsAndMetadata) {
  const TestFolder folder;
  write_safetensors(folder / "w", {{"größe", fixture_labels()}, {"x", Tensor({0, 2}, DType::float64)}},
                    {{"model", "[[layer]]\n\"\0\""}, {"", ""}});
  const SafetensorsFile file = read_safetensors(folder / "w");
  EXPECT_THAT(names(file), ElementsAre("größe", "x"));
  expect_equal(*file.find("größe"), fixture_labels());
  EXPECT_EQ(file.find("x")->shape(), Shape({0, 2}));
  EXPECT_THAT(file.metadata, ElementsAre(Pair("", ""), Pair("model", "[[layer]]\n\"\0\"")));
}

TEST(WriteSafetensors, KeepsTheOrderOfTensorsOfOneType) {
  const TestFolder folder;
  write_safetensors(folder / "w", {{"z", fixture_floats()}, {"a", fixture_floats()}, {"m", fixture_floats()}});
  EXPECT_THAT(names(read_safetensors(folder / "w")), ElementsAre("z", "a", "m"));
}

TEST(WriteSafetensors, LaysEveryTensorAtAMultipleOfItsElementSize) {
  const TestFolder folder;
  write_safetensors(folder / "w",
                    {{"bytes", Tensor({3}, DType::uint8)}, {"floats", fixture_floats()}, {"labels", fixture_labels()}});
  EXPECT_THAT(names(read_safetensors(folder / "w")), ElementsAre("labels", "floats", "bytes"));
}

TEST(WriteSafetensors, BeginsItsDataAtAMultipleOfEight) {
  const TestFolder folder;
  for (const std::string name : {"a", "ab", "abc", "abcd", "abcde"}) {
    write_safetensors(folder / "w", {{name, fixture_floats()}});
    EXPECT_EQ((std::filesystem::file_size(folder / "w") - fixture_floats().bytes()) % 8, 0u);
  }
}

TEST(WriteSafetensors, RefusesNamesThatCannotBeReadAgain) {
  const TestFolder folder;
  for (const std::vector<SafetensorsEntry>& tensors :
       {std::vector<SafetensorsEntry>{{"a", fixture_floats()}, {"a", fixture_floats()}},
        std::vector<SafetensorsEntry>{{"__metadata__", fixture_floats()}},
        std::vector<SafetensorsEntry>{{"\xff", fixture_floats()}}})
    EXPECT_THAT(error_of([&] { write_safetensors(folder / "w", tensors); }), HasSubstr((folder / "w").string()));
}

}  // namespace
}  // namespace evenkeel::formats
