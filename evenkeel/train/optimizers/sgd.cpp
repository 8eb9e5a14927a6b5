#include "evenkeel/train/optimizers/sgd.h"

namespace evenkeel {

void SGD::describe(Fields<SGD>& fields) {
  describe_optimizer(fields, [](Fields<SGD>& own) {
    own.add("momentum", &SGD::momentum, "weight of the old velocity", kFraction)
        .add("nesterov", &SGD::nesterov, "look ahead along the velocity (Nesterov's momentum)");
  });
}

void SGD::check() const {
  if (nesterov && momentum == 0)
    throw Error{{.where = "\"nesterov\"", .expected = "a \"momentum\" with it", .received = "0"}};
}

void emit_update(const SGD& sgd, const UpdateTarget& target) {
  const Value velocity = sgd.momentum == 0 ? Value() : target.slot("sgd/velocity");
  target.emit(ops::SgdUpdate(sgd.momentum, sgd.nesterov, target.options), {velocity});
}

}  // namespace evenkeel
