// A program of the operator's that is given octets on its standard input and answers on its standard output, within
// limits that it cannot leave: time, memory, octets in and out. It may be broken or be fed what breaks it; whatever it
// does, run_child() ends in time and leaves nothing behind.
//
// The program has an environment of PATH and LANG alone, no descriptor but the three standard ones (what it says on
// standard error is thrown away), no file that it could fill, a session of its own, no privileges to gain, and the
// niceness of the thread that called. When it ends, or a limit is met, all that it has started in its session is
// killed. Only a process that leaves the session outlives it, without its standard input and with the same limits on
// memory and processor time. RLIMIT_NPROC is not among them: it counts what else its user runs, which is this server.
//
// Blocks: never on a shard. Any thread; many at a time if need be. Linux.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace chappe::post::search {

struct ChildLimits {
  Duration time = std::chrono::seconds(10);
  std::uint64_t input = 32 * 1024 * 1024;    // octets
  std::uint64_t output = 1024 * 1024;        // octets
  std::uint64_t memory = 512 * 1024 * 1024;  // octets of its address space
};

enum class ChildEnd : std::uint8_t {
  ok,         // it ended with status 0
  cut,        // it wrote more than it may; the output is what was wanted of it
  failed,     // it could not be started, ended with another status, or by a signal
  timeout,    // killed
  too_large,  // killed: there was more input than it may have
};
inline constexpr std::size_t kChildEnds = 5;
std::string_view child_end_name(ChildEnd end);

struct ChildOutcome {
  ChildEnd end = ChildEnd::failed;
  Bytes output;     // of ok and cut
  std::string how;  // of failed, for the log: "ended with status 1"
};

// Appends the next octets of the input to `piece`; false: there are no more.
using ChildInput = std::function<Result<bool>(Bytes& piece)>;

// `command`: an absolute path and its arguments. The input is asked for in pieces, when the program has read what there
// was; one that ends without reading it all is none the worse. That the system has no process to give is a
// failure of the program. Errors: cancelled, once `stop` is true; those of `input`.
Result<ChildOutcome> run_child(const std::vector<std::string>& command, const ChildLimits& limits,
                               const ChildInput& input, const std::atomic<bool>& stop);

}  // namespace chappe::post::search
