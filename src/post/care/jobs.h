// Work on a whole store that takes long, and may block: one piece at a time, on a thread of its own, so that no shard
// and no pool waits for it. Who ordered it looks at it again and again; what nobody has looked at for kAlone is given
// up, because whoever ordered it has gone.
//
// One for the process; any thread. Each call takes a lock for one look (docs/decisions/0007-short-locks.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "post/care/repair.h"
#include "store/backup.h"

namespace chappe::post {

// What a backup takes beside the store.
struct Beside {
  std::vector<store::BackupExtra> files;
  std::shared_ptr<void> held;  // what the paths need to stay
  bool configuration = false;  // a server's is among them
};

struct BackupOrder {
  std::string destination;
  std::uint32_t keep = 0;  // generations that stay; 0: all
};

struct BackupNews {
  std::string generation;
  store::BackupProgress progress;
  bool configuration = false;  // a server can start from it
};

struct RepairNews {
  std::string aside;         // the folder of what was taken away
  std::uint64_t faults = 0;  // found
  std::uint64_t taken = 0;   // rows and letters that went there
  std::uint64_t left = 0;    // faults that could not be mended
};

struct JobNews {
  std::variant<VerifyCounts, BackupNews, RepairNews> state = {};
  std::vector<Finding> findings = {};  // behind those that were told already; kPage at most
  bool more = false;                   // of them are there now
  bool ended = false;
  std::optional<Error> error = {};  // once it has ended
};

class Jobs {
 public:
  // Called on a job's thread; may block.
  using BesideStore = std::function<Result<Beside>()>;

  // All but `beside` must outlive it.
  Jobs(store::Store& store, store::Commit& commit, Clock& clock, BesideStore beside);
  ~Jobs();  // gives up what runs, and waits for its end
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Begin; the job's number. Errors: busy (another one runs).
  Result<std::uint64_t> verify(VerifyOptions options);
  Result<std::uint64_t> backup(BackupOrder order);
  // `aside`: a folder for what is taken away, made when it is needed; it gets files that are not there yet.
  Result<std::uint64_t> repair(std::string aside);
  // `after`: how many findings are known already. Errors: not_found (another one was begun since).
  Result<JobNews> look(std::uint64_t job, std::size_t after);

  static constexpr Duration kAlone = std::chrono::minutes(1);
  static constexpr std::size_t kFindings = 10'000;  // that are told; all are counted
  static constexpr std::size_t kPage = 500;

 private:
  struct State;
  using Work = std::function<Result<void>(State& state)>;
  Result<std::uint64_t> start(decltype(JobNews::state) state, Work work);

  store::Store& store_;
  store::Commit& commit_;
  Clock& clock_;
  const BesideStore beside_;
  std::unique_ptr<State> state_;
};

}  // namespace chappe::post
