#include "evenkeel/train/schedules/constant.h"

namespace evenkeel {

void ConstantSchedule::describe(Fields<ConstantSchedule>& fields) { describe_warmup(fields); }

double rate_of(const ConstantSchedule&, double base, const SchedulePosition&) { return base; }

}  // namespace evenkeel
