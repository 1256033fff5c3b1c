// One connection: a descriptor, and TLS over it once that is started. Belongs to the shard whose coroutine uses it, and
// can be moved to another. One reader and one writer at a time. Nothing here blocks; every wait has a deadline.
//
// An idle connection holds no buffer: read() waits until there is something, then takes one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "crypto/tls.h"
#include "net/endpoint.h"
#include "net/shard.h"

struct ssl_st;

namespace chappe::net {

// What is worth telling about a TLS session, in logs and in Received (RFC 8314 §4.3).
struct TlsFacts {
  std::string version;  // "TLSv1.3"
  std::string cipher;   // "TLS_AES_256_GCM_SHA384"
  std::string name;     // what the client called us (SNI); may be empty
  bool resumed = false;
};

// The process at the other end of a Unix-domain socket, as it was when it connected.
struct UnixPeer {
  unsigned uid = 0;
  unsigned gid = 0;
  int pid = 0;
};

class Stream {
 public:
  // Adopts a connected, non-blocking descriptor. On the thread of `shard`.
  Stream(Shard& shard, int fd, Endpoint peer, Endpoint local);
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  // Opens a TCP connection.
  static Task<Result<Stream>> connect(Endpoint to, Deadline deadline);
  // Opens a connection to a Unix-domain socket, of any length of path; waits while its queue is full. Its peer() is no
  // address. Errc::unavailable: nobody listens; denied; io; config.
  static Task<Result<Stream>> connect_unix(std::string path, Deadline deadline);

  // What has arrived, up to one buffer; an empty chunk when the peer has closed. Errc::closed when the connection
  // broke.
  Task<Result<Chunk>> read(Deadline deadline);
  // Until read() would find something, or `other` has happened. True: there is something to read.
  Task<Result<bool>> readable_or(Event& other, Deadline deadline);
  // Sends all of `bytes`. After an error some of them may have been sent, and the connection is of no more use.
  Task<Result<void>> write(ChunkList bytes, Deadline deadline);
  Task<Result<void>> write(Bytes bytes, Deadline deadline);

  // The TLS handshake, as the server or as the client. `name`: whom we mean to reach (SNI; checked if the context
  // verifies). Errc::closed with OpenSSL's reason when it fails.
  Task<Result<TlsFacts>> accept_tls(std::shared_ptr<const crypto::TlsServer> server, Deadline deadline);
  Task<Result<TlsFacts>> connect_tls(std::shared_ptr<const crypto::TlsClient> client, std::string name,
                                     Deadline deadline);
  bool tls() const { return ssl_ != nullptr; }
  // What the server showed in connect_tls(), in PEM; nothing says that it was checked. Errc::not_found.
  Result<std::string> peer_certificate() const;

  // Says goodbye (TLS close_notify, then FIN), and takes in for a moment what the peer still sends, so that our last
  // words are not lost to a reset.
  Task<void> shutdown(Deadline deadline);
  // Closes at once.
  void close();

  // Goes on in another shard, coroutine, descriptor and TLS session together. No other task may use the stream then.
  Task<void> move_to(Shard& shard);

  const Endpoint& peer() const { return peer_; }
  const Endpoint& local() const { return local_; }
  // Of a Unix-domain connection. Errc::denied for any other.
  Result<UnixPeer> unix_peer() const;
  // Bytes received and sent, before TLS.
  std::uint64_t received() const { return received_; }
  std::uint64_t sent() const { return sent_; }

 private:
  enum class Want : std::uint8_t { none, read, write };
  Task<Result<TlsFacts>> handshake(bool server, Deadline deadline);
  Task<Result<void>> wait(Want want, Deadline deadline);
  // After an SSL call that returned `code`: what it waits for; none: the connection is over.
  Want wanted(int code) const;
  bool buffered() const;

  Shard* shard_;
  int fd_ = -1;
  std::optional<FdWatch> watch_;
  ssl_st* ssl_ = nullptr;
  std::shared_ptr<const void> tls_context_;  // outlives ssl_
  Endpoint peer_, local_;
  std::uint64_t received_ = 0, sent_ = 0;
};

}  // namespace chappe::net
