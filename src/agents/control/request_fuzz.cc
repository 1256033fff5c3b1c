#include <cstdint>
#include <cstdlib>

#include "agents/control/request.h"

using namespace chappe;
using namespace chappe::agents::control;

namespace {

// All lines of `text`, fed in pieces of `piece` octets; a last "!" stands for a line over the limit.
std::vector<Bytes> lines(ByteView text, std::size_t piece, std::size_t limit) {
  std::vector<Bytes> out;
  LineReader reader(limit);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.feed(text.substr(at, piece));
    for (;;) {
      auto line = reader.next();
      if (!line) {
        out.push_back("!");
        return out;
      }
      if (!*line) break;
      if ((*line)->size() > limit) std::abort();
      out.push_back(std::move(**line));
    }
  }
  return out;
}

}  // namespace

// However the octets arrive, the lines are the same; and whatever a line holds, its answer is one line that parses.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView text(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t kLimit = 300;
  const auto whole = lines(text, size + 1, kLimit);
  if (size < 4096 && lines(text, 1, kLimit) != whole) std::abort();
  if (lines(text, 7, kLimit) != whole) std::abort();

  for (const Bytes& line : whole) {
    std::string id = "null";
    const auto request = parse_request(line, id);
    const std::string reply = request ? result_line(id, "{}") : error_line(id, request.error());
    if (reply.find('\n') != reply.size() - 1 || !codec::json::parse(reply)) std::abort();
    if (request && request->id != id) std::abort();
  }
  return 0;
}
