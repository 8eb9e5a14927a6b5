// The plug-in for one MPI: this file, compiled against that MPI alone (CMakeLists.txt beside it). The program loads it
// at run time (launch.h), so that it has no dependency on MPI itself.

#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "evenkeel/distributed/mpi_plugin.h"

namespace {

constexpr std::size_t kMost = std::size_t{1} << 30;  ///< elements of one call, whose count is an int

/// Sums that go on while the program computes have a communicator of their own: they may meet others in any order.
MPI_Comm direct = MPI_COMM_NULL, beside = MPI_COMM_NULL;
std::vector<MPI_Request> started;
evenkeel_mpi opened;
std::string library, host;

MPI_Datatype datatype(int type) { return type == evenkeel_mpi_float32 ? MPI_FLOAT : MPI_DOUBLE; }
std::size_t bytes(int type) { return type == evenkeel_mpi_float32 ? sizeof(float) : sizeof(double); }

/// call(pointer, count) for pieces whose counts are ints.
template <class Call>
int in_pieces(void* values, std::size_t count, std::size_t size, Call call) {
  auto* at = static_cast<char*>(values);
  for (std::size_t done = 0; done < count;) {
    const std::size_t piece = std::min(kMost, count - done);
    if (const int error = call(at + done * size, static_cast<int>(piece)); error != MPI_SUCCESS) return error;
    done += piece;
  }
  return MPI_SUCCESS;
}

/// MPI moves messages only while it is called.
int progress() {
  if (started.empty()) return MPI_SUCCESS;
  int done = 0;
  return MPI_Testall(static_cast<int>(started.size()), started.data(), &done, MPI_STATUSES_IGNORE);
}

int sum(void* values, std::size_t count, int type) {
  const int error = in_pieces(values, count, bytes(type), [&](void* at, int n) {
    return MPI_Allreduce(MPI_IN_PLACE, at, n, datatype(type), MPI_SUM, direct);
  });
  return error != MPI_SUCCESS ? error : progress();
}

int start_sum(void* values, std::size_t count, int type) {
  const int error = in_pieces(values, count, bytes(type), [&](void* at, int n) {
    started.emplace_back();
    return MPI_Iallreduce(MPI_IN_PLACE, at, n, datatype(type), MPI_SUM, beside, &started.back());
  });
  return error != MPI_SUCCESS ? error : progress();
}

int finish_sums() {
  const int error = MPI_Waitall(static_cast<int>(started.size()), started.data(), MPI_STATUSES_IGNORE);
  started.clear();
  return error;
}

int broadcast(void* data, std::size_t count) {
  return in_pieces(data, count, 1, [](void* at, int n) { return MPI_Bcast(at, n, MPI_BYTE, 0, direct); });
}

int gather(const void* own, std::size_t count, void* all) {
  const int n = static_cast<int>(std::min(count, kMost));  // texts and figures: never so many
  return MPI_Gather(own, n, MPI_BYTE, all, n, MPI_BYTE, 0, direct);
}

int barrier() { return MPI_Barrier(direct); }

void abort_all(int code) {
  std::fflush(nullptr);
  MPI_Abort(MPI_COMM_WORLD, code);
}

void close_all() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized != 0) return;
  finish_sums();
  MPI_Finalize();
}

const char* error_text(int error) {
  static char text[MPI_MAX_ERROR_STRING + 1];
  int length = 0;
  if (MPI_Error_string(error, text, &length) != MPI_SUCCESS) return "an unknown error";
  text[length] = 0;
  return text;
}

/// "Open MPI v4.1.4" of its first line.
std::string library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING + 1] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  std::string version(text, static_cast<std::size_t>(length));
  version = version.substr(0, version.find_first_of(",\n"));
  std::replace(version.begin(), version.end(), '\t', ' ');
  return version;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const evenkeel_mpi* evenkeel_mpi_open(const char** error) {
  int given = 0, initialized = 0;
  MPI_Initialized(&initialized);
  if (initialized == 0 && MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given) != MPI_SUCCESS) {
    *error = "MPI_Init_thread failed";
    return nullptr;
  }
  if (MPI_Comm_dup(MPI_COMM_WORLD, &direct) != MPI_SUCCESS || MPI_Comm_dup(MPI_COMM_WORLD, &beside) != MPI_SUCCESS) {
    *error = "MPI_Comm_dup failed";
    return nullptr;
  }
  MPI_Comm_set_errhandler(direct, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(beside, MPI_ERRORS_RETURN);
  char name[MPI_MAX_PROCESSOR_NAME + 1] = {};
  int length = 0, rank = 0, size = 1;
  MPI_Get_processor_name(name, &length);
  MPI_Comm_rank(direct, &rank);
  MPI_Comm_size(direct, &size);
  host.assign(name, static_cast<std::size_t>(length));
  library = library_version();
  opened = {EVENKEEL_MPI_ABI, rank,      size,   library.c_str(), host.c_str(), sum,       start_sum,
            finish_sums,      broadcast, gather, barrier,         abort_all,    close_all, error_text};
  return &opened;
}
