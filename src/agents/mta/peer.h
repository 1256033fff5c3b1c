// One connection to another server, and the SMTP that is spoken on it: opened, secured as far as the other side can,
// used for one letter after another, closed. Belongs to one coroutine on one shard.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agents/mta/counts.h"
#include "crypto/certificate.h"
#include "net/stream.h"
#include "proto/smtp/client.h"

namespace chappe::agents::mta {

// How long things may take (RFC 5321 §4.5.3.2; shorter where waiting serves nobody).
struct PeerTimes {
  Duration connect = std::chrono::seconds(30);
  Duration greeting = std::chrono::minutes(5);    // §4.5.3.2.1
  Duration handshake = std::chrono::minutes(1);   // of TLS
  Duration command = std::chrono::minutes(5);     // §4.5.3.2.2 and 3: for each reply
  Duration stretch = std::chrono::minutes(3);     // §4.5.3.2.5: for one piece of the letter
  Duration final_dot = std::chrono::minutes(10);  // §4.5.3.2.6
  Duration quit = std::chrono::seconds(2);
};

enum class PeerTls : std::uint8_t {
  offered,       // taken where it is offered, done without where it fails (RFC 7435)
  off_loopback,  // insisted on, but on the loopback
  always,
};

struct PeerOptions {
  std::string hostname;  // what we call ourselves
  std::shared_ptr<const crypto::TlsClient> tls;
  PeerTimes times;
  PeerTls wanted = PeerTls::offered;
  bool lmtp = false;                                             // RFC 2033
  std::size_t reply = proto::smtp::ReplyParser::Limits().reply;  // the most octets of one reply
  Counts* counts = nullptr;                                      // of connections that carry letters
};

class Peer {
 public:
  // Connects to one of `addresses` of `host`, hears its greeting, says EHLO, and starts TLS where it is offered. Where
  // it is not insisted on, a handshake that fails is tried once more without TLS, on another connection: encryption
  // without authentication is better than none, and none is better than no letter (RFC 7435). Errors: those of
  // connecting; unavailable with the other side's words. `until`: for all of it, however slowly the other
  // side goes on.
  static net::Task<Result<std::unique_ptr<Peer>>> open(const PeerOptions* options, std::string host,
                                                       std::vector<net::Endpoint> addresses, net::Deadline until);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Hands over a letter. `read` gives the octets from an offset on, at most some hundred KB of them, until there are
  // none. Gives an answer for each recipient, 421 where the connection was lost before there was one. An error means
  // that it was lost before anybody had an answer: the connection is of no more use and the letter was not taken, as
  // far as we know: closed, timeout, cancelled, or those of `read`.
  using Read = std::function<net::Task<Result<ChunkList>>(std::uint64_t offset, net::Deadline deadline)>;
  net::Task<Result<std::vector<proto::smtp::Answer>>> send(proto::smtp::Envelope envelope, Read read,
                                                           net::Deadline until);

  // What would be said to an envelope (proto/smtp/client.h: ask): to the sender, if there is no recipient, else to the
  // first one. Errors: closed, timeout, cancelled; invalid and unsupported leave the connection as it is.
  net::Task<Result<proto::smtp::Answer>> ask(proto::smtp::Envelope envelope, net::Deadline until);

  // An exchange of AUTH: begin with the one, go on with the other, until there is no challenge. Errors: closed,
  // timeout, cancelled; unsupported: a mechanism that is not offered.
  struct Auth {
    std::optional<Bytes> challenge;  // decoded; nothing: it is over
    proto::smtp::Answer answer;      // then: 235, or why not
  };
  net::Task<Result<Auth>> auth(std::string mechanism, std::optional<Bytes> initial, net::Deadline until);
  net::Task<Result<Auth>> respond(Bytes response, net::Deadline until);

  // Says QUIT and closes.
  net::Task<void> quit();

  const std::string& host() const { return host_; }
  const net::Endpoint& at() const { return stream_.peer(); }
  // "TLSv1.3 TLS_AES_256_GCM_SHA384", or "none".
  const std::string& tls() const { return tls_; }
  // The greeting, and the whole reply to the last EHLO, as the other side sent them: untrusted.
  const std::string& greeting() const { return machine_.greeting(); }
  const std::string& hello_words() const { return machine_.hello_words(); }
  // What it showed in the handshake. Errc::not_found without TLS.
  Result<crypto::CertificateFacts> certificate() const;
  // What it offers, as its last EHLO reply said.
  const proto::smtp::Extensions& offers() const { return machine_.extensions(); }
  // Letters handed over so far, and questions asked.
  std::size_t letters() const { return letters_; }

 private:
  Peer(const PeerOptions* options, std::string host, net::Stream stream, net::Deadline until);
  bool needs_tls() const;
  net::Task<Result<void>> greet(bool with_tls);
  net::Task<Result<proto::smtp::ClientEvent>> advance(Duration span);
  net::Task<Result<Auth>> auth_goes_on();
  net::Task<Result<void>> flush(net::Deadline deadline);
  // The error of waiting for so long for `what`, in words that a postmaster understands.
  static std::unexpected<Error> in_vain(Error error, Duration span, std::string_view what);

  const PeerOptions& options_;
  std::string host_;
  net::Stream stream_;
  net::Deadline until_;
  proto::smtp::ClientMachine machine_;
  std::string tls_ = "none";
  bool tls_failed_ = false;
  std::size_t letters_ = 0;
};

}  // namespace chappe::agents::mta
