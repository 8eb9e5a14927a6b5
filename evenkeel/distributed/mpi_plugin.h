#pragma once

#include <cstddef>
#include <cstdint>

// What the program and a plug-in for one MPI say to each other: plain C, so that the plug-in may be built by another
// compiler, on another day, against the MPI of a cluster. A plug-in is libevenkeel_mpi.so with the function
// evenkeel_mpi_open.

extern "C" {

/// Raised when anything below changes.
#define EVENKEEL_MPI_ABI 1u

enum evenkeel_mpi_type { evenkeel_mpi_float32 = 0, evenkeel_mpi_float64 = 1 };

/// The processes, connected. Functions return 0, or an error number that error_text explains.
struct evenkeel_mpi {
  std::uint32_t abi;  ///< EVENKEEL_MPI_ABI
  int rank, size;
  const char* library;  ///< "Open MPI 4.1.4"
  const char* host;     ///< of this process
  int (*sum)(void* values, std::size_t count, int type);
  int (*start_sum)(void* values, std::size_t count, int type);
  int (*finish_sums)();
  int (*broadcast)(void* bytes, std::size_t count);
  int (*gather)(const void* own, std::size_t count, void* all);
  int (*barrier)();
  void (*abort)(int code);
  void (*close)();
  const char* (*error_text)(int error);
};

/// Connects this process with the others that were started together. Null, with *error set, if that fails.
typedef const evenkeel_mpi* (*evenkeel_mpi_open_function)(const char** error);
}
