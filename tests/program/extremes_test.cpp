#include "evenkeel/program/probes/extremes.h"

#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/probes/moments.h"
#include "tests/program/session.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// y = -x, its extremes probed.
struct Probed : Session {
  Probed() {
    program.set_label("l");
    const Value y = program.emit_one(ops::ScaleOffset(-1, 0), {input("x", {2, 2})}, "y");
    probe_extremes(program, y);
    probe_moments(program, y);
  }
  void see(const std::vector<float>& values) {
    const Tensor x = floats({2, 2}, values);
    bind("x", x);
    go();
  }
};

TEST(ExtremesProbe, SeesEveryRun) {
  Probed run;
  run.see({1, 2, 3, -4});
  run.see({0, 0, -5, 0});
  const ChannelExtremes seen = read_extremes(run.store, "l/y");
  EXPECT_EQ(seen.count, 4);
  EXPECT_EQ(seen.smallest, (std::vector<double>{-3, -2}));
  EXPECT_EQ(seen.largest, (std::vector<double>{5, 4}));
}

TEST(ExtremesProbe, StartsAnewAfterAReset) {
  Probed run;
  run.see({1, 2, 3, -4});
  reset_probes(run.store);
  run.see({7, 7, 7, 7});
  EXPECT_EQ(read_extremes(run.store, "l/y").largest, (std::vector<double>{-7, -7}));
}

TEST(ExtremesProbe, LeavesTheMomentsOfTheSameValueAlone) {
  Probed run;
  run.see({1, 2, 3, -4});
  EXPECT_EQ(read_moments(run.store, "l/y").mean, (std::vector<double>{-2, 1}));
}

TEST(ExtremesProbe, RefusesToReadAValueThatIsNotProbed) {
  EXPECT_SAYS(error_of([] { read_extremes(Store(), "l/y"); }), "l/y");
}

TEST(ExtremesProbe, RunsInDoubleToo) {
  Session run(DType::float64);
  const Value x = run.input("x", {2, 1});
  probe_extremes(run.program, x);
  const std::vector<double> values{0.1, -0.1};
  const Tensor tensor = Tensor::of<double>({2, 1}, values);
  run.bind("x", tensor);
  run.go();
  EXPECT_EQ(read_extremes(run.store, "x").smallest[0], -0.1);
}

}  // namespace
}  // namespace evenkeel
