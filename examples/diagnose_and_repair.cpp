// Opens a trained model, says why it behaves in evaluation as it does, and repairs it.
//   diagnose_and_repair RUN DATA       diagnose_and_repair runs/lenet strokes:test
#include <evenkeel/evenkeel.h>
#include <cstdio>

int main(int argc, char** argv) try {
  if (argc != 3) return std::fputs("diagnose_and_repair RUN DATA\n", stderr), 2;
  const evenkeel::Dataset data = evenkeel::load_dataset(argv[2], evenkeel::Split::test);
  const evenkeel::LoadedNetwork loaded = evenkeel::load_network(argv[1]);
  const evenkeel::Diagnosis diagnosis = evenkeel::diagnose(*loaded.network, {.data = data});
  std::fputs(doctor_text(describe(diagnosis, {.model = argv[1], .data = argv[2]})).c_str(), stdout);
  const evenkeel::Repaired repaired = evenkeel::repair(*loaded.network, data, {.fix = "re-estimate"});
  if (!repaired.scores) return 0;
  std::printf("loss %.3f, repaired %.3f\n", repaired.scores->before.loss, repaired.scores->after.loss);
  return repaired.scores->after.loss < repaired.scores->before.loss ? 0 : 1;
} catch (const evenkeel::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 2;
}
