// The reply parser under any octets, cut by the first one; and the writer: what it writes, the parser reads.

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/smtp/reply.h"

namespace {

using namespace chappe;
using namespace chappe::proto::smtp;
using fuzz::check;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView s = fuzz::view(data, size).substr(1);
  ReplyParser parser({.line = 600, .reply = 5000});
  bool failed = false;
  for (fuzz::Pieces pieces(s, data[0]); !pieces.done();) {
    ByteView part = pieces.next();
    while (!part.empty()) {
      const auto complete = parser.feed(part);
      check(!failed || !complete);
      failed |= !complete;
      if (!complete) break;
      if (*complete) {
        check(parser.reply().code >= 200 && parser.reply().code < 600);
        check(parser.words().size() <= 5000);
      }
    }
  }
  Bytes wire;
  append_reply(wire, 250, (data[0] & 1) != 0 ? "2.1.5" : "", s);
  ReplyParser own({.line = kMaxReplyLine, .reply = wire.size() + 1});
  ByteView rest = wire;
  const auto complete = own.feed(rest);
  check(complete && *complete && rest.empty());
  for (std::size_t at = 0, end = 0; at < wire.size(); at = end + 2) {
    end = wire.find("\r\n", at);
    check(end + 2 - at <= kMaxReplyLine);  // RFC 5321 §4.5.3.1.5
  }
  return 0;
}
