#include "dns/exchange.h"

#include "net/datagram.h"
#include "net/stream.h"

namespace chappe::dns {
namespace {

constexpr Duration kTry = std::chrono::seconds(2);

bool belongs(const Message& answer, const Message& query) {
  return answer.header.response && answer.header.id == query.header.id &&
         (answer.question == query.question || !answer.question);
}

net::Task<Result<Exchanged>> over_udp(net::Endpoint server, Message query, net::Deadline deadline) {
  auto socket = CO_TRY(net::DatagramSocket::connect(server));
  for (;;) {
    CO_TRY(co_await socket.send(write_message(query), std::nullopt, deadline));
    const net::Deadline again = deadline.at_most(kTry);
    for (;;) {
      const auto got = co_await socket.receive(again);
      if (!got && got.error().code() == Errc::timeout && !deadline.passed()) break;
      if (!got) co_return std::unexpected(got.error());
      auto message = parse_message(got->octets);
      if (message && belongs(*message, query)) co_return Exchanged{std::move(*message), false, got->octets.size()};
    }
  }
}

net::Task<Result<Exchanged>> over_tcp(net::Endpoint server, Message query, net::Deadline deadline) {
  auto stream = CO_TRY(co_await net::Stream::connect(server, deadline));
  const Bytes question = write_message(query);
  Bytes framed{static_cast<char>(question.size() >> 8), static_cast<char>(question.size())};
  CO_TRY(co_await stream.write(framed + question, deadline));
  Bytes in;
  for (;;) {
    if (in.size() >= 2) {
      const std::size_t size = static_cast<unsigned char>(in[0]) << 8 | static_cast<unsigned char>(in[1]);
      if (in.size() >= 2 + size) {
        Message message = CO_TRY(parse_message(ByteView(in).substr(2, size)));
        if (!belongs(message, query)) co_return fail(Errc::invalid, "the answer belongs to another question");
        co_return Exchanged{std::move(message), true, size};
      }
    }
    const Chunk chunk = CO_TRY(co_await stream.read(deadline));
    if (chunk.empty()) co_return fail(Errc::unavailable, "{} closed the connection", server.describe());
    in += chunk.view();
  }
}

}  // namespace

net::Task<Result<Exchanged>> exchange(net::Endpoint server, Message query, Random& random, net::Deadline deadline) {
  query.header.id = static_cast<std::uint16_t>(random.u64());
  auto answer = co_await over_udp(server, query, deadline);
  if (!answer || !answer->message.header.truncated) co_return answer;
  query.header.id = static_cast<std::uint16_t>(random.u64());
  co_return co_await over_tcp(server, std::move(query), deadline);
}

// Connecting a datagram socket asks the routing table and sends nothing.
bool NetExchange::reaches(const net::Endpoint& server) { return net::DatagramSocket::connect(server).has_value(); }

net::Task<Result<Exchanged>> NetExchange::ask(net::Endpoint server, Message query, net::Deadline deadline) {
  co_return co_await exchange(server, std::move(query), random_, deadline);
}

}  // namespace chappe::dns
