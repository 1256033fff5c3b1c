// A milter's hearing of one SMTP connection. Internal to agents/milter; belongs to the session, on its shard.
#pragma once

#include <memory>
#include <optional>

#include "agents/milter/milter.h"

namespace chappe::agents::milter {

class Hearing final : public post::Hearing {
 public:
  explicit Hearing(std::shared_ptr<Milter::State> state) : state_(std::move(state)) {}

  using Said = Result<post::Opinion>;
  net::Task<Said> connect(post::ConnectionFacts facts, net::Deadline deadline) override;
  net::Task<Said> hello(post::HelloFacts facts, net::Deadline deadline) override;
  net::Task<Said> mail(post::MailFacts facts, net::Deadline deadline) override;
  net::Task<Said> rcpt(post::RcptFacts facts, net::Deadline deadline) override;
  net::Task<Said> data(net::Deadline deadline) override;
  net::Task<Said> header(post::HeaderOctets octets, net::Deadline deadline) override;
  net::Task<Said> body(ChunkList octets, net::Deadline deadline) override;
  net::Task<Said> end(net::Deadline deadline) override;
  net::Task<void> abort(net::Deadline deadline) override;
  net::Task<void> close(net::Deadline deadline) override;

 private:
  // The machine's operation, and what came of it; after an error the connection is given up.
  net::Task<Said> carry(Duration silence, net::Deadline deadline);
  // The same, told to the breaker.
  net::Task<Said> run(Duration silence, net::Deadline deadline);
  // A connection that knows of the client, as far as we do.
  net::Task<Said> begin(net::Deadline deadline);
  net::Task<Said> introduce(net::Deadline deadline);
  void say_hello();
  std::unexpected<Error> no_link() const;

  std::shared_ptr<Milter::State> state_;
  std::unique_ptr<Link> link_;
  post::ConnectionFacts client_;
  std::optional<post::HelloFacts> hello_;
};

}  // namespace chappe::agents::milter
