#include "net/stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "net/connect.h"

namespace chappe::net {
namespace {

std::unexpected<Error> broken(const char* doing, int error) {
  return fail(Errc::closed, "{}: {}", doing, std::strerror(error));
}

// How many handshakes may begin in one turn of a shard: each costs a signature, and the letters of others wait.
constexpr int kHandshakesPerTurn = 4;
thread_local int t_handshakes = 0;

// How long, and for how much, a closing connection still takes in what the peer sends.
constexpr Duration kLinger = std::chrono::seconds(1);
constexpr std::size_t kLingerBytes = 1 << 20;

}  // namespace

Stream::Stream(Shard& shard, int fd, Endpoint peer, Endpoint local)
    : shard_(&shard), fd_(fd), watch_(std::in_place, shard, fd), peer_(peer), local_(local) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Stream::~Stream() { close(); }

Stream::Stream(Stream&& o) noexcept
    : shard_(o.shard_),
      fd_(std::exchange(o.fd_, -1)),
      watch_(std::move(o.watch_)),
      ssl_(std::exchange(o.ssl_, nullptr)),
      tls_context_(std::move(o.tls_context_)),
      peer_(o.peer_),
      local_(o.local_),
      received_(o.received_),
      sent_(o.sent_) {
  o.watch_.reset();
}

Stream& Stream::operator=(Stream&& o) noexcept {
  if (this != &o) {
    this->~Stream();
    new (this) Stream(std::move(o));
  }
  return *this;
}

void Stream::close() {
  if (ssl_) SSL_free(std::exchange(ssl_, nullptr));
  watch_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Task<Result<Stream>> Stream::connect(Endpoint to, Deadline deadline) {
  co_return co_await connect_from(std::nullopt, to, deadline);
}

Task<Result<void>> Stream::wait(Want want, Deadline deadline) {
  if (fd_ < 0) co_return fail(Errc::closed, "the connection is closed");
  Event& ready = want == Want::read ? watch_->readable() : watch_->writable();
  co_return co_await ready.wait(deadline);
}

Stream::Want Stream::wanted(int code) const {
  switch (SSL_get_error(ssl_, code)) {
    case SSL_ERROR_WANT_READ:
      return Want::read;
    case SSL_ERROR_WANT_WRITE:
      return Want::write;
    default:
      return Want::none;
  }
}

bool Stream::buffered() const { return ssl_ && SSL_has_pending(ssl_); }

Task<Result<Chunk>> Stream::read(Deadline deadline) {
  Want want = buffered() ? Want::none : Want::read;
  for (;;) {
    if (want != Want::none) CO_TRY(co_await wait(want, deadline));
    if (fd_ < 0) co_return fail(Errc::closed, "the connection is closed");
    Buffer* buffer = Buffer::make();
    Chunk holder(buffer, 0, buffer->capacity());
    if (!ssl_) {
      const ssize_t n = ::recv(fd_, buffer->data(), buffer->capacity(), 0);
      if (n >= 0) {
        received_ += static_cast<std::uint64_t>(n);
        co_return holder.slice(0, static_cast<std::size_t>(n));
      }
      if (errno != EAGAIN && errno != EINTR) co_return broken("reading", errno);
      want = Want::read;
      continue;
    }
    ERR_clear_error();  // the queue is shared by all connections of the thread
    errno = 0;
    const int n = SSL_read(ssl_, buffer->data(), static_cast<int>(buffer->capacity()));
    if (n > 0) {
      received_ += static_cast<std::uint64_t>(n);
      co_return holder.slice(0, static_cast<std::size_t>(n));
    }
    want = wanted(n);
    if (want == Want::none) {
      if (SSL_get_error(ssl_, n) == SSL_ERROR_ZERO_RETURN) co_return Chunk();
      co_return fail(Errc::closed, "reading: {}", errno ? std::strerror(errno) : crypto::tls_error());
    }
  }
}

Task<Result<bool>> Stream::readable_or(Event& other, Deadline deadline) {
  if (buffered()) co_return true;
  if (fd_ < 0) co_return fail(Errc::closed, "the connection is closed");
  Event& ready = watch_->readable();
  CO_TRY(co_await either(ready, other, deadline));
  co_return ready.is_set();
}

Task<Result<void>> Stream::write(Bytes bytes, Deadline deadline) {
  co_return co_await write(ChunkList(bytes), deadline);
}

Task<Result<void>> Stream::write(ChunkList bytes, Deadline deadline) {
  if (fd_ < 0) co_return fail(Errc::closed, "the connection is closed");
  const auto& chunks = bytes.chunks();
  std::size_t index = 0, offset = 0;  // what is sent already
  int turns = 0;
  while (index < chunks.size()) {
    std::size_t n = 0;
    if (!ssl_) {
      std::array<iovec, 64> parts;
      std::size_t count = 0;
      for (std::size_t i = index; i < chunks.size() && count < parts.size(); ++i) {
        const ByteView v = chunks[i].view().substr(i == index ? offset : 0);
        parts[count++] = {const_cast<char*>(v.data()), v.size()};
      }
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = count;
      const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return broken("writing", errno);
        CO_TRY(co_await wait(Want::write, deadline));
        continue;
      }
      n = static_cast<std::size_t>(sent);
    } else {
      const ByteView v = chunks[index].view().substr(offset);
      ERR_clear_error();
      const int sent = SSL_write(ssl_, v.data(), static_cast<int>(std::min<std::size_t>(v.size(), 1 << 20)));
      if (sent <= 0) {
        const Want want = wanted(sent);
        if (want == Want::none) co_return fail(Errc::closed, "writing: {}", crypto::tls_error());
        CO_TRY(co_await wait(want, deadline));
        continue;
      }
      n = static_cast<std::size_t>(sent);
    }
    sent_ += n;
    while (index < chunks.size() && n >= chunks[index].size() - offset) {
      n -= chunks[index].size() - offset;
      offset = 0;
      ++index;
    }
    offset += n;
    if (++turns % 16 == 0) co_await yield();  // a fast peer must not keep the shard
  }
  co_return Result<void>();
}

Task<Result<TlsFacts>> Stream::accept_tls(std::shared_ptr<const crypto::TlsServer> server, Deadline deadline) {
  if (ssl_) co_return fail(Errc::bug, "TLS is running already");
  ssl_ = SSL_new(server->context());
  tls_context_ = std::move(server);
  SSL_set_fd(ssl_, fd_);
  SSL_set_accept_state(ssl_);
  co_return co_await handshake(true, deadline);
}

Task<Result<TlsFacts>> Stream::connect_tls(std::shared_ptr<const crypto::TlsClient> client, std::string name,
                                           Deadline deadline) {
  if (ssl_) co_return fail(Errc::bug, "TLS is running already");
  ssl_ = SSL_new(client->context());
  if (!name.empty()) {
    SSL_set_tlsext_host_name(ssl_, name.c_str());
    if (client->verifies()) SSL_set1_host(ssl_, name.c_str());
  }
  tls_context_ = std::move(client);
  SSL_set_fd(ssl_, fd_);
  SSL_set_connect_state(ssl_);
  co_return co_await handshake(false, deadline);
}

Result<std::string> Stream::peer_certificate() const {
  X509* shown = ssl_ ? SSL_get0_peer_certificate(ssl_) : nullptr;
  if (!shown) return fail(Errc::not_found, "{} has shown no certificate", peer_.describe());
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  char* text = nullptr;
  if (!out || PEM_write_bio_X509(out.get(), shown) != 1) return fail(Errc::io, "{}", crypto::tls_error());
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

Task<Result<TlsFacts>> Stream::handshake(bool server, Deadline deadline) {
  if (fd_ < 0) co_return fail(Errc::closed, "the connection is closed");
  for (;;) {
    if (server) {
      while (t_handshakes >= kHandshakesPerTurn) {
        co_await yield();
        t_handshakes = 0;
      }
      ++t_handshakes;
    }
    ERR_clear_error();
    const int n = SSL_do_handshake(ssl_);
    if (n == 1) break;
    const Want want = wanted(n);
    if (want == Want::none) {
      std::string why = crypto::tls_error();
      close();
      co_return fail(Errc::closed, "TLS handshake: {}", why);
    }
    CO_TRY(co_await wait(want, deadline));
  }
  TlsFacts facts;
  facts.version = SSL_get_version(ssl_);
  facts.cipher = SSL_get_cipher_name(ssl_);
  if (const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name)) facts.name = name;
  facts.resumed = SSL_session_reused(ssl_) == 1;
  co_return facts;
}

Task<void> Stream::shutdown(Deadline deadline) {
  if (fd_ < 0) co_return;
  if (ssl_ && SSL_is_init_finished(ssl_)) {
    ERR_clear_error();
    const int n = SSL_shutdown(ssl_);
    if (n < 0 && wanted(n) == Want::write && co_await wait(Want::write, deadline)) SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_WR);
  // Closing with unread bytes resets the connection, and the peer would never read our last words.
  const Deadline linger = deadline.at_most(kLinger);
  std::array<char, 4096> scrap;
  for (std::size_t drained = 0; drained < kLingerBytes;) {
    const ssize_t n = ::recv(fd_, scrap.data(), scrap.size(), 0);
    if (n > 0) {
      drained += static_cast<std::size_t>(n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR) || !co_await wait(Want::read, linger)) {
      break;
    }
  }
  close();
}

Task<void> Stream::move_to(Shard& shard) {
  if (&shard == shard_) co_return;
  watch_.reset();
  co_await switch_to(shard);
  shard_ = &shard;
  if (fd_ >= 0) watch_.emplace(shard, fd_);
}

}  // namespace chappe::net
