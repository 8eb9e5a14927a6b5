#include "evenkeel/train/optimizers/adam.h"

namespace evenkeel {

void Adam::describe(Fields<Adam>& fields) {
  describe_optimizer(fields, [](Fields<Adam>& own) {
    own.add("beta_1", &Adam::beta_1, "weight of the old first moment", kFraction)
        .add("beta_2", &Adam::beta_2, "weight of the old second moment", kFraction)
        .add("epsilon", &Adam::epsilon, "added to the root of the second moment", kPositive);
  });
}

void emit_update(const Adam& adam, const UpdateTarget& target) {
  target.emit(ops::AdamUpdate(adam.beta_1, adam.beta_2, adam.epsilon, target.options),
              {target.slot("adam/m"), target.slot("adam/v")});
}

}  // namespace evenkeel
