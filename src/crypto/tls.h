// TLS contexts: what a server shows and accepts, and what a client believes. Built from files, immutable afterwards,
// shared by all shards; a reload builds a new one and leaves running sessions with the old. Loading reads files and
// blocks. TLS 1.2 and 1.3 only (RFC 8996, RFC 9325); streams are in net/stream.h.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;

namespace chappe::crypto {

struct CertificateFiles {
  std::string certificate;  // PEM: the certificate, then its chain
  std::string key;          // PEM
};

// What session tickets are sealed with (RFC 5077 §4). Kept across reloads, so that sessions can be resumed; made at
// start, so that they cannot be read later.
class TicketKeys {
 public:
  TicketKeys();
  const std::array<unsigned char, 80>& bytes() const { return bytes_; }

 private:
  std::array<unsigned char, 80> bytes_;
};

class TlsServer {
 public:
  // The first certificate is shown to clients that name no host, or one that nothing is known about (RFC 6066 §3).
  // Errc::config names the file that cannot be used, and why.
  static Result<std::shared_ptr<const TlsServer>> load(const std::vector<CertificateFiles>& files,
                                                       const TicketKeys& tickets);
  ~TlsServer();

  ssl_ctx_st* context() const { return hosts_.front().context; }

 private:
  struct Host {
    std::vector<std::string> names;  // lower case; "*.example.org" stands for one label
    ssl_ctx_st* context = nullptr;
  };
  TlsServer() = default;
  ssl_ctx_st* choose(std::string_view name) const;
  friend int choose_by_name(void* ssl, void* server);

  std::vector<Host> hosts_;
};

class TlsClient {
 public:
  // Opportunistic: whoever answers is taken (RFC 7435). With a file: only who shows a chain to a certificate in it.
  static Result<std::shared_ptr<const TlsClient>> opportunistic();
  static Result<std::shared_ptr<const TlsClient>> trusting(const std::string& ca_file);
  ~TlsClient();

  ssl_ctx_st* context() const { return context_; }
  bool verifies() const { return verifies_; }

 private:
  TlsClient(ssl_ctx_st* context, bool verifies) : context_(context), verifies_(verifies) {}
  ssl_ctx_st* context_;
  bool verifies_;
};

// The first error in OpenSSL's queue of this thread, as text; empties the queue.
std::string tls_error();

}  // namespace chappe::crypto
