#include "evenkeel/data/pack.h"

#include "commands.h"
#include "common.h"
#include "evenkeel/data/reading_report_json.h"
#include "interruption.h"
#include "progress.h"

namespace evenkeel::app {
namespace {

struct PackArguments {
  Shared shared;
  std::string spec, out, shard_size = "256M";
  bool no_shuffle = false;
  std::uint64_t seed = 0;
};

Json packed_as_json(const PackArguments& a, const Packed& packed) {
  Json shards = Json::array(), channels = Json::array();
  for (const ShardIndex::Shard& shard : packed.index.shards)
    shards.push_back({{"file", shard.file}, {"bytes", shard.bytes}, {"samples", shard.samples.size()}});
  for (const ChannelStatistics& c : packed.index.channels)
    channels.push_back({{"mean", c.mean}, {"variance", c.variance}});
  return {{"folder", a.out},
          {"samples", packed.index.samples()},
          {"class_names", packed.index.class_names},
          {"samples_per_class", packed.index.per_class},
          {"channels", channels},
          {"shards", shards},
          {"reading", evenkeel::json_of(packed.report)}};
}

int run_pack(const PackArguments& a) {
  const auto files = find_images(a.spec, true);
  if (!files)
    throw Error{{.where = "evenkeel data pack", .expected = "a folder of images, or shards", .received = a.spec}};
  const Interruption interruption;
  const auto draw = evaluation_progress("packing", a.shared.quiet);
  const Packed packed = pack_images(*files, a.out,
                                    {.shard_bytes = bytes_from("--shard-size", a.shard_size),
                                     .shuffle = !a.no_shuffle,
                                     .seed = a.seed,
                                     .skip_bad = a.shared.skip_bad_images,
                                     .progress = [&](std::int64_t done, std::int64_t of) {
                                       if (draw) draw(done, of);
                                       return !interruption.requested();
                                     }});
  if (packed.stopped) {
    say(a.shared, "interrupted; nothing was written to {}", a.out);
    return kInterrupted;
  }
  if (packed.report.is_remarkable())
    for (const auto& [title, text] : text_of(packed.report)) say(a.shared, "{}: {:<11}  {}", a.spec, title, text);
  if (a.shared.json)
    print_json(packed_as_json(a, packed));
  else
    print("{} images of {} classes are in {} shards in {}\n", with_commas(packed.index.samples()),
          packed.index.per_class.size(), packed.index.shards.size(), a.out);
  return kDone;
}

}  // namespace

void add_pack(CLI::App& data, Command& chosen) {
  const auto a = std::make_shared<PackArguments>();
  CLI::App& pack =
      add_command(data, "pack", "Writes images as shards: tar archives in WebDataset's convention, with an index.",
                  "  evenkeel data pack photos/ --out shards/\n"
                  "  evenkeel data pack photos/ --out shards/ --shard-size 1G --skip-bad-images");
  pack.add_option("SPEC", a->spec, "an image folder")->required()->option_text(" ");
  pack.add_option("--out", a->out, "the folder to make")->option_text("DIR (required)")->required();
  pack.add_option("--shard-size", a->shard_size, "bytes of a shard at most; default 256M")->option_text("SIZE");
  pack.add_flag("--no-shuffle", a->no_shuffle, "keep the order of the files: class after class");
  pack.add_option("--seed", a->seed, "of the order of the samples; default 0")->option_text("N");
  pack.add_flag("--skip-bad-images", a->shared.skip_bad_images, "leave out files that are no image, and list them");
  add_output_flags(pack, a->shared);
  pack.callback([a, &chosen] { chosen = [a] { return run_pack(*a); }; });
}

}  // namespace evenkeel::app
