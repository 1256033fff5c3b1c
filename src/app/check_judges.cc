// The checks of the milters that are to hear letters: whether somebody answers at their addresses.
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agents/milter/address.h"
#include "app/check.h"
#include "net/acceptor.h"

namespace chappe::app {
namespace {

constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};

Result<void> answers(const net::Endpoint& at) {
  const int fd = ::socket(at.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Errc::io, "{}", std::strerror(errno));
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  const int done = ::connect(fd, at.raw(), at.raw_size());
  const int error = done == 0 ? 0 : errno;
  ::close(fd);
  if (error != 0) return fail(Errc::unavailable, "{}", std::strerror(error));
  return {};
}

Result<void> answers(const agents::milter::Address& address) {
  if (!address.path.empty()) {
    const int fd = TRY(net::connect_unix(address.path));
    ::close(fd);
    return {};
  }
  Result<void> last;
  for (const net::Endpoint& at : address.endpoints) {
    last = answers(at);
    if (last) return {};
  }
  return last;
}

}  // namespace

void check_judges(CheckList& out, const Config& config) {
  for (const JudgeRow& row : config.judges) {
    const auto address = agents::milter::Address::parse(row.address.text);
    if (const auto met = address ? answers(*address) : std::unexpected(address.error()); met) {
      out.add(Health::ok, "judge", {"{} answers at {}", "{} répond à {}"}, row.name, row.address.text);
    } else if (row.without == WithoutJudge::defer) {
      out.add(Health::warning, "judge",
              {"{} does not answer at {} ({}): letters are deferred until it does",
               "{} ne répond pas à {} ({}) : les lettres sont remises à plus tard jusque-là"},
              row.name, row.address.text, met.error().text());
    } else {
      out.add(Health::warning, "judge",
              {"{} does not answer at {} ({}): letters go on without it",
               "{} ne répond pas à {} ({}) : les lettres continuent sans lui"},
              row.name, row.address.text, met.error().text());
    }
  }
}

}  // namespace chappe::app
