// A milter as a Judge (post/policy/judge.h): it is told of each letter while that arrives, over a connection to another
// process, in the language of proto/milter. One Milter for each that is configured; serves the whole process, from any
// shard, where each SMTP session that it hears runs. Nothing blocks.
//
// A connection serves one SMTP session, then waits for another (QUIT_NC) as far as the milter knows how. When it fails
// in the middle, the session's next letter begins with a new one, which is told again who the client is. A milter that
// fails several times in a row is left alone for a moment: meanwhile its settings say what becomes of letters.
#pragma once

#include <memory>
#include <string>

#include "agents/milter/address.h"
#include "agents/milter/breaker.h"
#include "agents/milter/link.h"
#include "agents/milter/pool.h"
#include "base/log.h"
#include "net/shard.h"
#include "post/policy/judge.h"

namespace chappe::agents {

struct MilterOptions {
  std::string name;  // "opendkim"
  milter::Address address;
  post::JudgeSettings settings;  // of the judge; its times bound those below, however often the milter says it works
  milter::Times times;
  milter::Pool::Limits pool;
  milter::Breaker::Limits breaker;
};

class Milter final : public post::Judge {
 public:
  // Services of the process; all must outlive the Milter, its hearings, and what runs on the shards.
  struct Parts {
    net::Shards& shards;
    Clock& clock;
    Log& log;
    Metrics& metrics;
  };
  struct State;

  Milter(Parts parts, MilterOptions options);
  ~Milter() override;

  std::string_view name() const override;
  const post::JudgeSettings& settings() const override;
  std::unique_ptr<post::Hearing> hear() override;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace chappe::agents
