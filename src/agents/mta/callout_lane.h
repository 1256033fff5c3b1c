// The questions of one shard to the mda (callout.h): answers that are remembered, questions that are under way, and the
// connections that they are asked on. Lives on that shard. Everything it starts ends with its Cancel; join() waits for
// that.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agents/mta/callout.h"

namespace chappe::agents::mta {

struct Question {
  std::string key;    // questions with the same key are the same
  std::string group;  // of the questions that one answer may settle together; empty: none
  // Whether an answer is about the whole group.
  bool (*is_of_group)(const proto::smtp::Reply&) = nullptr;
  bool kept = true;  // false: who asks remembers the answer
  proto::smtp::Envelope envelope;
};

struct CalloutCounts {
  explicit CalloutCounts(Metrics& metrics);
  Counter& remembered;  // answered from memory
  Counter& joined;      // answered together with another that was under way
  Counter& asked;       // answered by the mda
  Counter& stale;       // answered from memory because the mda gave no answer
  Counter& unanswered;
};

struct CalloutParts {
  dns::Resolver& resolver;
  Clock& clock;
  Log& log;
  CalloutCounts counts;
  NextHop mda;
  PeerOptions peer;
  CalloutLimits limits;
};

class CalloutLane {
 public:
  using Sender = net::OneShot<proto::smtp::Reply>::Sender;

  CalloutLane(const CalloutParts* parts, net::Cancel* cancel) : parts_(*parts), cancel_(*cancel) {}

  // The reply of the mda; or Errc::unavailable, Errc::busy.
  void take(Question question, Sender to);
  net::Task<void> join() { return tasks_.join(); }

 private:
  struct Known {
    std::string key;
    proto::smtp::Reply reply;
    Steady when;
  };
  using Answers = std::list<Known>;  // what was asked for last stands last

  // The answer to the question, or to its group, while it may be believed. `without_mda`: longer.
  const Known* find(const Question& question, bool without_mda);
  bool believed(const Known& known, bool without_mda) const;
  void remember(const Question& question, const proto::smtp::Reply& reply);
  net::Task<void> answer(Question question);
  net::Task<Result<proto::smtp::Reply>> put(const Question* question, net::Deadline deadline);
  // A connection; `fresh`: one that was not kept.
  net::Task<Result<std::unique_ptr<Peer>>> connection(bool fresh, net::Deadline deadline);
  void give_back(std::unique_ptr<Peer> peer);

  const CalloutParts& parts_;
  net::Cancel& cancel_;
  Answers answers_;
  std::map<std::string_view, Answers::iterator> by_key_;
  std::map<std::string, std::vector<Sender>> waiting_;  // by the key of the question that is under way
  std::vector<std::unique_ptr<Peer>> idle_;
  std::size_t open_ = 0;  // connections, idle ones too
  net::Event free_;       // a connection, or room for one
  Steady closed_until_;
  std::string why_;  // the mda could not be reached
  net::Scope tasks_;
};

}  // namespace chappe::agents::mta
