#pragma once

namespace evenkeel::app {

/// Starts this program anew, once, with the same arguments and a shorter spin of OpenMP's waiting threads, unless
/// the user's environment says how they wait (OMP_WAIT_POLICY, GOMP_SPINCOUNT). Returns where that is so or fails.
///
/// GCC's OpenMP spins for 300,000 rounds before a waiting thread sleeps: some 15 ms, more than the system's time slice.
/// On a machine where others work too, it spins away the time of the very thread that it waits for, at each op of a
/// step (docs/performance.md has the measurement). It reads its setting once, when it is loaded, so only an environment
/// that is there before the process can change it.
void wait_briefly(char** command_line);

}  // namespace evenkeel::app
