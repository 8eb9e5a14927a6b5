#include "evenkeel/kernels/kernel_list.h"

#include <string>

#include "evenkeel/base/error.h"

namespace evenkeel::kernels {

void throw_unserved(const KernelRequest& request) {
  throw Error{{.kind = Error::internal,
               .where = "kernels",
               .received = "no implementation for elements of type " + std::string(name_of(element_of(request)))}};
}

}  // namespace evenkeel::kernels
