#include <nlohmann/json.hpp>

#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/record.h"
#include "evenkeel/interchange/record_json.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  interchange::Record record;
  if (!fuzz::accepts([&] {
        const auto json = formats::parse_json(fuzz::text_of(fuzz::bytes_of(data, size)), "input");
        record = interchange::record_from(json, "input");
      }))
    return 0;
  fuzz::require(interchange::record_from(interchange::to_json(record), "round trip") == record);
  return 0;
}
