#include "evenkeel/interchange/onnx/patterns.h"
#include "evenkeel/interchange/onnx/patterns/families.h"

namespace evenkeel::interchange::onnx {

void recognise(Graph& graph, Record& record) {
  Rewriting rewriting(graph, record);
  // What nothing reads would keep others from being alone.
  rewriting.each([&](Node& node) { rewriting.remove_unread(node); });
  recognise_noise(rewriting);
  recognise_means(rewriting);
  recognise_activations(rewriting);
  recognise_softmax(rewriting);
  recognise_normalizations(rewriting);
  recognise_group_normalizations(rewriting);
  recognise_batch_normalizations(rewriting);
  recognise_rearrangements(rewriting);
  note_squeeze_and_excitation(rewriting);
}

}  // namespace evenkeel::interchange::onnx
